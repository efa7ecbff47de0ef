import { verifyBundle } from "@agent-factory/gate";
import { PUBLICATION_TYPE } from "@agent-factory/gate/statement";
import { expect, test } from "vitest";
import type { TestTenant } from "../../seed/test-kernel.ts";
import { systemActor } from "../actor.ts";
import type { AttestInput } from "./attestations.ts";
import { openTestSigning, publication, START, signer, type TestSigning } from "./test-signing.ts";

const DAY_MS = 24 * 60 * 60_000;
const loop = systemActor("key-rotation");

async function verdictOf(t: TestSigning, tenant: TestTenant, input: AttestInput, bundleDigest: string) {
  const trust = { ...(await t.signing.trust([tenant.id])), revoked: [] };
  const subject = { name: input.subjectName, digest: input.subjectDigest };
  const demands = { tenantId: tenant.id, predicateType: PUBLICATION_TYPE, subject, now: t.clock.now() };
  return verifyBundle(await t.bundle(tenant, bundleDigest), demands, trust);
}

const statesOf = async (t: TestSigning, tenant: TestTenant) =>
  (await t.signing.keys(tenant.as("editor"))).items.map(({ state }) => state).toReversed();

test("keys rotate by the calendar, a loop does what is due and nothing twice, and old signatures keep verifying", async () => {
  await using t = await openTestSigning();
  const { acme, globex } = t.kernel;
  const first = publication(acme, "1.0.0");
  const { bundleDigest } = await t.signing.attest(signer(acme), first);
  await t.signing.rotate(globex.as("admin"));
  expect(await t.signing.rotateDue(loop)).toBe(0);
  t.clock.advance(25 * DAY_MS);
  expect(await t.signing.rotateDue(loop)).toBe(2);
  expect(await t.signing.rotateDue(loop)).toBe(0);
  expect(await statesOf(t, acme)).toEqual(["active", "announced"]);
  // Announced means known to verifiers before it signs.
  expect((await t.signing.trust([acme.id])).keys).toHaveLength(2);
  t.clock.advance(5 * DAY_MS);
  await t.signing.rotateDue(loop);
  expect(await statesOf(t, acme)).toEqual(["retiring", "active"]);
  expect(await statesOf(t, globex)).toEqual(["retiring", "active"]);
  const second = publication(acme, "1.1.0");
  const later = await t.signing.attest(signer(acme), second);
  t.clock.advance(2 * 60 * 60_000);
  await t.signing.rotateDue(loop);
  expect(await statesOf(t, acme)).toEqual(["retired", "active"]);
  const { rows } = await t.kernel.fastDatabase.inTenant(acme.id, (tx) =>
    tx.query<{ sealed: unknown }>("select sealed_private_key as sealed from signing_keys where state = 'retired'"),
  );
  expect(rows).toEqual([{ sealed: { erased: true } }]);
  expect((await verdictOf(t, acme, first, bundleDigest)).refusedBy).toBeNull();
  expect((await verdictOf(t, acme, second, later.bundleDigest)).refusedBy).toBeNull();
  const { items, nextRotationAt, rotationDays } = await t.signing.keys(acme.as("reviewer"));
  expect(items.map(({ signatures }) => signatures)).toEqual([1, 1]);
  expect([nextRotationAt, rotationDays]).toEqual([new Date(Math.floor(START.getTime() / 1000) * 1000 + 60 * DAY_MS).toISOString(), 30]);
});

test("rotations at the same time, of people, loops and first signatures, leave one active key", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  const other = await t.reopen();
  await Promise.all(
    ["1.0.0", "1.0.1", "1.0.2", "1.0.3"].map((semver, i) => (i % 2 ? other : t.signing).attest(signer(acme), publication(acme, semver))),
  );
  expect(await statesOf(t, acme)).toEqual(["active"]);
  t.clock.advance(30 * DAY_MS);
  await Promise.all([
    t.signing.rotate(acme.as("admin")),
    other.rotate(acme.as("admin")),
    t.signing.rotateDue(loop),
    other.rotateDue(loop),
    other.attest(signer(acme), publication(acme, "1.1.0")),
  ]);
  const states = await statesOf(t, acme);
  expect(states.filter((state) => state === "active")).toHaveLength(1);
  expect(states.filter((state) => state === "announced").length).toBeLessThanOrEqual(1);
});

test("a signature that a rotation overtook is made anew by the next key, so that none is stored that nobody accepts", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  await t.signing.rotate(acme.as("admin"));
  const input = publication(acme, "2.0.0");
  let overtaken = false;
  const slow = await t.reopen({
    // After the old key has signed and the log has committed, somebody rotates, and the log's second is past the old key's end.
    blobs: {
      ...t.parts.blobs,
      put: async (...args) => {
        if (!overtaken) {
          overtaken = true;
          t.clock.set(new Date(START.getTime() - 5_000));
          await t.signing.rotate(acme.as("admin"));
          t.clock.set(START);
        }
        return t.parts.blobs.put(...args);
      },
    },
  });
  const { bundleDigest, logIndex } = await slow.attest(signer(acme), input);
  expect(logIndex).toBe(1);
  expect((await verdictOf(t, acme, input, bundleDigest)).refusedBy).toBeNull();
  const { items } = await t.signing.keys(acme.as("admin"));
  expect(items.map(({ state, signatures }) => [state, signatures])).toContainEqual(["active", 1]);
});

