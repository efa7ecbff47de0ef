import { expect, test } from "vitest";
import { openTestRegistry } from "../gateway/test-registry.ts";
import { createVitalsView } from "./vitals.ts";

test("what waits, what is held and who is there is counted over all tenants; a back-off is no waiting, a revoked host is not lost", async () => {
  const now = new Date();
  await using registry = await openTestRegistry({ now });
  const { kernel, runs, fleet } = registry;
  const view = createVitalsView({ fastDatabase: kernel.fastDatabase });
  await registry.publish();
  const before = await view.read();
  expect(before).toMatchObject({ runsQueued: 0, runsHeld: 0, oldestQueuedSeconds: 0, hosts: {}, rollouts: {} });

  const host = await registry.readyHost();
  const gone = await registry.readyHost({ name: "gone", tenantId: kernel.acme.id });
  await fleet.revoke(kernel.acme.as("operator"), { hostId: gone.id });
  const submit = () => runs.submit(kernel.acme.as("operator"), { templateName: "audit", input: "{}" });
  await submit();
  expect(await runs.lease(host, { max: 1 })).toHaveLength(1);
  await submit();
  await submit();
  const { rowCount } = await kernel.fastDatabase.asSystem((tx) =>
    tx.query(`with queued as (select id, row_number() over (order by id) as nth from runs where state = 'queued')
      update runs r set not_before = now() + case when nth = 1 then interval '1 hour' else interval '-90 seconds' end
        from queued where queued.id = r.id`),
  );
  expect(rowCount).toBe(2);
  const { oldestQueuedSeconds, ...vitals } = await view.read();
  expect(vitals).toMatchObject({ runsQueued: 2, runsHeld: 1, hosts: { ready: 1, revoked: 1 } });
  // Submitted a moment ago: it waits since then, and not since before.
  expect(oldestQueuedSeconds).toBeGreaterThan(0);
  expect(oldestQueuedSeconds).toBeLessThan(90);
  expect(vitals.eventsWaiting).toBeGreaterThan(before.eventsWaiting);
  expect(vitals.auditWaiting).toBeGreaterThan(before.auditWaiting);
});
