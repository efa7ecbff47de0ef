import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openTrust } from "@agent-factory/gate/trust";
import { expect, test } from "vitest";
import { openBlobs } from "../../platform/blobs.ts";
import { systemClock } from "../../platform/clock.ts";
import { openTestKernel } from "../../seed/test-kernel.ts";
import { openSigning } from "./signing.ts";
import { openTestSigning, publication, signer } from "./test-signing.ts";

test("hosts are told keys and logs of the tenants they serve, in a document that the pinned root signed", async () => {
  await using t = await openTestSigning();
  const { acme, globex } = t.kernel;
  await t.signing.attest(signer(acme), publication(acme));
  await t.signing.attest(signer(globex), publication(globex));
  const revoked = [`sha256:${"0".repeat(64)}`];
  const trust = { ...(await t.signing.trust([acme.id])), revoked };
  expect(trust.keys.map(({ tenantId }) => tenantId)).toEqual([acme.id]);
  expect(trust.logs).toHaveLength(1);
  const envelope = JSON.parse(JSON.stringify(await t.signing.signTrust(trust)));
  const { spki } = t.signing.trustRoot();
  const now = t.clock.now();
  const opened = await openTrust(envelope, spki, { now, versionMin: 0 });
  expect(opened.trust).toEqual(trust);
  expect(opened.expiresAt).toBe(new Date(now.getTime() + 24 * 60 * 60_000).toISOString());
  await expect(openTrust(envelope, trust.keys[0]?.spki ?? "", { now, versionMin: 0 })).rejects.toMatchObject({ reason: "signature" });
});

test("versions rise over all processes of the registry, and one taken before reading is older than one taken after", async () => {
  await using t = await openTestSigning();
  const other = await t.reopen();
  const trust = { ...(await t.signing.trust("all")), revoked: [] };
  const { spki } = t.signing.trustRoot();
  const early = await t.signing.trustVersion();
  const versions: number[] = [];
  for (const signing of [t.signing, other, t.signing, other]) {
    versions.push((await openTrust(await signing.signTrust(trust), spki, { now: t.clock.now(), versionMin: 0 })).version);
    await t.kernel.fastDatabase.asSystem((tx) => tx.query("select pg_sleep(0.002)"));
  }
  expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  expect(new Set(versions).size).toBe(4);
  const late = await openTrust(await other.signTrust(trust, early), spki, { now: t.clock.now(), versionMin: 0 });
  expect(late.version).toBe(early);
  expect(early).toBeLessThanOrEqual(versions[0] ?? 0);
  expect(other.trustRoot()).toEqual(t.signing.trustRoot());
});

test("registries that start at once on an empty database agree on one root, and on one tree", async () => {
  const kernel = await openTestKernel({ tenants: false });
  const stateDir = await mkdtemp(path.join(tmpdir(), "signing-"));
  try {
    const { access, fastDatabase } = kernel;
    const blobs = openBlobs({ dir: path.join(stateDir, "blobs"), fastDatabase });
    const start = () => openSigning({ access, fastDatabase, blobs, clock: systemClock, trustDomain: "factory.test", stateDir });
    const started = await Promise.all(Array.from({ length: 4 }, start));
    expect(new Set(started.map((signing) => signing.trustRoot().spki)).size).toBe(1);
    const shards = await Promise.all(started.map((signing) => signing.log.shards()));
    expect(new Set(shards.flat().map(({ treeId }) => treeId)).size).toBe(1);
  } finally {
    await kernel[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true, force: true });
  }
});
