import { expect, test } from "vitest";
import { openTestKernel, type TestKernel } from "../../seed/test-kernel.ts";
import { addToOutbox, deliverOutbox, type OutboxDelivery } from "./outbox.ts";

async function add(kernel: TestKernel, key: string, payload: unknown): Promise<void> {
  const message = { tenantId: kernel.acme.id, topic: "draft.saved", key, payload };
  await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) => addToOutbox(tx, message));
}

async function makeDue(kernel: TestKernel): Promise<void> {
  await kernel.fastDatabase.asSystem((tx) => tx.query("update outbox_events set available_at = now() where delivered_at is null"));
}

test("an event is delivered when its transaction committed, and never when it was rolled back", async () => {
  await using kernel = await openTestKernel();
  const heard: unknown[] = [];
  const listen = async (event: OutboxDelivery) => {
    heard.push(event.payload);
  };
  await add(kernel, "a", { n: 1 });
  const rolledBack = kernel.fastDatabase.inTenant(kernel.acme.id, async (tx) => {
    await addToOutbox(tx, { tenantId: kernel.acme.id, topic: "draft.saved", key: "a", payload: { n: 2 } });
    throw new Error("no");
  });
  await expect(rolledBack).rejects.toThrow("no");
  expect(await deliverOutbox(kernel.fastDatabase, listen)).toBe(1);
  expect(await deliverOutbox(kernel.fastDatabase, listen)).toBe(0);
  expect(heard).toEqual([{ n: 1 }]);
});

test("a listener that fails hears the event again, and events of one key keep their order meanwhile", async () => {
  await using kernel = await openTestKernel();
  await add(kernel, "a", 1);
  await add(kernel, "a", 2);
  await add(kernel, "b", 3);
  const heard: unknown[] = [];
  let failing = true;
  const listen = async (event: OutboxDelivery) => {
    if (event.payload === 1 && failing) throw new Error("not yet");
    heard.push(event.payload);
  };
  await deliverOutbox(kernel.fastDatabase, listen);
  await deliverOutbox(kernel.fastDatabase, listen);
  expect(heard).toEqual([3]);
  const { rows } = await kernel.fastDatabase.asSystem((tx) =>
    tx.query("select attempts, last_error from outbox_events where payload = '1' and available_at > now()"),
  );
  expect(rows).toEqual([{ attempts: 1, last_error: "not yet" }]);
  failing = false;
  await makeDue(kernel);
  while ((await deliverOutbox(kernel.fastDatabase, listen)) > 0);
  expect(heard).toEqual([3, 1, 2]);
});

test("an event whose deliverer dies before the commit is delivered again", async () => {
  await using kernel = await openTestKernel();
  await add(kernel, "a", "once more");
  const heard: unknown[] = [];
  const dying = {
    ...kernel.fastDatabase,
    asSystem: <T>(work: Parameters<typeof kernel.fastDatabase.asSystem<T>>[0]) =>
      kernel.fastDatabase.asSystem<T>(async (tx) => {
        await work(tx);
        throw new Error("killed");
      }),
  };
  const listen = async (event: OutboxDelivery) => {
    heard.push(event.payload);
  };
  await expect(deliverOutbox(dying, listen)).rejects.toThrow("killed");
  await deliverOutbox(kernel.fastDatabase, listen);
  expect(heard).toEqual(["once more", "once more"]);
});

test("two deliverers share the work: nobody waits and nothing is heard twice", async () => {
  await using kernel = await openTestKernel();
  for (let n = 0; n < 40; n += 1) await add(kernel, `key-${n}`, n);
  const heard: unknown[] = [];
  const listen = async (event: OutboxDelivery) => {
    heard.push(event.payload);
  };
  await Promise.all([1, 2, 3].map(() => deliverOutbox(kernel.fastDatabase, listen, { batch: 15 })));
  while ((await deliverOutbox(kernel.fastDatabase, listen)) > 0);
  expect(heard.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 40 }, (_, n) => n));
});
