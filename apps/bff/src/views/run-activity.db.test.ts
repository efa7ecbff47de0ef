import { expect, test } from "vitest";
import { openTestKernel } from "../seed/test-kernel.ts";
import { createRunActivity } from "./run-activity.ts";

const NOW = new Date("2031-11-24T12:34:56Z");

async function open() {
  const kernel = await openTestKernel();
  const submit = (tenantId: string, at: string, state: string, templateName = "one") =>
    kernel.fastDatabase.inTenant(tenantId, (tx) =>
      tx.query(
        `insert into runs (tenant_id, kind, template_id, template_name, driver, manifest_digest, limits, capabilities, state, submitted_by, submitted_by_name, submitted_at)
         values ($1, 'run', uuidv7(), $4, 'noop', 'sha256:0', '{}', '{}', $3::run_state, 'x', 'x', $2)`,
        [tenantId, at, state, templateName],
      ),
    );
  return { kernel, submit, activity: createRunActivity({ access: kernel.access, clock: { now: () => NOW } }) };
}

test("every run counts once, in the bucket of its submission, half-open, of its own tenant", async () => {
  const { kernel, submit, activity } = await open();
  await using _ = kernel;
  const { id } = kernel.acme;
  await submit(id, "2031-11-24T11:59:59.999Z", "succeeded");
  await submit(id, "2031-11-24T12:00:00Z", "failed");
  await submit(id, "2031-11-24T12:00:01Z", "dead");
  await submit(id, "2031-11-24T12:10:00Z", "running", "two");
  await submit(id, "2031-11-23T12:59:59Z", "succeeded"); // just before the span
  await submit(kernel.globex.id, "2031-11-24T12:00:00Z", "cancelled");
  const { bucketMs, buckets } = await activity(kernel.acme.as("manager"), { span: "day" });
  expect(bucketMs).toBe(3_600_000);
  expect(buckets).toHaveLength(24);
  expect(buckets.at(0)?.from).toBe("2031-11-23T13:00:00.000Z");
  expect(buckets.at(-1)).toEqual({ from: "2031-11-24T12:00:00.000Z", counts: { succeeded: 0, failed: 2, cancelled: 0, underWay: 1 } });
  const week = await activity(kernel.acme.as("manager"), { span: "week" });
  const counts = week.buckets.flatMap((bucket) => (bucket.counts ? Object.values(bucket.counts) : []));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5);
  const narrowed = await activity(kernel.acme.as("manager"), { span: "day", templateName: "two" });
  expect(narrowed.buckets.at(-1)?.counts).toEqual({ succeeded: 0, failed: 0, cancelled: 0, underWay: 1 });
});

test("time before the tenant existed is no data, not zero", async () => {
  const { kernel } = await open();
  await using _ = kernel;
  const soon = new Date(Date.now() + 60 * 60_000);
  const { buckets } = await createRunActivity({ access: kernel.access, clock: { now: () => soon } })(kernel.acme.as("manager"), {
    span: "day",
  });
  expect(buckets.at(0)?.counts).toBeNull();
  expect(buckets.at(-1)?.counts).toEqual({ succeeded: 0, failed: 0, cancelled: 0, underWay: 0 });
});
