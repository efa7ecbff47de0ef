import { openTrust } from "@agent-factory/gate/trust";
import { expect, test } from "vitest";
import { openTestRegistry } from "../../gateway/test-registry.ts";
import { parseTrustNews } from "./fleet.ts";
import { formatTrustNews } from "./host-trust.ts";

test("a host's document is of one tenant that it serves, signed by the root, and newer each time; what is revoked there is in it", async () => {
  await using registry = await openTestRegistry();
  const { acme, globex } = registry.kernel;
  const host = await registry.readyHost({ tenantId: acme.id });
  await registry.signing.rotate(acme.as("admin"));
  await registry.signing.rotate(globex.as("admin"));
  const foreign = await registry.publish({ tenantId: globex.id, manifest: { spec: { input: {}, foreign: true } } });
  await registry.revoke(foreign.versionId);
  const version = await registry.publish();
  const { spki } = registry.trust.root();
  const open = async (versionMin: number) =>
    openTrust(await registry.trust.document(host, { tenantId: acme.id }), spki, { now: registry.clock.now(), versionMin });

  const first = await open(0);
  expect(first.trust.keys.map(({ tenantId }) => tenantId)).toEqual([acme.id]);
  expect(first.trust.revoked).toEqual([]);
  await registry.revoke(version.versionId);
  const next = await open(first.version);
  expect(next.version).toBeGreaterThan(first.version);
  expect(next.trust.revoked).toEqual([version.manifestDigest]);
  await expect(registry.trust.document(host, { tenantId: globex.id })).rejects.toMatchObject({ code: "fleet.tenant-not-served" });
});

test("news of trust come out of the doorbell as they went in, and anything else is no news", () => {
  const tenantId = "8f7d2a34-5d0b-4a87-9d15-0c4ad1d1f0aa";
  const digests = ["a", "b"].map((digit) => `sha256:${digit.repeat(64)}`);
  for (const news of [
    { tenantId, digests },
    { tenantId, digests: [] },
  ])
    expect(parseTrustNews(formatTrustNews(news))).toEqual(news);
  for (const text of ["", "everything", `${tenantId} sha256:ab`, `all ${digests[0]}`]) expect(parseTrustNews(text)).toBeNull();
});
