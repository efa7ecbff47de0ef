/**
 * Ledger, fleet and gateway on a database of their own, with a clock that the test moves. Imported by tests only.
 *
 *     await using registry = await openTestRegistry();
 *     const host = await registry.enrolHost();
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Manifest } from "@agent-factory/manifest/schema";
import { createLogger } from "@agent-factory/process/logger";
import { testRedisUrl } from "@agent-factory/testkit/redis";
import { type HostActor, systemActor } from "../domain/actor.ts";
import { type Channels, createChannels } from "../domain/channels/channels.ts";
import { createFleet, type Fleet, type HostTrust } from "../domain/fleet/fleet.ts";
import { type HostAuthority, openHostAuthority } from "../domain/fleet/host-authority.ts";
import { createHostTrust } from "../domain/fleet/host-trust.ts";
import { createQuotas, type Quotas } from "../domain/quotas/quotas.ts";
import { createRollouts, type Rollouts } from "../domain/rollouts/rollouts.ts";
import { createRuns, type Runs } from "../domain/runs/runs.ts";
import { openSigning, type Signing } from "../domain/signing/signing.ts";
import type { Runnable, Templates, Tryable } from "../domain/templates/templates.ts";
import { createUsage, type Usage } from "../domain/usage/usage.ts";
import { type BlobStore, openBlobs } from "../platform/blobs.ts";
import { manualClock } from "../platform/clock.ts";
import { asLeader } from "../platform/leadership.ts";
import { openRedis, type RedisConnections } from "../platform/redis.ts";
import { openTestKernel, type TestKernel } from "../seed/test-kernel.ts";
import { startWorkers, type Workers } from "../workers/workers.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { createHostKey, helloOf, type TestIdentity } from "./test-host.ts";

export type TestRegistry = AsyncDisposable & {
  readonly kernel: TestKernel;
  readonly dir: string;
  readonly clock: ReturnType<typeof manualClock>;
  readonly authority: HostAuthority;
  readonly blobs: BlobStore;
  readonly redis: RedisConnections;
  readonly signing: Signing;
  readonly fleet: Fleet;
  readonly trust: HostTrust;
  readonly channels: Channels;
  readonly quotas: Quotas;
  readonly usage: Usage;
  readonly rollouts: Rollouts;
  readonly runs: Runs;
  /** What `templates.tryable` answers in this test; null: the real door is not there. */
  tryable: Tryable | null;
  /** The same of `templates.runnable`; {@link publish} sets it. */
  runnable: Runnable | null;
  /** A version as the ledger knows one: its row, and its bytes in the store. Nobody signed it: the bundle is any text. */
  publish(options?: { tenantId?: string; semver?: string; manifest?: unknown; maxAttempts?: number }): Promise<Runnable>;
  /** What `templates.revoke` leaves behind in the registry. */
  revoke(versionId: string): Promise<void>;
  /** A host as the ledger knows one: enrolled, ready, serving everybody (or one tenant), without a connection. */
  readyHost(options?: { name?: string; tenantId?: string; capabilities?: string[]; epoch?: string }): Promise<HostActor>;
  /** A machine that enrolled: what it needs to connect. */
  enrolHost(name?: string): Promise<TestIdentity>;
  startGateway(port?: number): Promise<Gateway>;
  /** The loops; without them nothing happens by itself, so a test that moves the clock says each turn. */
  startWorkers(): Promise<Workers>;
  /** Rows of all runs by state. */
  states(): Promise<Record<string, number>>;
};

