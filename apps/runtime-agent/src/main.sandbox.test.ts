import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { CLOSE_REVOKED, type HostFrame, type Lease } from "@agent-factory/protocol";
import { Header } from "tar";
import { describe, expect, it } from "vitest";
import { createTestVersions } from "./gate/test-version.ts";
import { detectCgroups, treesOf } from "./pool/cgroup.ts";
import { sandboxMissing } from "./pool/test-sandbox.ts";
import { digestOf } from "./uplink/gateway-requests.ts";
import { startTestGateway, type TestGateway } from "./uplink/test-gateway.ts";

type Agent = AsyncDisposable & {
  readonly child: ChildProcess;
  readonly stateDir: string;
  readonly output: () => string;
  readonly exited: Promise<number | null>;
};

function startAgent(gateway: TestGateway, env: Record<string, string> = {}, stateDir = mkdtempSync(join(tmpdir(), "agent-"))): Agent {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    env: {
      PATH: "/usr/bin:/bin",
      GATEWAY_URL: gateway.url,
      JOIN_TOKEN: gateway.token,
      STATE_DIR: stateDir,
      HEALTH_PORT: "0",
      SLOTS: "2",
      WARM_TARGET: "2",
      SHUTDOWN_GRACE_MS: "500",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    child,
    stateDir,
    output: () => output,
    exited,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await exited;
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function storeCode(gateway: TestGateway, code: string): { digest: string; entry: string } {
  const bytes = Buffer.from(code);
  const header = Buffer.alloc(512);
  new Header({ path: "index.mjs", size: bytes.length, type: "File", mode: 0o644, mtime: new Date(0) }).encode(header);
  const archive = gzipSync(Buffer.concat([header, bytes, Buffer.alloc(1024 + ((512 - (bytes.length % 512)) % 512))]));
  gateway.blobs.set(digestOf(archive), archive);
  return { digest: digestOf(archive), entry: "default" };
}

function leaseFor(code: Lease["code"], more: Partial<Lease> = {}): Lease {
  return {
    runId: randomUUID(),
    attempt: 1,
    fence: 5,
    tenantId: randomUUID(),
    kind: "try",
    templateName: "test",
    driver: "node",
    manifestDigest: `sha256:${"0".repeat(64)}`,
    signed: null,
    code,
    input: { inline: '{"n":2}' },
    limits: { timeoutMs: 10_000, memoryBytes: 128 * 2 ** 20, cpuMillis: 1000, pids: 64, logBytes: 10_000, outputBytes: 200_000 },
    expiresAt: Date.now() + 10_000,
    traceparent: null,
    ...more,
  };
}

async function resultOf(gateway: TestGateway, lease: Lease) {
  const frame = await gateway.hears("result", ({ results }) => results.some(({ runId }) => runId === lease.runId));
  const result = frame.results.find(({ runId }) => runId === lease.runId);
  if (!result) throw new Error("unreachable");
  gateway.send({ t: "ack", results: [{ runId: lease.runId, attempt: 1, fence: 5, accepted: true, reason: null }] });
  return result;
}

const linesOf = (gateway: TestGateway, lease: Lease) =>
  gateway.heard.flatMap(({ frame }) => (frame.t === "log" ? frame.entries.filter(({ runId }) => runId === lease.runId) : []));

function groupsNow(): string[] {
  const layout = detectCgroups();
  return layout ? treesOf(layout).flatMap((tree) => safeList(join(tree, "agent-factory"))) : [];
}

function safeList(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

const ownedBy = (pid: number | undefined): string[] => groupsNow().filter((name) => name.split("-")[1] === String(pid));

describe.skipIf(sandboxMissing() !== null)("the runtime agent", () => {
  it("proves its sandbox, enrols, runs what it is given, and stops leaving nothing", async () => {
    await using gateway = await startTestGateway();
    const agent = startAgent(gateway);
    try {
      const hello = await gateway.hears("hello");
      expect(hello.proof.verdict).toBe("proven");
      expect(hello.inventory.cpus).toBeGreaterThan(0);
      await gateway.hears("credit", ({ slots }) => slots[0]?.free === 2);
      expect(statSync(join(agent.stateDir, "host-identity.json")).mode & 0o777).toBe(0o600);

      const code = storeCode(
        gateway,
        `export default async (input, context) => { console.log("hello"); context.emit({ at: 1 }); return { doubled: input.n * 2, big: "x".repeat(input.size ?? 0) }; };`,
      );
      const small = leaseFor(code);
      gateway.send({ t: "work", leases: [small] });
      const result = await resultOf(gateway, small);
      expect(result).toMatchObject({ outcome: "succeeded", output: { inline: '{"doubled":4,"big":""}' }, error: null });
      expect(result.usage.durationMs).toBeGreaterThan(0);
      expect(linesOf(gateway, small).map(({ stream, text, seq }) => [seq, stream, text])).toEqual([
        [0, "stdout", "hello"],
        [1, "partial", '{"at":1}'],
      ]);
      const started = await gateway.hears("started", ({ runs }) => runs[0]?.runId === small.runId);
      expect(started.runs[0]?.handOutMs).toBeGreaterThan(0);

      const input = Buffer.from(JSON.stringify({ n: 1, size: 100_000 }));
      gateway.blobs.set(digestOf(input), input);
      const large = leaseFor(code, { input: { digest: digestOf(input), sizeBytes: input.length } });
      gateway.send({ t: "work", leases: [large] });
      const stored = await resultOf(gateway, large);
      const bytes = gateway.outputs.get(large.runId);
      expect(stored.output).toEqual({ digest: digestOf(bytes ?? Buffer.alloc(0)), sizeBytes: bytes?.length });
      expect(gateway.requests.filter((path) => path.includes(code.digest))).toHaveLength(1); // the second came from the cache

      const noop = leaseFor(null, { driver: "noop" });
      gateway.send({ t: "work", leases: [noop] });
      expect((await resultOf(gateway, noop)).outcome).toBe("succeeded");
    } finally {
      agent.child.kill("SIGTERM");
      expect(await agent.exited, agent.output()).toBe(0);
      expect(ownedBy(agent.child.pid)).toEqual([]);
      rmSync(agent.stateDir, { recursive: true });
    }
  });

  it("bounds the log, cancels, refuses what it cannot take, and answers for missing code", async () => {
    await using gateway = await startTestGateway();
    await using _agent = startAgent(gateway);
    await gateway.hears("credit");
    const flood = leaseFor(
      storeCode(gateway, "export default () => { for (let i = 0; i < 1e5; i++) console.log('x'.repeat(99)); return 1; };"),
    );
    gateway.send({ t: "work", leases: [flood] });
    const flooded = await resultOf(gateway, flood);
    expect(flooded).toMatchObject({ outcome: "succeeded", usage: { logBytes: 10_000, logBytesDropped: 9_990_000 } });
    expect(linesOf(gateway, flood).filter(({ stream }) => stream === "system")).toHaveLength(1);

    const spin = storeCode(gateway, "export default () => { for (;;); };");
    const [first, second, third] = [leaseFor(spin), leaseFor(spin), leaseFor(spin)];
    gateway.send({ t: "work", leases: [first, second, third] });
    const refused = await gateway.hears("refuse");
    expect(refused.runs).toEqual([{ runId: third.runId, attempt: 1, fence: 5, reason: "the host has no free slot" }]);
    await gateway.hears("started", ({ runs }) => runs.some(({ runId }) => runId === first.runId));
    await gateway.hears("heartbeat", ({ holding }) => holding.length === 2);
    gateway.send({ t: "cancel", runs: [{ runId: first.runId, attempt: 1, fence: 5, reason: "requested" }] });
    expect(await resultOf(gateway, first)).toMatchObject({ outcome: "cancelled", error: null });
    gateway.send({ t: "cancel", runs: [{ runId: second.runId, attempt: 1, fence: 5, reason: "lease-lost" }] });
    await gateway.hears("credit", ({ slots, received }) => slots[0]?.free === 2 && received === 4);

    const missing = leaseFor({ digest: `sha256:${"f".repeat(64)}`, entry: "default" });
    gateway.send({ t: "work", leases: [missing] });
    expect((await resultOf(gateway, missing)).error).toMatchObject({ kind: "code-unavailable" });
    const wrong = storeCode(gateway, "export default () => 1;");
    gateway.blobs.set(wrong.digest, Buffer.from("other bytes"));
    const forged = leaseFor(wrong);
    gateway.send({ t: "work", leases: [forged] });
    expect((await resultOf(gateway, forged)).error).toMatchObject({
      kind: "code-unavailable",
      message: expect.stringContaining("other bytes"),
    });
    expect(gateway.heard.flatMap(({ frame }) => (frame.t === "result" ? frame.results : [])).map(({ runId }) => runId)).not.toContain(
      second.runId,
    );
  });

  it("runs a version that it verified itself, and none that is unsigned, altered where it is stored, or revoked", async () => {
    await using gateway = await startTestGateway();
    await using _agent = startAgent(gateway);
    await gateway.hears("credit");
    const versions = createTestVersions();
    gateway.trust = versions.trust();
    const publish = (semver: string, code: string) => {
      const lease = versions.publish({ semver, code });
      for (const [digest, bytes] of versions.bytes) gateway.blobs.set(digest, bytes);
      return lease;
    };
    const outcomeOf = async (lease: Lease) => {
      gateway.send({ t: "work", leases: [lease] });
      const { outcome, output, error } = await resultOf(gateway, lease);
      return error ? [outcome, error.kind, error.check] : [outcome, output];
    };
    const sound = publish("1.0.0", "export default () => 'ran';");
    expect(await outcomeOf(sound)).toEqual(["succeeded", { inline: '"ran"' }]);
    expect(await outcomeOf({ ...sound, runId: randomUUID(), signed: null })).toEqual(["failed", "integrity", "unsigned"]);

    const altered = publish("1.1.0", "export default () => 'honest';");
    const digest = altered.code?.digest ?? "";
    const bytes = Buffer.from(gateway.blobs.get(digest) ?? "");
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    gateway.blobs.set(digest, bytes);
    expect(await outcomeOf(altered)).toEqual(["failed", "integrity", "code-bytes"]);

    // In mid-run: ended at once, and the end is reported.
    const spinning = publish("1.2.0", "export default () => { for (;;); };");
    gateway.send({ t: "work", leases: [spinning] });
    const { runId, attempt, fence } = spinning;
    await gateway.hears("started", ({ runs }) => runs[0]?.runId === runId);
    gateway.send({ t: "cancel", runs: [{ runId, attempt, fence, reason: "revoked" }] });
    gateway.trust = { ...versions.trust(), revoked: [spinning.manifestDigest] };
    gateway.send({ t: "revoke", digests: [spinning.manifestDigest] });
    expect(await resultOf(gateway, spinning)).toMatchObject({ outcome: "cancelled", error: null });
    expect(await outcomeOf({ ...spinning, runId: randomUUID() })).toEqual(["failed", "integrity", "not-revoked"]);
    expect(await outcomeOf({ ...sound, runId: randomUUID() })).toEqual(["succeeded", { inline: '"ran"' }]);
  });

  it("keeps what it runs through a lost link and reports it on the next, once", async () => {
    await using gateway = await startTestGateway();
    await using _agent = startAgent(gateway);
    await gateway.hears("credit");
    const lease = leaseFor(storeCode(gateway, "export default () => new Promise((resolve) => setTimeout(() => resolve('late'), 700));"));
    gateway.send({ t: "work", leases: [lease] });
    await gateway.hears("started");
    await gateway.stop();
    await gateway.listen();
    const again = await gateway.hears("hello", (_, connection) => connection > 1);
    expect(again.holding).toEqual([{ runId: lease.runId, attempt: 1, fence: 5 }]);
    await gateway.hears("started", (_, connection) => connection > 1);
    expect(await resultOf(gateway, lease)).toMatchObject({ outcome: "succeeded", output: { inline: '"late"' } });
    await gateway.hears("heartbeat", ({ holding }) => holding.length === 0);
  });

  it("drains: finishes what runs, takes nothing more, and says so", async () => {
    await using gateway = await startTestGateway();
    await using _agent = startAgent(gateway);
    await gateway.hears("credit");
    const code = storeCode(gateway, "export default () => new Promise((resolve) => setTimeout(() => resolve(1), 300));");
    const lease = leaseFor(code);
    gateway.send({ t: "work", leases: [lease] });
    await gateway.hears("started");
    gateway.send({ t: "drain", reason: "maintenance" });
    const late = leaseFor(code);
    gateway.send({ t: "work", leases: [late] });
    expect((await gateway.hears("refuse")).runs[0]).toMatchObject({ runId: late.runId, reason: "the host is draining" });
    expect((await resultOf(gateway, lease)).outcome).toBe("succeeded");
    await gateway.hears("drained");
    gateway.send({ t: "uncordon" });
    await gateway.hears("credit", ({ slots, received }) => slots[0]?.free === 2 && received === 2);
  });

  it("gives back what does not end within the grace when it is stopped", async () => {
    await using gateway = await startTestGateway();
    const agent = startAgent(gateway);
    await gateway.hears("credit");
    const lease = leaseFor(storeCode(gateway, "export default () => { for (;;); };"));
    gateway.send({ t: "work", leases: [lease] });
    await gateway.hears("started");
    agent.child.kill("SIGTERM");
    expect((await gateway.hears("refuse")).runs[0]).toMatchObject({ runId: lease.runId, reason: "the host is shutting down" });
    expect(await agent.exited, agent.output()).toBe(0);
    expect(ownedBy(agent.child.pid)).toEqual([]);
    rmSync(agent.stateDir, { recursive: true });
  });

  it("leaves no process and no cgroup even when it is killed", async () => {
    await using gateway = await startTestGateway();
    const agent = startAgent(gateway);
    await gateway.hears("credit");
    const lease = leaseFor(storeCode(gateway, "export default () => { for (;;); };"));
    gateway.send({ t: "work", leases: [lease] });
    await gateway.hears("started");
    expect(ownedBy(agent.child.pid).length).toBeGreaterThan(0);
    agent.child.kill("SIGKILL");
    await agent.exited;
    await expect.poll(() => ownedBy(agent.child.pid)).toEqual([]);
    rmSync(agent.stateDir, { recursive: true });
  });

  it("stops for good when it is revoked, and says why", async () => {
    await using gateway = await startTestGateway();
    await using agent = startAgent(gateway);
    await gateway.hears("credit");
    gateway.drop(CLOSE_REVOKED, "fleet.host-revoked: revoked by ada");
    expect(await agent.exited).toBe(77);
    expect(agent.output()).toContain("revoked by ada");
  });

  it("ends with 77 and the reason when enrolment is refused", async () => {
    await using gateway = await startTestGateway();
    gateway.refuseEnrolment = { status: 409, code: "fleet.join-token-used", message: "This join token was used already" };
    await using agent = startAgent(gateway);
    expect(await agent.exited).toBe(77);
    expect(agent.output()).toContain("fleet.join-token-used");
  });

  it("refuses to serve with an unproven sandbox, and serves when the operator says so", async () => {
    await using gateway = await startTestGateway();
    await using refusing = startAgent(gateway, { SANDBOX: "process" });
    expect(await refusing.exited).toBe(78);
    expect(refusing.output()).toContain("SANDBOX_UNPROVEN=serve");
    expect(gateway.requests).toEqual([]);
    await using _serving = startAgent(gateway, { SANDBOX: "process", SANDBOX_UNPROVEN: "serve" });
    const hello: HostFrame & { t: "hello" } = await gateway.hears("hello");
    expect(hello.proof.verdict).toBe("opted-out");
  });

  it("names every wrong setting and ends with 78", async () => {
    await using gateway = await startTestGateway();
    await using agent = startAgent(gateway, { SLOTS: "many", GATEWAY_URL: "http://x" });
    expect(await agent.exited).toBe(78);
    expect(agent.output()).toMatch(/SLOTS[\s\S]*GATEWAY_URL|GATEWAY_URL[\s\S]*SLOTS/);
  });
});

// What the agent itself leaves in its state directory is its own, and no secret leaves it.
describe.skipIf(sandboxMissing() !== null)("the agent's log", () => {
  it("holds no token and no key", async () => {
    await using gateway = await startTestGateway();
    await using agent = startAgent(gateway, { LOG_LEVEL: "trace" });
    await gateway.hears("credit");
    const { keyPem } = JSON.parse(readFileSync(join(agent.stateDir, "host-identity.json"), "utf8")) as { keyPem: string };
    expect(agent.output()).not.toContain(gateway.token);
    expect(agent.output()).not.toContain(keyPem.slice(40, 80));
  });
});
