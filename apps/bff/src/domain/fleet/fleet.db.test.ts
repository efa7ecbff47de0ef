import { randomUUID, X509Certificate } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { formatJoinToken, parseJoinToken } from "@agent-factory/protocol";
import { expect, test } from "vitest";
import { createHostKey, helloOf } from "../../gateway/test-host.ts";
import { openTestRegistry, type TestRegistry } from "../../gateway/test-registry.ts";
import { systemActor } from "../actor.ts";
import { openHostAuthority } from "./host-authority.ts";

const HOUR_MS = 60 * 60_000;

async function token(registry: TestRegistry, expiresInMinutes = 10): Promise<string> {
  const operator = registry.kernel.acme.as("operator");
  return (await registry.fleet.createJoinToken(operator, { hostName: "rack-1", labels: { rack: "1" }, expiresInMinutes })).token;
}

async function countHosts(registry: TestRegistry): Promise<number> {
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) => tx.query<{ n: number }>("select count(*)::int as n from hosts"));
  return rows[0]?.n ?? -1;
}

test("a join token enrols one machine, for the tenant of whoever made it, with a certificate for its key", async () => {
  await using registry = await openTestRegistry();
  const { keyPem: _, csrPem } = await createHostKey();
  const joined = await token(registry);
  const reply = await registry.fleet.enrol({ token: joined, csrPem, clock: registry.clock.now().getTime() });
  const certificate = new X509Certificate(reply.certificatePem);
  expect(certificate.subjectAltName).toBe(`URI:spiffe://factory.test/host/${reply.hostId}`);
  // Nothing but the key is taken from the request: its name is "whatever, O=the host says".
  expect(certificate.subject).toBe(`CN=${reply.hostId}`);
  expect(certificate.ca).toBe(false);
  expect(certificate.validToDate.getTime() - registry.clock.now().getTime()).toBeGreaterThan(24 * HOUR_MS - 2_000);
  expect(certificate.validToDate.getTime() - registry.clock.now().getTime()).toBeLessThanOrEqual(24 * HOUR_MS);
  expect(registry.authority.identify(certificate)).toBe(reply.hostId);
  const host = await registry.fleet.admit(reply.hostId);
  expect(host).toMatchObject({ kind: "host", name: "rack-1", tenantId: registry.kernel.acme.id });
  const stored = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ text: string }>("select row_to_json(t)::text as text from join_tokens t"),
  );
  expect(stored.rows[0]?.text).not.toContain(parseJoinToken(joined)?.secret);
});

test("a join token is used once: a second machine is told so", async () => {
  await using registry = await openTestRegistry();
  const joined = await token(registry);
  const enrol = async () =>
    registry.fleet.enrol({ token: joined, csrPem: (await createHostKey()).csrPem, clock: registry.clock.now().getTime() });
  await enrol();
  await expect(enrol()).rejects.toMatchObject({ kind: "conflict", code: "fleet.join-token-used" });
  expect(await countHosts(registry)).toBe(1);
});

test("of eight machines that race for one token exactly one enrols", async () => {
  await using registry = await openTestRegistry();
  const joined = await token(registry);
  const requests = await Promise.all(Array.from({ length: 8 }, async () => (await createHostKey()).csrPem));
  const outcomes = await Promise.allSettled(
    requests.map((csrPem) => registry.fleet.enrol({ token: joined, csrPem, clock: registry.clock.now().getTime() })),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "fleet.join-token-used" });
  expect(await countHosts(registry)).toBe(1);
});

test("a token that expired, was never made, or has another secret enrols nobody", async () => {
  await using registry = await openTestRegistry();
  const { csrPem } = await createHostKey();
  const joined = await token(registry, 5);
  const parts = parseJoinToken(joined);
  if (!parts) throw new Error("not a token");
  const enrol = (text: string) => registry.fleet.enrol({ token: text, csrPem, clock: registry.clock.now().getTime() });
  for (const wrong of [
    formatJoinToken({ ...parts, secret: "A".repeat(43) }),
    formatJoinToken({ ...parts, tokenId: randomUUID() }),
    "nonsense",
    "",
  ]) {
    await expect(enrol(wrong)).rejects.toMatchObject({ code: "fleet.join-token-unknown" });
  }
  registry.clock.advance(5 * 60_000);
  await expect(enrol(joined)).rejects.toMatchObject({ code: "fleet.join-token-expired" });
  expect(await countHosts(registry)).toBe(0);
  registry.clock.advance(8 * 24 * HOUR_MS);
  expect(await registry.fleet.forgetJoinTokens(systemActor("join-token-cleanup"))).toBe(1);
});