export async function openTestRegistry(options: { redisUrl?: string; now?: Date } = {}): Promise<TestRegistry> {
  const kernel = await openTestKernel();
  const { access, audit, fastDatabase } = kernel;
  const logger = createLogger({ app: "test", level: "silent" });
  const dir = await mkdtemp(path.join(tmpdir(), "registry-"));
  const redis = openRedis(options.redisUrl ?? testRedisUrl(), logger);
  const clock = manualClock(options.now ?? new Date());
  const authority = await openHostAuthority({ stateDir: path.join(dir, "state"), trustDomain: "factory.test", clock });
  const blobs = openBlobs({ dir: path.join(dir, "blobs"), fastDatabase });
  const signing = await openSigning({ access, fastDatabase, blobs, clock, trustDomain: "factory.test", stateDir: path.join(dir, "state") });
  const trust = createHostTrust({ signing, fastDatabase, redis });
  const fleet = createFleet({ access, audit, fastDatabase, authority, redis, clock, gatewayUrl: "https://localhost:4200" });
  const templates: Pick<Templates, "tryable" | "runnable"> = {
    tryable: async () => {
      if (!registry.tryable) throw new Error("this test has no draft");
      return registry.tryable;
    },
    runnable: async () => {
      if (!registry.runnable) throw new Error("this test has no version");
      return registry.runnable;
    },
  };
  const nothing = () => Promise.reject(new Error("this test publishes nothing"));
  const quotas = createQuotas({ access, clock });
  const usage = createUsage({ access, quotas, fastDatabase, clock, logger });
  const channels = createChannels({ access, redis, clock });
  const runs = createRuns({ access, fastDatabase, templates, channels, quotas, fleet, blobs, redis, clock, random: () => 0 });
  const rollouts = createRollouts({ access, audit, fastDatabase, channels, runs, counts: usage.counts, redis, clock });
  const workers: Workers[] = [];
  const gateways: Gateway[] = [];

  const enrol = async (name: string) => {
    const { token } = await fleet.createJoinToken(systemActor("test"), {
      hostName: name,
      labels: {},
      expiresInMinutes: 10,
      servesAll: true,
    });
    const { keyPem, csrPem } = await createHostKey();
    const reply = await fleet.enrol({ token, csrPem, clock: clock.now().getTime() });
    return { hostId: reply.hostId, keyPem, certificatePem: reply.certificatePem, caPem: reply.caPem };
  };

  const registry: TestRegistry = {
    kernel,
    dir,
    clock,
    authority,
    blobs,
    redis,
    signing,
    fleet,
    trust,
    channels,
    quotas,
    usage,
    rollouts,
    runs,
    tryable: null,
    runnable: null,
    publish: async ({ tenantId = kernel.acme.id, semver = "1.0.0", manifest = { spec: { input: {} } }, maxAttempts = 3 } = {}) => {
      const put = (text: string) => blobs.put(tenantId, Buffer.from(text), { mediaType: "application/json", maxBytes: 10_000 });
      const [{ digest: manifestDigest }, bundle, code] = [
        await put(JSON.stringify(manifest)),
        await put(`bundle ${semver}`),
        await put("code"),
      ];
      const { templateId, versionId } = await fastDatabase.inTenant(tenantId, async (tx) => {
        await tx.query(
          "insert into templates (tenant_id, name, title, owner, created_by) values ($1, 'audit', 'Audit', 'us', 'test') on conflict do nothing",
          [tenantId],
        );
        const { rows } = await tx.query<{ templateId: string; versionId: string }>(
          `insert into template_versions (tenant_id, template_id, semver, digest, source, published_by)
           select $1, id, $2, $3, '', 'test' from templates where name = 'audit' returning template_id as "templateId", id as "versionId"`,
          [tenantId, semver, manifestDigest],
        );
        if (!rows[0]) throw new Error("no version was inserted");
        return rows[0];
      });
      registry.runnable = {
        templateId,
        templateName: "audit",
        versionId,
        semver,
        subjectName: `acme/templates/audit@${semver}`,
        bundleDigest: bundle.digest,
        manifest: manifest as Manifest,
        manifestDigest,
        code: { digest: code.digest, entry: "default" },
        limits: { timeoutMs: 5_000, maxAttempts, concurrency: 1, cpuMillis: 500, memoryBytes: 64 << 20 },
        capabilities: [],
      };
      return registry.runnable;
    },
    revoke: async (versionId) => {
      const { rows } = await fastDatabase.asSystem((tx) =>
        tx.query<{ tenantId: string }>('select tenant_id as "tenantId" from template_versions where id = $1', [versionId]),
      );
      await fastDatabase.inTenant(rows[0]?.tenantId ?? "", (tx) =>
        tx.query("update template_versions set state = 'revoked' where id = $1", [versionId]),
      );
    },
    readyHost: async ({ name = "host", tenantId, capabilities = [], epoch } = {}) => {
      const { hostId } = await enrol(name);
      if (tenantId !== undefined) {
        await fastDatabase.asSystem((tx) =>
          tx.query("update hosts set serves_all = false, tenant_id = $2, serves = array[$2::uuid] where id = $1", [hostId, tenantId]),
        );
      }
      const host = await fleet.admit(hostId);
      await fleet.connect(host, { ...helloOf(clock.now(), epoch), capabilities });
      return host;
    },
    enrolHost: (name = "machine") => enrol(name),
    startGateway: async (port = 0) => {
      const gateway = await startGateway({
        runs,
        fleet,
        usage,
        authority,
        trust,
        redis,
        logger,
        clock,
        listen: { host: "127.0.0.1", port, names: ["localhost", "127.0.0.1"] },
      });
      gateways.push(gateway);
      return gateway;
    },
    startWorkers: async () => {
      const started = await startWorkers({
        requests: { forget: async () => 0 },
        signing,
        templates: { publish: nothing, sign: nothing },
        runs,
        fleet,
        trust,
        plans: { publish: async () => null, sign: nothing },
        rollouts,
        usage,
        notices: { hear: async () => undefined, forget: async () => 0 },
        fastDatabase,
        lead: (name, turn) => asLeader(fastDatabase, name, turn),
        logger,
        clock,
      });
      workers.push(started);
      return started;
    },
    states: async () => {
      const { rows } = await fastDatabase.asSystem((tx) =>
        tx.query<{ state: string; n: number }>("select state, count(*)::int as n from runs group by state"),
      );
      return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
    },
    [Symbol.asyncDispose]: async () => {
      for (const gateway of gateways) await gateway.close().catch(() => undefined);
      for (const loops of workers) await loops.close();
      await redis.close();
      await kernel[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return registry;
}
