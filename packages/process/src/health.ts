import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type HealthState = "ok" | "starting" | "failing";
export type HealthPart = { readonly state: HealthState; readonly detail?: string };
export type Health = {
  /** Says how one part is; the last word counts. */
  set(part: string, state: HealthState, detail?: string): void;
  snapshot(): { readonly live: boolean; readonly ready: boolean; readonly parts: { readonly [part: string]: HealthPart } };
  /** False when restarting the process may help: the part named `process` fails. Losing a dependency is no such reason. */
  live(): boolean;
  /** True when every part is ok, and at least one is known: an unknown state is not ready. */
  ready(): boolean;
};

/** What a process knows of its own parts. A part named `process` that fails makes it not live; all others only make it not ready. */
export function createHealth(): Health {
  const parts = new Map<string, HealthPart>();
  const live = () => parts.get("process")?.state !== "failing";
  const ready = () => parts.size > 0 && [...parts.values()].every((part) => part.state === "ok");
  return {
    set(part, state, detail) {
      parts.set(part, detail === undefined ? { state } : { state, detail });
    },
    snapshot: () => ({ live: live(), ready: ready(), parts: Object.fromEntries(parts) }),
    live,
    ready,
  };
}

/** Serves `GET /healthz` (200 live, 503 not) and `GET /readyz` with the parts as JSON. Port 0 picks a free one. */
export async function serveHealth(
  health: Health,
  address: { host: string; port: number },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    const known = request.method === "GET" && (path === "/healthz" || path === "/readyz");
    const good = path === "/healthz" ? health.live() : health.ready();
    response.writeHead(known ? (good ? 200 : 503) : 404, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(known ? JSON.stringify(health.snapshot()) : "{}");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