test("a distrusted key is replaced at once, and what it signed from that moment on is refused, what it signed before is not", async () => {
  await using t = await openTestSigning();
  const { acme, globex } = t.kernel;
  const [before, after] = [publication(acme, "1.0.0"), publication(acme, "1.1.0")];
  const old = await t.signing.attest(signer(acme), before);
  t.clock.advance(60_000);
  const from = t.clock.now();
  t.clock.advance(60_000);
  const young = await t.signing.attest(signer(acme), after);
  const [key] = (await t.signing.keys(acme.as("admin"))).items;
  const keyId = key?.id ?? "";
  const reason = "the laptop was stolen";
  const distrust = (actor: Parameters<typeof t.signing.distrust>[0], moment: Date) =>
    t.signing.distrust(actor, { keyId, from: moment, reason });
  await expect(distrust(globex.as("admin"), from)).rejects.toMatchObject({ code: "signing.key-missing" });
  await expect(distrust(acme.as("operator"), from)).rejects.toMatchObject({ code: "access.denied" });
  await expect(distrust(acme.as("admin"), new Date(t.clock.now().getTime() + 1))).rejects.toMatchObject({
    code: "signing.distrust-in-future",
  });
  await distrust(acme.as("admin"), from);
  expect((await t.signing.keys(acme.as("admin"))).items).toMatchObject([
    { state: "active", distrustedFrom: null },
    { id: keyId, state: "retiring", distrustedFrom: from.toISOString(), distrustReason: reason },
  ]);
  expect((await verdictOf(t, acme, before, old.bundleDigest)).refusedBy).toBeNull();
  expect((await verdictOf(t, acme, after, young.bundleDigest)).refusedBy).toBe("key-trusted");
  // A later moment does not give back what was taken; an earlier one takes more.
  await distrust(acme.as("admin"), t.clock.now());
  expect((await t.signing.keys(acme.as("admin"))).items[1]?.distrustedFrom).toBe(from.toISOString());
  await distrust(acme.as("admin"), START);
  expect((await verdictOf(t, acme, before, old.bundleDigest)).refusedBy).toBe("key-trusted");
  const { rows } = await t.kernel.fastDatabase.asSystem((tx) =>
    tx.query("select key, payload->>'reason' as reason from outbox_events where topic = 'key.distrusted' order by id limit 1"),
  );
  expect(rows).toEqual([{ key: keyId, reason }]);
});

test("a key's window that has its end never changes, whatever writes", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  await t.signing.rotate(acme.as("admin"));
  t.clock.advance(60_000);
  await t.signing.rotate(acme.as("admin"));
  const writing = (change: string) =>
    t.kernel.fastDatabase.inTenant(acme.id, (tx) => tx.query(`update signing_keys set ${change} where state = 'retiring'`));
  for (const change of ["not_after = null", "not_after = not_after + interval '1 day'", "not_after = not_after - interval '1 second'"])
    await expect(writing(change), change).rejects.toThrow(/immutable/);
  await writing("not_after = not_after, state = 'retired'");
  expect(await statesOf(t, acme)).toEqual(["retired", "active"]);
});

test("a tenant sees and changes its own keys only, and the system loops never read a private half", async () => {
  await using t = await openTestSigning();
  const { acme, globex } = t.kernel;
  await t.signing.rotate(acme.as("admin"));
  expect((await t.signing.keys(globex.as("admin"))).items).toEqual([]);
  await expect(t.signing.rotate(acme.as("editor"))).rejects.toMatchObject({ code: "access.denied" });
  await expect(t.kernel.fastDatabase.asSystem((tx) => tx.query("select sealed_private_key from signing_keys"))).rejects.toMatchObject({
    code: "42501",
  });
  expect((await t.signing.trust([globex.id])).keys).toEqual([]);
  expect((await t.signing.trust("all")).keys).toHaveLength(1);
});

test("a registry with another key-encryption key says so and replaces no key", async () => {
  await using t = await openTestSigning();
  await t.signing.rotate(t.kernel.acme.as("admin"));
  const { spki } = t.signing.trustRoot();
  await expect(t.reopen({ keyEncryptionKey: Buffer.alloc(32, 7).toString("base64") })).rejects.toMatchObject({ code: "signing.kek-wrong" });
  expect((await t.reopen()).trustRoot().spki).toBe(spki);
  expect(await statesOf(t, t.kernel.acme)).toEqual(["active"]);
});
