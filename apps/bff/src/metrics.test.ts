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
  expect(own.filter((name) => !new RegExp(`\\b${name}\\b`).test(guide))).toEqual([]);
});

test("a ledger that says nothing at all is away, and everything else is told", async () => {
  const { registry, watchLedger } = createRegistryMetrics();
  watchLedger({ read: () => new Promise(() => {}) }, 20);
  const told = await registry.metrics();
  expect(told).toContain('agent_factory_ledger_up{app="registry"} 0');
  expect(told).not.toMatch(/^agent_factory_runs_queued/m);
  expect(told).toMatch(/^process_cpu_seconds_total/m);
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
        hosts: looks === 1 ? { ready: 2, lost: 1 } : { ready: 2 },
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
  expect(first).toContain('agent_factory_hosts{state="lost",app="registry"} 1');
  const second = await registry.metrics();
  expect(looks).toBe(2);
  expect(second).toContain('agent_factory_runs_queued{app="registry"} 2');
  expect(second).not.toContain("lost");
});
