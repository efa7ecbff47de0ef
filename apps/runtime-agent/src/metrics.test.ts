import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { createHostMetrics } from "./metrics.ts";
import type { PoolAccounts } from "./pool/pool.ts";

const accounts: PoolAccounts = {
  launched: 7,
  warm: 2,
  running: 1,
  destroying: 0,
  destroyed: 4,
  leaked: 0,
  crashed: 1,
  launchFailures: 3,
  warmHits: 5,
  warmMisses: 2,
  handOutMsP50: 6,
  handOutMsP99: null,
};

test("a host tells its accounts as they stand at each look; what was never measured is not told", async () => {
  const { registry, watchPool, watchHost } = createHostMetrics();
  let now = accounts;
  watchPool(() => now);
  watchHost(() => ({ slots: 4, busy: 1, linked: true }));
  const figure = async (name: string) =>
    new RegExp(`^agent_factory_${name}\\{app="runtime-agent"\\} (\\S+)$`, "m").exec(await registry.metrics())?.[1];
  expect(await figure("sandboxes_warm")).toBe("2");
  expect(await figure("hand_outs_warm_total")).toBe("5");
  expect(await figure("hand_outs_cold_total")).toBe("2");
  expect(await figure("hand_out_p50_seconds")).toBe("0.006");
  expect(await figure("hand_out_p99_seconds")).toBeUndefined();
  expect([await figure("slots"), await figure("slots_busy"), await figure("gateway_linked")]).toEqual(["4", "1", "1"]);
  now = { ...accounts, warm: 0, warmHits: 8, handOutMsP99: 14 };
  expect(await figure("sandboxes_warm")).toBe("0");
  expect(await figure("hand_outs_warm_total")).toBe("8");
  expect(await figure("hand_out_p99_seconds")).toBe("0.014");
});

test("everything that a host tells of its own stands in the guide", () => {
  const { registry, watchPool, watchHost } = createHostMetrics();
  watchPool(() => accounts);
  watchHost(() => ({ slots: 4, busy: 1, linked: true }));
  const guide = readFileSync(path.resolve(import.meta.dirname, "../../../docs/METRICS.md"), "utf8");
  const own = registry.getMetricsAsArray().flatMap(({ name }) => (name.startsWith("agent_factory_") ? [name] : []));
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter((name) => !new RegExp(`\\b${name}\\b`).test(guide))).toEqual([]);
});
