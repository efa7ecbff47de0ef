/**
 * The runtime agent: proves its sandbox, enrols, and serves. Exit codes: 0 stopped in order; 77 the gateway refuses this host
 * (enrolment refused, revoked, replaced); 78 this machine or its settings do not allow serving (sandbox not proven, no version in common).
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EX_CONFIG, loadEnv } from "@agent-factory/process/env";
import { createHealth, serveHealth } from "@agent-factory/process/health";
import { createLogger } from "@agent-factory/process/logger";
import { createShutdown } from "@agent-factory/process/shutdown";
import { takeInventory } from "./devices/devices.ts";
import { createCodeCache } from "./drivers/code-cache.ts";
import { createNodeDriver } from "./drivers/node.ts";
import { noopDriver } from "./drivers/noop.ts";
import { environment } from "./env.ts";
import { createAdmission } from "./gate/admission.ts";
import { createTrustKeeper } from "./gate/trust-keeper.ts";
import { Host } from "./host.ts";
import { createHostMetrics } from "./metrics.ts";
import { createBubblewrapDriver } from "./pool/bubblewrap-sandbox.ts";
import { createPool } from "./pool/pool.ts";
import { createProcessDriver } from "./pool/process-sandbox.ts";
import { proveSandbox, requireProof } from "./pool/proof.ts";
import { EnrolmentRefused, enrol } from "./uplink/enrolment.ts";
import { createGatewayRequests } from "./uplink/gateway-requests.ts";
import { certificateWindow, findIdentity, type Identity, saveIdentity } from "./uplink/identity.ts";
import { createLink, type LinkEnd } from "./uplink/link.ts";

const EX_NOPERM = 77;
const AGENT_VERSION = "0.1.0";
const ENROL_RETRY_MS = 1000;

const env = loadEnv(environment);
const logger = createLogger({ app: "runtime-agent", level: env.LOG_LEVEL });
const health = createHealth();
const shutdown = createShutdown({ logger, graceMs: env.SHUTDOWN_GRACE_MS + 10_000 });

/** Ends in order, with a code that says whether starting again can help. */
function giveUp(code: number, message: string): Promise<never> {
  logger.fatal(message);
  process.stderr.write(`${message}\n`);
  return shutdown.run(message).then(() => process.exit(code));
}

health.set("sandbox", "starting", "not tried yet");
health.set("gateway", "starting", "not linked yet");
health.set("trust", "starting", "the trust root is not compared yet");
mkdirSync(env.STATE_DIR, { recursive: true, mode: 0o755 });
const metrics = createHostMetrics();
const healthServer = await serveHealth(health, { host: "127.0.0.1", port: env.HEALTH_PORT }, { metrics: metrics.registry });
shutdown.add("health", () => healthServer.close());
shutdown.install();

async function openSandbox() {
  try {
    return env.SANDBOX === "bubblewrap" ? await createBubblewrapDriver({ stateDir: env.STATE_DIR }) : createProcessDriver();
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    return giveUp(
      EX_CONFIG,
      `There is no sandbox on this machine: ${sentence}\nSANDBOX=process with SANDBOX_UNPROVEN=serve runs template code as plain processes.`,
    );
  }
}

const driver = await openSandbox();
const pool = createPool({ driver, warmTarget: env.WARM_TARGET, logger });
metrics.watchPool(pool.accounts);
shutdown.add("pool", () => pool.close());

const proof = await proveSandbox(driver);
try {
  requireProof(proof, env.SANDBOX_UNPROVEN);
} catch (error) {
  health.set("sandbox", "failing", "not proven");
  await giveUp(EX_CONFIG, (error as Error).message);
}
for (const { name, held, evidence } of proof.properties)
  logger[held ? "debug" : "warn"]({ property: name, held, evidence }, "sandbox property");
if (proof.verdict === "proven") logger.info({ cgroup: proof.cgroup, uid: proof.uid }, "the sandbox is proven");
else logger.warn("SANDBOX_UNPROVEN=serve: template code runs in a sandbox that does not confine it");
health.set("sandbox", "ok", proof.verdict);
pool.start();

/** The token, when there is one to be had now. */
function findJoinToken(): string | null {
  if (env.JOIN_TOKEN !== undefined) return env.JOIN_TOKEN;
  if (env.JOIN_TOKEN_FILE === undefined) return null;
  try {
    return readFileSync(env.JOIN_TOKEN_FILE, "utf8").trim() || null;
  } catch {
    return null;
  }
}

