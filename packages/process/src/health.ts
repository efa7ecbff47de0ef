import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "./metrics.ts";

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

/**
 * Serves `GET /healthz` (200 live, 503 not) and `GET /readyz` with the parts as JSON, and `GET /metrics` when there are any (503 when they
 * cannot be gathered). `refresh` looks at the parts anew before it is said whether the process is ready. Port 0 picks a free one.
 */
export async function serveHealth(
  health: Health,
  address: { host: string; port: number },
  { metrics, refresh = async () => undefined }: { metrics?: Metrics; refresh?: () => Promise<void> } = {},
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const answer = async (path: string | undefined): Promise<{ status: number; type: string; body: string }> => {
    const state = (good: boolean) => ({ status: good ? 200 : 503, type: "application/json", body: JSON.stringify(health.snapshot()) });
    if (path === "/healthz") return state(health.live());
    if (path === "/metrics" && metrics) return { status: 200, type: metrics.contentType, body: await metrics.metrics() };
    if (path !== "/readyz") return { status: 404, type: "application/json", body: "{}" };
    await refresh();
    return state(health.ready());
  };
  const server = createServer(async (request, response) => {
    const path = request.method === "GET" ? request.url?.split("?")[0] : undefined;
    const { status, type, body } = await answer(path).catch((error: Error) => ({ status: 503, type: "text/plain", body: error.message }));
    response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
    response.end(body);
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
