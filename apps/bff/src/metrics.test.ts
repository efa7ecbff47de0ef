import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { createRegistryMetrics } from "./metrics.ts";

const guide = readFileSync(path.resolve(import.meta.dirname, "../../../docs/METRICS.md"), "utf8");

test("everything that the registry tells of its own stands in the guide", () => {
  const metrics = createRegistryMetrics();
  metrics.watchLinks(() => 0);
  metrics.watchLedger({ read: () => Promise.reject(new Error("nobody looks")) });
  const names = metrics.registry.getMetricsAsArray().map(({ name }) => name);
  const own = names.filter((name) => /^(agent_factory|http)_/.test(name));
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter((name) => !guide.includes(name))).toEqual([]);
});

test("one look at the ledger serves all figures, and the next look is a new one", async () => {
  const { registry, watchLedger } = createRegistryMetrics();
  let looks = 0;
  watchLedger({
    read: async () => {
      looks += 1;
      return {
        runsQueued: looks,
        runsHeld: 2,
        oldestQueuedSeconds: 1.5,
        hosts: looks === 1 ? { ready: 2, revoked: 1 } : { ready: 2 },
        rollouts: { running: 1 },
        outcomesWaiting: 0,
        eventsWaiting: 0,
        auditWaiting: 0,
      };
    },
  });
  const first = await registry.metrics();
  expect(looks).toBe(1);
  expect(first).toContain('agent_factory_runs_queued{app="registry"} 1');
  expect(first).toContain('agent_factory_hosts{state="revoked",app="registry"} 1');
  const second = await registry.metrics();
  expect(looks).toBe(2);
  expect(second).toContain('agent_factory_runs_queued{app="registry"} 2');
  expect(second).not.toContain("revoked");
});
