import { readFile } from "node:fs/promises";
import path from "node:path";
import { verifyBundle } from "@agent-factory/gate";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { packDirectory } from "../domain/templates/archive.ts";
import { EXAMPLES_DIR } from "../seed/demo.ts";
import { openTestKernel } from "../seed/test-kernel.ts";
import { openTestTemplates, publishReviewed } from "../seed/test-templates.ts";
import { createSigningView } from "./signing.ts";

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

test("before a key is distrusted its reader learns which versions that would take away", async () => {
  await using t = await openPublished();
  const { acme, globex } = t.kernel;
  const [key] = (await t.signing.keys(acme.as("admin"))).items;
  const keyId = key?.id ?? "";
  const hourMs = 60 * 60_000;
  const impact = async (from: Date) => (await t.view.distrustImpact(acme.as("admin"), { keyId, from })).versions;
  expect(await impact(new Date(Date.now() - hourMs))).toEqual([{ name: t.name, semver: t.published.semver }]);
  expect(await impact(new Date(Date.now() + hourMs))).toEqual([]);
  await expect(t.view.distrustImpact(globex.as("admin"), { keyId, from: new Date() })).rejects.toMatchObject({
    code: "signing.key-missing",
  });
});
