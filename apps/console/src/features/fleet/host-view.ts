import type { AppRouter } from "@agent-factory/bff/api";
import type { inferRouterOutputs } from "@trpc/server";

export type FleetOverview = inferRouterOutputs<AppRouter>["fleet"]["list"];
export type Host = FleetOverview["hosts"][number];

/** The pools of a host as one: slots and warm sandboxes add up; a latency is the worst of its pools; null: nothing measured yet. */
export type WarmPool = {
  readonly warm: number;
  readonly warmTarget: number;
  readonly hits: number;
  readonly starts: number;
  readonly handOutMsP50: number | null;
  readonly handOutMsP99: number | null;
};

export function poolOf(host: Host): WarmPool | null {
  const levels = host.pool.levels ?? [];
  if (levels.length === 0) return null;
  const worst = (values: (number | null)[]) =>
    values.reduce<number | null>((max, value) => (value === null ? max : Math.max(max ?? 0, value)), null);
  const sum = (pick: (level: (typeof levels)[number]) => number) => levels.reduce((total, level) => total + pick(level), 0);
  return {
    warm: sum((level) => level.warm),
    warmTarget: sum((level) => level.warmTarget),
    hits: sum((level) => level.warmHits),
    starts: sum((level) => level.warmHits + level.warmMisses),
    handOutMsP50: worst(levels.map((level) => level.handOutMsP50)),
    handOutMsP99: worst(levels.map((level) => level.handOutMsP99)),
  };
}

export function isRevoked(host: Host): boolean {
  return host.revokedAt !== null;
}

/** What is not enforced on a host, by name of the property. */
export function unheld(host: Host): string[] {
  return host.proof?.properties.filter((property) => !property.held).map((property) => property.name) ?? [];
}

/** `a=b, c=d` as labels; a part that is not of that form is the answer instead. */
export function parseLabels(text: string): { labels: Record<string, string> } | { wrong: string } {
  const labels: Record<string, string> = {};
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") continue;
    const [, key, value] = /^([^\s=]{1,63})=([^\s=]{1,63})$/.exec(part) ?? [];
    if (key === undefined || value === undefined) return { wrong: part };
    labels[key] = value;
  }
  return { labels };
}

export const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
