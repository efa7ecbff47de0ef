/**
 * The registry's process, and the only place where anything is constructed. Roles: `api` (console and programs), `gateway` (hosts),
 * `worker` (loops); one process has all of them by default. What is opened last is closed first.
 */
import { createHealth, type Health, serveHealth } from "@agent-factory/process/health";
import { createLogger, type Logger } from "@agent-factory/process/logger";
import { createShutdown, type Shutdown } from "@agent-factory/process/shutdown";
import type { Domain } from "./api/context.ts";
import { createServer } from "./api/server.ts";
import { createAccess } from "./domain/access/access.ts";
import { createAudit } from "./domain/audit/audit.ts";
import { createChannels } from "./domain/channels/channels.ts";
import { createDecisions } from "./domain/decisions/decisions.ts";
import { createFleet } from "./domain/fleet/fleet.ts";
import { openHostAuthority } from "./domain/fleet/host-authority.ts";
import { createHostTrust } from "./domain/fleet/host-trust.ts";
import { createNotices } from "./domain/notices/notices.ts";
import { createQuotas } from "./domain/quotas/quotas.ts";
import { createRequests } from "./domain/requests/requests.ts";
import { createReviews } from "./domain/reviews/reviews.ts";
import { createPlanSubject } from "./domain/rollouts/plan-subject.ts";
import { createPlans } from "./domain/rollouts/plans.ts";
import { createRollouts } from "./domain/rollouts/rollouts.ts";
import { createRuns } from "./domain/runs/runs.ts";
import { openSigning } from "./domain/signing/signing.ts";
import { createTemplateSubject } from "./domain/templates/subject.ts";
import { createTemplates } from "./domain/templates/templates.ts";
import { createTenants } from "./domain/tenants/tenants.ts";
import { createTokens } from "./domain/tokens/tokens.ts";
import { createUsage } from "./domain/usage/usage.ts";
import { type Env, readEnv } from "./env.ts";
import { startGateway } from "./gateway/gateway.ts";
import { createRegistryMetrics } from "./metrics.ts";
import { openBlobs } from "./platform/blobs.ts";
import { systemClock } from "./platform/clock.ts";
import { openDatabase } from "./platform/database.ts";
import { type FastDatabase, openFastDatabase } from "./platform/fast-database.ts";
import { asLeader } from "./platform/leadership.ts";
import { runMigrations } from "./platform/migrations.ts";
import { createTokenVerifier } from "./platform/oidc.ts";
import { createRateLimit } from "./platform/rate-limit.ts";
import { openRedis, type RedisConnections } from "./platform/redis.ts";
import { seedDemo } from "./seed/demo.ts";
import { writeDemoToken } from "./seed/demo-token.ts";
import { writeLocalJoinToken } from "./seed/local-agent.ts";
import { createAuditView } from "./views/audit.ts";
import { createFleetView } from "./views/fleet.ts";
import { createNoticesView } from "./views/notices.ts";
import { createReviewsView } from "./views/reviews.ts";
import { createRolloutsView } from "./views/rollouts.ts";
import { createRunActivity } from "./views/run-activity.ts";
import { createRunWatch } from "./views/run-watch.ts";
import { createRunsView } from "./views/runs.ts";
import { createSigningView } from "./views/signing.ts";
import { createTemplatesView } from "./views/templates.ts";
import { createUsageView } from "./views/usage.ts";
import { createVitalsView } from "./views/vitals.ts";
import { startWorkers } from "./workers/workers.ts";

const SHUTDOWN_GRACE_MS = 10_000;

export type Registry = {
  readonly apiPort: number | null;
  readonly gatewayPort: number | null;
  readonly metricsPort: number | null;
  stop(reason: string): Promise<void>;
};

