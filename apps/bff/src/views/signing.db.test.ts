import { readFile } from "node:fs/promises";
import path from "node:path";
import { verifyBundle } from "@agent-factory/gate";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { createPlans, readPlan } from "../domain/rollouts/plans.ts";
import { packDirectory } from "../domain/templates/archive.ts";
import { EXAMPLES_DIR } from "../seed/demo.ts";
import { openTestKernel } from "../seed/test-kernel.ts";
import { approveBy, openTestTemplates, publishReviewed } from "../seed/test-templates.ts";
import { createSigningView } from "./signing.ts";
import { createTemplatesView } from "./templates.ts";

/** A published version of the first tenant, signed or not, and what everybody may read about it. */
async function openPublished({ signed = true }: { signed?: boolean } = {}) {
  const kernel = await openTestKernel();
  const factory = await openTestTemplates(kernel);
  const editor = kernel.acme.as("editor");
  const directory = path.join(EXAMPLES_DIR, "dependency-audit");
  const { digest } = await factory.templates.archives.upload(editor, await packDirectory(directory));
  const manifest = await readFile(path.join(directory, "manifest.yaml"), "utf8");
  const source = manifest.replace(/(\barchive:\s*)sha256:[0-9a-f]{64}/, `$1${digest}`);
  const { draftId, name } = await factory.templates.create(editor, { source });
  const published = await publishReviewed(factory, kernel.acme, draftId, { signed });
  const { access } = kernel;
  return {
    ...factory,
    kernel,
    name,
    published,
    view: createSigningView({ access, signing: factory.signing, blobs: factory.blobs }),
    [Symbol.asyncDispose]: async () => {
      await factory[Symbol.asyncDispose]();
      await kernel[Symbol.asyncDispose]();
    },
  };
}

test("the proof of a published version is verified with what is in the answer, and nothing else", async () => {
  await using t = await openPublished();
  const { acme, globex } = t.kernel;
  const proof = JSON.parse(
    JSON.stringify(await t.view.proof(acme.as("reviewer"), { name: t.name, semver: t.published.semver })),
  ) as Awaited<ReturnType<typeof t.view.proof>>;
  const demands = { tenantId: proof.tenant.id, predicateType: proof.predicateType, subject: proof.subject, now: new Date() };
  const verdict = await verifyBundle(proof.bundle, demands, proof.trust);
  expect(verdict.steps.filter(({ held }) => !held)).toEqual([]);
  expect(proof).toMatchObject({ state: "published", reviewNumber: 1, subject: { digest: t.published.digest }, treeSize: 1 });
  await t.templates.revoke(acme.as("operator"), { name: t.name, semver: t.published.semver, reason: "wrong" });
  const revoked = await t.view.proof(acme.as("reviewer"), { name: t.name, semver: t.published.semver });
  expect(revoked.state).toBe("revoked");
  expect((await verifyBundle(revoked.bundle, demands, revoked.trust)).refusedBy).toBe("not-revoked");
  await expect(t.view.proof(globex.as("admin"), { name: t.name, semver: t.published.semver })).rejects.toMatchObject({
    code: "templates.version-missing",
  });
});

test("a version that waits for its signature has a proof page without a bundle", async () => {
  await using t = await openPublished({ signed: false });
  const proof = await t.view.proof(t.kernel.acme.as("editor"), { name: t.name, semver: t.published.semver });
  expect(proof).toMatchObject({ bundle: null, treeSize: 0, subject: { name: `acme/templates/${t.name}@${t.published.semver}` } });
  expect(proof.checkpoint).toMatch(/^factory\.test - \d+\n0\n/);
});

test("in the log a tenant knows its own entries by name and sees others' as numbers", async () => {
  await using t = await openPublished();
  const { acme, globex } = t.kernel;
  while ((await t.signing.sequenceAudit(systemActor("audit-sequencer"))) > 0);
  const { shard, entries } = await t.view.log(acme.as("editor"), { take: 200 });
  expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: shard.size }, (_, i) => shard.size - 1 - i));
  const signature = entries.find(({ kind }) => kind === "dsse");
  expect(signature?.own).toEqual({
    label: `acme/templates/${t.name}@${t.published.semver}`,
    href: `/templates/${t.name}/versions/${t.published.semver}`,
  });
  expect(entries.filter(({ own }) => own?.href === "/audit").map(({ own }) => own?.label)).toContain("reviews.approve");
  expect(entries.some(({ own }) => own === null)).toBe(true);
  const foreign = await t.view.log(globex.as("editor"), { take: 200 });
  expect(foreign.entries.find(({ index }) => index === signature?.index)).toEqual({ ...signature, own: null });
  expect(JSON.stringify(foreign)).not.toContain(t.name);
  const index = signature?.index ?? 0;
  const entry = await t.view.logEntry(globex.as("editor"), { index });
  expect(entry).toMatchObject({ kind: "dsse", own: null, proof: { index, size: shard.size, root: shard.rootHash } });
  expect(JSON.parse(entry.body)).toMatchObject({ kind: "dsse", apiVersion: "0.0.1" });
  expect((await t.view.log(acme.as("editor"), { before: 5, take: 2 })).entries.map((row) => row.index)).toEqual([4, 3]);
});