test("a machine whose clock is an hour off is refused at enrolment and at hello, with both clocks named", async () => {
  await using registry = await openTestRegistry();
  const joined = await token(registry);
  const { csrPem } = await createHostKey();
  const now = registry.clock.now();
  const hourOff = now.getTime() + HOUR_MS;
  await expect(registry.fleet.enrol({ token: joined, csrPem, clock: hourOff })).rejects.toMatchObject({
    code: "fleet.clock-skew",
    message: expect.stringContaining(new Date(hourOff).toISOString()),
    details: { hostClock: new Date(hourOff).toISOString(), registryClock: now.toISOString() },
  });
  await expect(registry.fleet.enrol({ token: joined, csrPem, clock: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({
    code: "fleet.clock-skew",
  });
  // Refused machines cost no token.
  const { hostId } = await registry.fleet.enrol({ token: joined, csrPem, clock: now.getTime() - 4 * 60_000 });
  const host = await registry.fleet.admit(hostId);
  await expect(registry.fleet.connect(host, { ...helloOf(now), clock: now.getTime() - HOUR_MS })).rejects.toMatchObject({
    code: "fleet.clock-skew",
  });
});

test("a certificate request with a broken signature, another kind of key, or no sense is refused and costs no token", async () => {
  await using registry = await openTestRegistry();
  const joined = await token(registry);
  const { csrPem } = await createHostKey();
  const der = Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const flipped = Buffer.from(der);
  flipped[flipped.length - 3] = (flipped[flipped.length - 3] ?? 0) ^ 0xff;
  const pem = (bytes: Buffer) => `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString("base64")}\n-----END CERTIFICATE REQUEST-----`;
  for (const wrong of [pem(flipped), pem(der.subarray(0, 40)), "hello", ""]) {
    await expect(registry.fleet.enrol({ token: joined, csrPem: wrong, clock: registry.clock.now().getTime() })).rejects.toMatchObject({
      code: "fleet.csr-invalid",
    });
  }
  await registry.fleet.enrol({ token: joined, csrPem, clock: registry.clock.now().getTime() });
});

test("the authority survives a restart, keeps its key to itself, and knows its own certificates from a stranger's", async () => {
  await using registry = await openTestRegistry();
  const stateDir = path.join(registry.dir, "state");
  const file = path.join(stateDir, "host-ca.pem");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const again = await openHostAuthority({ stateDir, trustDomain: "factory.test", clock: registry.clock });
  expect(again.caFingerprint).toBe(registry.authority.caFingerprint);
  const { csrPem } = await createHostKey();
  const id = randomUUID();
  const ours = new X509Certificate((await again.issueHostCertificate(id, csrPem)).certificatePem);
  expect(registry.authority.identify(ours)).toBe(id);
  // Two processes that start at the same moment end up with one authority.
  const dirs = path.join(registry.dir, "other");
  const both = await Promise.all(
    [0, 1, 2].map(() => openHostAuthority({ stateDir: dirs, trustDomain: "factory.test", clock: registry.clock })),
  );
  expect(new Set(both.map(({ caFingerprint }) => caFingerprint)).size).toBe(1);
  const foreign = new X509Certificate((await (both[0] as typeof again).issueHostCertificate(id, csrPem)).certificatePem);
  expect(registry.authority.identify(foreign)).toBeNull();
  const otherDomain = await openHostAuthority({ stateDir, trustDomain: "elsewhere.test", clock: registry.clock });
  expect(otherDomain.identify(ours)).toBeNull();
  // The gateway's own certificate names no host.
  const gateway = await again.issueGatewayCertificate(["localhost", "127.0.0.1"]);
  expect(again.identify(new X509Certificate(gateway.certificatePem))).toBeNull();
  expect(new X509Certificate(gateway.certificatePem).subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1");
  registry.clock.advance(24 * HOUR_MS + 1_000);
  expect(registry.authority.identify(ours)).toBeNull();
  // Damage is no reason to lock every host out with a new authority.
  await writeFile(file, (await readFile(file, "utf8")).slice(0, 100));
  await expect(openHostAuthority({ stateDir, trustDomain: "factory.test", clock: registry.clock })).rejects.toThrow("is damaged");
});

test("a sandbox that is not proven is refused, one whose operator opted out is recorded as such", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.fleet.admit((await registry.enrolHost()).hostId);
  const hello = helloOf(registry.clock.now());
  const unheld = hello.proof.properties.map((property) => (property.name === "network" ? { ...property, held: false } : property));
  await expect(registry.fleet.connect(host, { ...hello, proof: { ...hello.proof, properties: unheld } })).rejects.toMatchObject({
    code: "fleet.unproven",
    details: { missing: ["network"] },
  });
  await expect(registry.fleet.connect(host, { ...hello, proof: { ...hello.proof, properties: [] } })).rejects.toMatchObject({
    code: "fleet.unproven",
  });
  await expect(registry.fleet.connect(host, { ...hello, proof: { ...hello.proof, driver: "process" } })).rejects.toMatchObject({
    code: "fleet.unproven",
  });
  const { standing } = await registry.fleet.connect(host, {
    ...hello,
    proof: { ...hello.proof, properties: unheld, verdict: "opted-out" },
  });
  expect(standing.state).toBe("ready");
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) => tx.query<{ isolation: string }>("select isolation from hosts"));
  expect(rows).toEqual([{ isolation: "opted-out" }]);
});

test("a cordon ends by hand or at its time, is audited, and is not forgotten while the host is silent", async () => {
  await using registry = await openTestRegistry();
  const { acme, globex } = registry.kernel;
  const operator = acme.as("operator");
  const host = await registry.readyHost({ tenantId: acme.id });
  expect(await registry.fleet.cordon(operator, { hostId: host.id, reason: "new kernel", resumeInMinutes: 1 })).toMatchObject({
    state: "cordoned",
    stateReason: "new kernel",
  });
  registry.clock.advance(59_000);
  expect(await registry.fleet.loseSilent(systemActor("host-lost"))).toBe(0);
  expect(await registry.fleet.resumeCordoned(systemActor("cordon-resume"))).toBe(0);
  const beat = () => registry.fleet.heartbeat(host, { clock: registry.clock.now().getTime(), pool: [], load1: 0, memoryBytesFree: 1 });
  expect((await beat()).state).toBe("cordoned");
  registry.clock.advance(1_000);
  expect(await registry.fleet.resumeCordoned(systemActor("cordon-resume"))).toBe(1);
  expect((await beat()).state).toBe("ready");
  await registry.fleet.drain(operator, { hostId: host.id, reason: "moving" });
  await expect(registry.fleet.cordon(operator, { hostId: host.id, reason: "x" })).rejects.toMatchObject({ code: "fleet.wrong-state" });
  await registry.fleet.drained(host);
  expect(await registry.fleet.standing(host)).toMatchObject({ state: "drained", stateReason: "moving" });
  // It restarts, and stays drained: a person decided that.
  expect((await registry.fleet.connect(host, helloOf(registry.clock.now()))).standing.state).toBe("drained");
  expect(await registry.fleet.uncordon(operator, { hostId: host.id })).toMatchObject({ state: "ready" });
  await expect(registry.fleet.cordon(globex.as("operator"), { hostId: host.id, reason: "x" })).rejects.toMatchObject({
    code: "fleet.host-missing",
  });
  await expect(registry.fleet.cordon(acme.as("editor"), { hostId: host.id, reason: "x" })).rejects.toMatchObject({ code: "access.denied" });
  const platform = await registry.readyHost({ name: "platform" });
  await expect(registry.fleet.cordon(operator, { hostId: platform.id, reason: "x" })).rejects.toMatchObject({
    code: "fleet.platform-host",
  });
  const { rows } = await registry.kernel.fastDatabase.inTenant(acme.id, (tx) =>
    tx.query<{ action: string; actor: string }>(
      "select action, actor_kind as actor from audit_entries where resource_kind = 'host' and outcome = 'allowed' order by id",
    ),
  );
  expect(rows.map(({ action, actor }) => `${actor} ${action}`)).toEqual([
    "user fleet.cordon",
    "system fleet.cordon",
    "user fleet.drain",
    "user fleet.cordon",
  ]);
});

test("a silent host is lost and is back with its next word; an agent that stopped by itself is back with its next hello", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  registry.clock.advance(10_001);
  expect(await registry.fleet.loseSilent(systemActor("host-lost"))).toBe(1);
  expect(await registry.fleet.standing(host)).toMatchObject({ state: "lost" });
  await expect(registry.fleet.requireReadyHost(registry.kernel.acme.id, [])).rejects.toMatchObject({
    code: "runs.no-host-ready",
    details: { hosts: 1, reason: "lost" },
    message: expect.stringContaining("Start the runtime agent"),
  });
  const beat = { clock: registry.clock.now().getTime(), pool: [], load1: 0, memoryBytesFree: 1 };
  expect((await registry.fleet.heartbeat(host, beat)).state).toBe("ready");
  await registry.fleet.drained(host);
  expect((await registry.fleet.standing(host)).state).toBe("drained");
  expect((await registry.fleet.connect(host, helloOf(registry.clock.now()))).standing.state).toBe("ready");
});

