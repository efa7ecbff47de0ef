import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import path from "node:path";
import { BLOB_CORRUPT, blobPath, type Lease, trustPath, trustRootPath } from "@agent-factory/protocol";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { connect, helloOf, type TestIdentity } from "./test-host.ts";
import { openTestRegistry, type TestRegistry } from "./test-registry.ts";

const credit = (free: number, received: number) => ({
  t: "credit" as const,
  slots: [{ slotKind: "cpu" as const, free }],
  warm: [],
  received,
});

function get(port: number, urlPath: string, { caPem, certificatePem, keyPem }: TestIdentity): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "localhost", port, path: urlPath, ca: caPem, cert: certificatePem, key: keyPem, agent: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(parts).toString("utf8");
          const isJson = response.headers["content-type"] === "application/json";
          resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
        });
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

/** From here on the machine serves one tenant alone. */
async function dedicate(registry: TestRegistry, { hostId }: TestIdentity, tenantId: string): Promise<void> {
  await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query("update hosts set serves_all = false, tenant_id = $2, serves = array[$2::uuid] where id = $1", [hostId, tenantId]),
  );
}

test("the trust root and a tenant's document are fetched with the host's certificate; another tenant's is refused", async () => {
  await using registry = await openTestRegistry();
  const { acme, globex } = registry.kernel;
  const gateway = await registry.startGateway();
  const identity = await registry.enrolHost();
  await dedicate(registry, identity, acme.id);
  expect(await get(gateway.port, trustRootPath, identity)).toEqual({ status: 200, body: registry.signing.trustRoot() });
  const { status, body } = await get(gateway.port, trustPath(acme.id), identity);
  expect([status, body]).toMatchObject([200, { payloadType: "application/vnd.agentfactory.trust+json", signatures: [{}] }]);
  expect(await get(gateway.port, trustPath(globex.id), identity)).toMatchObject({ status: 403, body: { code: "fleet.tenant-not-served" } });
  expect((await get(gateway.port, "/trust?tenant=all", identity)).status).toBe(404);
});

test("hosts that serve the tenant hear of a revocation and of a distrusted key, after their runs were cancelled; others hear nothing", async () => {
  await using registry = await openTestRegistry();
  const { acme, globex } = registry.kernel;
  const gateway = await registry.startGateway();
  const [ours, theirs] = [await registry.enrolHost("ours"), await registry.enrolHost("theirs")];
  await dedicate(registry, ours, acme.id);
  await dedicate(registry, theirs, globex.id);
  const [link, other] = [
    await connect(gateway.port, ours, helloOf(registry.clock.now())),
    await connect(gateway.port, theirs, helloOf(registry.clock.now())),
  ];
  const version = await registry.publish();
  const { runId } = await registry.runs.submit(acme.as("editor"), { templateName: "audit", input: "{}" });
  link.send(credit(1, 0));
  expect((await link.next("work")).leases).toMatchObject([{ runId }]);

  await registry.revoke(version.versionId);
  const loop = systemActor("outbox");
  await registry.runs.cancelOfVersion(loop, version);
  await registry.trust.changed(loop, { tenantId: acme.id, digests: [version.manifestDigest] });
  expect((await link.next("cancel")).runs).toMatchObject([{ runId, reason: "revoked" }]);
  expect(await link.next("revoke")).toEqual({ t: "revoke", digests: [version.manifestDigest] });
  await registry.trust.changed(loop, { tenantId: acme.id, digests: [] });
  expect(await link.next("revoke")).toEqual({ t: "revoke", digests: [] });

  // The other tenant's host is told of its own alone: had it been told of ours, that would have come first.
  const digest = `sha256:${"b".repeat(64)}`;
  await registry.trust.changed(loop, { tenantId: globex.id, digests: [digest] });
  expect(await other.next("revoke")).toEqual({ t: "revoke", digests: [digest] });
});

test("a lease reads its manifest, bundle and code, and damaged bytes are refused as such, with nothing of them given", async () => {
  await using registry = await openTestRegistry();
  const { acme } = registry.kernel;
  const gateway = await registry.startGateway();
  const identity = await registry.enrolHost();
  const link = await connect(gateway.port, identity, helloOf(registry.clock.now()));
  const version = await registry.publish();
  await registry.runs.submit(acme.as("editor"), { templateName: "audit", input: "{}" });
  link.send(credit(1, 0));
  const [lease] = (await link.next("work")).leases as [Lease];
  for (const digest of [version.manifestDigest, version.bundleDigest, version.code.digest]) {
    expect((await get(gateway.port, blobPath(lease, digest), identity)).status).toBe(200);
    const hex = digest.slice("sha256:".length);
    const file = path.join(registry.dir, "blobs", acme.id, "sha256", hex.slice(0, 2), hex);
    const bytes = await readFile(file);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    await writeFile(file, bytes);
    expect(await get(gateway.port, blobPath(lease, digest), identity)).toMatchObject({ status: 503, body: { code: BLOB_CORRUPT } });
  }
});