test("a tree that was closed stays readable and provable beside the one that grows", async () => {
  await using t = await openPublished();
  const { acme } = t.kernel;
  const reader = acme.as("editor");
  const sequencer = systemActor("audit-sequencer");
  while ((await t.signing.sequenceAudit(sequencer)) > 0);
  const before = await t.view.log(reader, { take: 200 });
  const { treeId, size } = before.shard;
  expect(before.shards).toEqual([{ treeId, origin: before.shard.origin, size, closedAt: null }]);
  await t.signing.log.giveUp(treeId);
  await t.signing.rotate(acme.as("admin"));
  while ((await t.signing.sequenceAudit(sequencer)) > 0);

  const now = await t.view.log(reader, { take: 200 });
  expect(now.shard.treeId).not.toBe(treeId);
  expect(now.shards).toEqual([
    { treeId: now.shard.treeId, origin: now.shard.origin, size: now.shard.size, closedAt: null },
    { treeId, origin: before.shard.origin, size, closedAt: expect.any(String) },
  ]);
  const closed = await t.view.log(reader, { treeId, take: 200 });
  expect([closed.shard, closed.entries]).toEqual([before.shard, before.entries]);
  const entry = await t.view.logEntry(reader, { treeId, index: 0 });
  expect(entry).toMatchObject({ checkpoint: before.shard.checkpoint, shard: { treeId, origin: before.shard.origin } });
  expect(entry.proof).toMatchObject({ index: 0, size, root: before.shard.rootHash });
  const grown = await t.view.consistency(reader, { treeId, first: 1 });
  expect(grown).toMatchObject({ first: 1, second: size, secondRoot: before.shard.rootHash });
  expect(grown.firstRoot).toBe(before.entries.at(-1)?.leafHash);
  for (const unknown of ["1", "9999999999999999999"])
    await expect(t.view.log(reader, { treeId: unknown })).rejects.toMatchObject({ kind: "missing", code: "signing.tree-missing" });
});

test("before a key is distrusted its reader learns which versions and plans that would take away", async () => {
  await using t = await openPublished();
  const { acme, globex } = t.kernel;
  const [key] = (await t.signing.keys(acme.as("admin"))).items;
  const keyId = key?.id ?? "";
  const hourMs = 60 * 60_000;
  const plans = createPlans({ access: t.kernel.access, reviews: t.reviews, signing: t.signing });
  const sourceOf = (name: string, weight: number) => `apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata: { name: ${name}, title: ${name} }
spec: { steps: [{ weight: ${weight}, deadline: 1h }, { weight: 100, deadline: 1h }], metrics: [{ name: failed, onBreach: pause }] }
`;
  const plan = async (name: string, weight: number, base: string | null = null) => {
    const source = sourceOf(name, weight);
    const { reviewId } = await plans.propose(acme.as("operator"), { name, source, title: name });
    const digest = readPlan(source).digest ?? "";
    const baseDigest = base === null ? null : readPlan(base).digest;
    await approveBy(t.reviews, { reviewId, digest, baseDigest }, [acme.as("reviewer")], "plan");
    return plans.publish(systemActor("publisher", acme.id), { reviewId });
  };
  const signed = async (planId = "") => plans.sign(systemActor("signer", acme.id), { planId });
  await signed((await plan("careful", 10))?.planId);
  await signed((await plan("replaced", 10))?.planId);
  // What came after it is in force, and nobody signed that yet.
  await plan("replaced", 5, sourceOf("replaced", 10));
  const impact = async (from: Date) => t.view.distrustImpact(acme.as("admin"), { keyId, from });
  expect(await impact(new Date(Date.now() - hourMs))).toEqual({
    versions: [{ name: t.name, semver: t.published.semver }],
    plans: [{ name: "careful", revision: 1 }],
  });
  expect(await impact(new Date(Date.now() + hourMs))).toEqual({ versions: [], plans: [] });
  await expect(t.view.distrustImpact(globex.as("admin"), { keyId, from: new Date() })).rejects.toMatchObject({
    code: "signing.key-missing",
  });

  // Whoever looks at the template sees it, before a run is refused.
  const { get } = createTemplatesView({ access: t.kernel.access, templates: t.templates });
  const distrusted = async () => (await get(acme.as("editor"), { name: t.name })).versions.map((version) => version.distrusted);
  expect(await distrusted()).toEqual([false]);
  await t.signing.distrust(acme.as("admin"), { keyId, from: new Date(Date.now() - hourMs), reason: "stolen" });
  expect(await distrusted()).toEqual([true]);
});