test("a revoked host is nobody: not admitted, not heard, not renewed", async () => {
  await using registry = await openTestRegistry();
  const { acme } = registry.kernel;
  const host = await registry.readyHost({ tenantId: acme.id });
  await registry.fleet.revoke(acme.as("operator"), { hostId: host.id });
  const { csrPem } = await createHostKey();
  await expect(registry.fleet.admit(host.id)).rejects.toMatchObject({ code: "fleet.host-revoked" });
  await expect(registry.fleet.connect(host, helloOf(registry.clock.now()))).rejects.toMatchObject({ code: "fleet.host-revoked" });
  await expect(registry.fleet.renew(host, csrPem)).rejects.toMatchObject({ code: "fleet.host-revoked" });
  await expect(registry.fleet.uncordon(acme.as("operator"), { hostId: host.id })).rejects.toMatchObject({ code: "fleet.host-revoked" });
  const beat = { clock: registry.clock.now().getTime(), pool: [], load1: 0, memoryBytesFree: 1 };
  await expect(registry.fleet.heartbeat(host, beat)).rejects.toMatchObject({ code: "fleet.host-revoked" });
  await expect(registry.fleet.requireReadyHost(acme.id, [])).rejects.toMatchObject({
    code: "runs.no-host-ready",
    details: { hosts: 0, reason: "none-enrolled" },
  });
});