/** Starts every role of `env`; resolves when all of them serve. When one part cannot start, the others are closed again. */
export async function startRegistry(
  env: Env,
  logger: Logger,
  shutdown: Shutdown = createShutdown({ logger, graceMs: SHUTDOWN_GRACE_MS }),
): Promise<Registry> {
  const stop = (reason: string) => shutdown.run(reason);
  try {
    const health = createHealth();
    const clock = systemClock;

    if (env.DATABASE_URL_OWNER !== undefined) {
      const { applied } = await runMigrations({ ownerUrl: env.DATABASE_URL_OWNER });
      if (applied.length > 0) logger.info({ applied }, "migrations applied");
    }

    const urls = { tenantUrl: env.DATABASE_URL_TENANT, systemUrl: env.DATABASE_URL_SYSTEM };
    const database = openDatabase(urls);
    shutdown.add("database", database.close);
    const fastDatabase = openFastDatabase(urls);
    shutdown.add("fast-database", fastDatabase.close);
    const redis = openRedis(env.REDIS_URL, logger);
    shutdown.add("redis", redis.close);
    const blobs = openBlobs({ dir: env.BLOB_DIR, fastDatabase });

    const audit = createAudit();
    const decisions = createDecisions({
      onError: (error, policy) => logger.error({ err: error, policy }, "a policy could not be evaluated"),
    });
    const access = createAccess({ database, fastDatabase, decisions, audit, logger });
    const tokens = createTokens({ access, fastDatabase, redis, clock });
    const requests = createRequests({
      fastDatabase,
      clock,
      rateLimit: createRateLimit({ redis, logger }),
      rate: { limit: env.API_REQUESTS_PER_MINUTE, windowSeconds: 60, burst: Math.ceil(env.API_REQUESTS_PER_MINUTE / 10) },
    });
    const tenants = createTenants({ database, access, logger });
    const signing = await openSigning({
      access,
      fastDatabase,
      blobs,
      clock,
      trustDomain: env.TRUST_DOMAIN,
      stateDir: env.STATE_DIR,
      keyEncryptionKey: env.KEY_ENCRYPTION_KEY,
    });
    if (env.LOG_GIVE_UP !== undefined) {
      await signing.log.giveUp(env.LOG_GIVE_UP);
      logger.warn({ treeId: env.LOG_GIVE_UP }, "this tree of the transparency log is given up; the log goes on in a new one");
    }
    const reviews = createReviews({
      access,
      decisions,
      redis,
      clock,
      kinds: { template: createTemplateSubject({ decisions, blobs }), plan: createPlanSubject({ decisions }) },
    });
    const templates = createTemplates({ access, decisions, blobs, redis, reviews, signing });
    const authority = await openHostAuthority({ stateDir: env.STATE_DIR, trustDomain: env.TRUST_DOMAIN, clock });
    const gatewayUrl = `https://${env.GATEWAY_NAMES[0] ?? env.GATEWAY_HOST}:${env.GATEWAY_PORT}`;
    const fleet = createFleet({ access, audit, fastDatabase, authority, redis, clock, gatewayUrl });
    const trust = createHostTrust({ signing, fastDatabase, redis });
    const quotas = createQuotas({ access, clock });
    const channels = createChannels({ access, redis, clock });
    const runs = createRuns({ access, fastDatabase, blobs, redis, clock, templates, channels, quotas, fleet });
    const usage = createUsage({ access, quotas, fastDatabase, clock, logger });
    const plans = createPlans({ access, reviews, signing });
    const rollouts = createRollouts({ access, audit, fastDatabase, channels, runs, counts: usage.counts, redis, clock });
    const notices = createNotices({ access, fastDatabase, redis, clock, logger });
    const runsView = createRunsView({ access, blobs, clock });
    const views = {
      audit: createAuditView({ access }),
      reviews: createReviewsView({ access, reviews, redis, clock }),
      templates: createTemplatesView({ access, templates }),
      fleet: createFleetView({ access, redis }),
      rollouts: createRolloutsView({ access, redis }),
      runs: runsView,
      watchRun: createRunWatch({ view: runsView, redis }),
      notices: createNoticesView({ access, redis }),
      signing: createSigningView({ access, signing, blobs }),
      runActivity: createRunActivity({ access, clock }),
      usage: createUsageView({ access, clock }),
    };
    const domain: Domain = {
      access,
      tokens,
      requests,
      tenants,
      signing,
      reviews,
      templates,
      channels,
      quotas,
      fleet,
      runs,
      usage,
      rollouts,
      plans,
      notices,
      views,
    };

    if (env.DEMO) {
      await seedDemo({ tenants, reviews, templates, plans, channels, rollouts });
      const file = await writeLocalJoinToken({ fleet, stateDir: env.STATE_DIR });
      await writeDemoToken({ tenants, tokens, stateDir: env.STATE_DIR });
      logger.info({ file }, "demo tenants are there; the local agent may join");
    }

    const metrics = createRegistryMetrics();
    const refresh = () => refreshHealth(health, fastDatabase, redis);
    if (env.BFF_ROLES.includes("worker")) {
      metrics.watchLedger(createVitalsView({ fastDatabase }));
      const workers = await startWorkers({
        requests,
        signing,
        templates,
        runs,
        fleet,
        trust,
        plans,
        rollouts,
        usage,
        notices,
        fastDatabase,
        lead: (name, turn) => asLeader(fastDatabase, name, turn),
        turned: metrics.turned,
        logger,
        clock,
      });
      shutdown.add("workers", workers.close);
    }

    let gatewayPort: number | null = null;
    if (env.BFF_ROLES.includes("gateway")) {
      const gateway = await startGateway({
        runs,
        fleet,
        usage,
        authority,
        trust,
        redis,
        received: metrics.received,
        logger,
        clock,
        listen: { host: env.GATEWAY_HOST, port: env.GATEWAY_PORT, names: env.GATEWAY_NAMES },
      });
      shutdown.add("gateway", gateway.close);
      metrics.watchLinks(gateway.links);
      gatewayPort = gateway.port;
    }

    let apiPort: number | null = null;
    if (env.BFF_ROLES.includes("api")) {
      const { verify } = createTokenVerifier({ issuer: env.OIDC_ISSUER, audience: env.OIDC_AUDIENCE });
      const server = await createServer({
        domain,
        authenticate: verify,
        health,
        refreshHealth: refresh,
        answered: metrics.answered,
        logger,
      });
      shutdown.add("api", () => server.close());
      const address = await server.listen({ host: env.BFF_HOST, port: env.BFF_PORT });
      apiPort = Number(new URL(address).port);
    }
    let metricsPort: number | null = null;
    if (env.METRICS_PORT !== undefined) {
      const address = { host: env.METRICS_HOST, port: env.METRICS_PORT };
      const served = await serveHealth(health, address, { metrics: metrics.registry, refresh });
      shutdown.add("metrics", served.close);
      metricsPort = served.port;
    }
    await refresh();
    logger.info({ roles: env.BFF_ROLES, apiPort, gatewayPort, metricsPort }, "the registry serves");
    return { apiPort, gatewayPort, metricsPort, stop };
  } catch (error) {
    await stop("start failed");
    throw error;
  }
}

/** Redis may be away and the registry still serves: doorbells are backed by polls. Without the database it does not. */
async function refreshHealth(health: Health, fastDatabase: FastDatabase, redis: RedisConnections): Promise<void> {
  await fastDatabase
    .asSystem((tx) => tx.query("select 1"))
    .then(
      () => health.set("database", "ok"),
      () => health.set("database", "failing", "does not answer"),
    );
  health.set("redis", "ok", redis.commands.status === "ready" ? "answers" : "away: news come by polling");
}

if (import.meta.main) {
  const env = readEnv();
  const logger = createLogger({ app: "bff", level: env.LOG_LEVEL });
  const shutdown = createShutdown({ logger, graceMs: SHUTDOWN_GRACE_MS });
  shutdown.install();
  try {
    await startRegistry(env, logger, shutdown);
  } catch (error) {
    logger.fatal({ err: error }, "the registry could not start");
    process.exitCode = 1;
  }
}