async function becomeHost(): Promise<Identity> {
  const known = findIdentity(env.STATE_DIR);
  const expired = known !== null && certificateWindow(known.certificatePem).notAfter.getTime() <= Date.now();
  if (known !== null && !expired) return known;
  if (env.JOIN_TOKEN === undefined && env.JOIN_TOKEN_FILE === undefined)
    return giveUp(
      EX_NOPERM,
      expired
        ? "This host's certificate has run out. Make a new join token under Fleet in the console and set JOIN_TOKEN."
        : "This machine is not enrolled. Make a join token under Fleet in the console and set JOIN_TOKEN.",
    );
  for (let told = ""; ; await delay(ENROL_RETRY_MS * (0.5 + Math.random()))) {
    const token = findJoinToken();
    let problem = `waiting for a join token in ${env.JOIN_TOKEN_FILE}`;
    if (token !== null) {
      try {
        const identity = await enrol({ gatewayUrl: env.GATEWAY_URL, token });
        saveIdentity(env.STATE_DIR, identity);
        logger.info({ hostId: identity.hostId, hostName: identity.hostName }, "enrolled");
        return identity;
      } catch (error) {
        if (error instanceof EnrolmentRefused) return giveUp(EX_NOPERM, `Enrolment refused (${error.code}): ${error.message}`);
        problem = `the gateway at ${env.GATEWAY_URL} cannot be reached: ${(error as Error).message}`;
      }
    }
    health.set("gateway", "starting", problem);
    if (problem !== told) logger.warn(problem);
    told = problem;
  }
}

const identity = await becomeHost();
const requests = createGatewayRequests(env.GATEWAY_URL, identity);
const trust = createTrustKeeper({
  stateDir: env.STATE_DIR,
  requests,
  logger,
  onHealth: (state, detail) => health.set("trust", state, detail),
});
const admission = createAdmission({ requests, trust });
const cache = createCodeCache({ directory: join(env.STATE_DIR, "code") });
const host = new Host({
  slots: env.SLOTS,
  warmTarget: env.WARM_TARGET,
  epoch: randomUUID(),
  agentVersion: AGENT_VERSION,
  inventory: await takeInventory(),
  proof,
  pool,
  drivers: { node: createNodeDriver({ pool, requests, cache, admission }), noop: noopDriver },
  doubt: () => trust.doubt(),
  warmDigests: cache.digests,
  logger,
});

async function ended(end: LinkEnd): Promise<void> {
  host.abandon();
  health.set("gateway", "failing", end.message);
  const sentences: Record<LinkEnd["code"], string> = {
    revoked:
      "This host was revoked; it serves no longer. To use the machine again, remove its STATE_DIR and enrol it with a new join token.",
    replaced: "Another agent connected with this host's identity; this one stops. Two agents must not share a STATE_DIR.",
    unsupported: "This agent and the gateway speak no common version of the protocol. Update the older one.",
    unproven: "The gateway does not accept this host's sandbox.",
    "certificate-expired": "This host's certificate has run out.",
  };
  // Its certificate is worth nothing any more; with a token at hand the next start can enrol.
  if (end.code === "certificate-expired") rmSync(join(env.STATE_DIR, "host-identity.json"), { force: true });
  await giveUp(end.code === "unsupported" || end.code === "unproven" ? EX_CONFIG : EX_NOPERM, `${sentences[end.code]} (${end.message})`);
}

const link = createLink({
  gatewayUrl: env.GATEWAY_URL,
  identity,
  logger,
  hello: () => host.hello(),
  heartbeat: () => host.heartbeat(),
  onWelcome: ({ protocol }) => {
    host.welcome(protocol);
    void trust.greet();
  },
  onFrame: (frame) => host.receive(frame),
  next: () => host.next(),
  onState: (state, detail) => health.set("gateway", state === "linked" ? "ok" : "starting", detail),
  onEnd: (end) => void ended(end),
  onIdentity: (next) => {
    saveIdentity(env.STATE_DIR, next);
    requests.use(next);
  },
});
host.attach(link);
metrics.watchHost(() => ({ slots: env.SLOTS, busy: host.busy, linked: link.state() === "linked" }));
shutdown.add("requests", async () => requests.close());
shutdown.add("link", () => link.close("the agent stops"));
shutdown.add("runs", () => host.close(env.SHUTDOWN_GRACE_MS));
link.start();
logger.info({ hostName: identity.hostName, slots: env.SLOTS, gateway: env.GATEWAY_URL }, "serving");
