/**
 * The fleet: which machines may work, and how they stand. People change a host's standing (audited); the host itself reports
 * through the gateway (`connect`, `heartbeat`); loops notice silence. Work itself belongs to `runs`.
 */
import type { HostFrame, PoolLevel } from "@agent-factory/protocol";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import type { Actor, HostActor, SystemActor } from "../actor.ts";
import type { Audit } from "../audit/audit.ts";
import { addToOutbox } from "../audit/outbox.ts";
import { Failure } from "../failure.ts";
import { createEnrolment, type Enrolment, requireClock } from "./enrolment.ts";
import {
  countServing,
  deleteTokens,
  findHost,
  type HostRow,
  lockHost,
  lockResumable,
  lockSilent,
  recordCertificate,
  recordHeartbeat,
  recordIntroduction,
  setRevoked,
  setStanding,
  tenantsOf,
} from "./fleet-store.ts";
import { advance, assessProof, type HostEvent, isSilent, SILENCE_MS, type Standing } from "./host.ts";
import type { HostAuthority } from "./host-authority.ts";
import { parseTrustNews, TRUST_DOORBELL } from "./host-trust.ts";

export type { HostState, Standing } from "./host.ts";
export type { HostAuthority } from "./host-authority.ts";
export type { HostTrust, TrustNews } from "./host-trust.ts";
export { parseTrustNews, TRUST_DOORBELL };

export type Hello = Extract<HostFrame, { t: "hello" }>;
export type Heartbeat = {
  readonly clock: number;
  readonly pool: readonly PoolLevel[];
  readonly load1: number;
  readonly memoryBytesFree: number;
};

/** For which tenants a ready host may be given work, and what it can do. */
export type Serving = { readonly tenants: "all" | readonly string[]; readonly capabilities: readonly string[] };

export type Fleet = Enrolment & {
  /** No new work until uncordoned, or for `resumeInMinutes`. Failures: `fleet.host-missing`, `fleet.platform-host`, `fleet.wrong-state`. */
  cordon(actor: Actor, input: { hostId: string; reason: string; resumeInMinutes?: number | undefined }): Promise<Standing>;
  uncordon(actor: Actor, input: { hostId: string }): Promise<Standing>;
  /** Finishes what it runs and takes nothing more, until uncordoned. */
  drain(actor: Actor, input: { hostId: string; reason: string }): Promise<Standing>;
  /** For good: its certificate is refused from now on, what it runs is given to others. */
  revoke(actor: Actor, input: { hostId: string }): Promise<void>;

  /** The host behind a certificate of ours. Failures: `fleet.host-missing`, `fleet.host-revoked`. */
  admit(hostId: string): Promise<HostActor>;
  /**
   * The agent's first words on a connection. `newEpoch`: it has restarted since we last heard it; `tenants`: whom it serves, which
   * never changes. Failures: `fleet.clock-skew`, `fleet.unproven`, `fleet.host-revoked`.
   */
  connect(host: HostActor, hello: Hello): Promise<{ standing: Standing; newEpoch: boolean; tenants: Serving["tenants"] }>;
  /** Failures: `fleet.host-revoked`. */
  heartbeat(host: HostActor, beat: Heartbeat): Promise<Standing>;
  /** How the host stands now. Failures: `fleet.host-revoked`. */
  standing(host: HostActor): Promise<Standing>;
  drained(host: HostActor): Promise<void>;
  /** A new certificate for the same host. Failures: `fleet.csr-invalid`, `fleet.host-revoked`. */
  renew(host: HostActor, csrPem: string): Promise<{ certificatePem: string; caPem: string }>;

  /** Joins the caller's transaction. Null when the host may be given nothing. */
  serving(tx: FastTransaction, hostId: string): Promise<Serving | null>;
  /** Refuses with `runs.no-host-ready` when no ready host with these capabilities serves the tenant. */
  requireReadyHost(tenantId: string, capabilities: readonly string[]): Promise<void>;

  /** Loops. Each answers how many rows it moved. */
  loseSilent(loop: SystemActor): Promise<number>;
  resumeCordoned(loop: SystemActor): Promise<number>;
  forgetJoinTokens(loop: SystemActor): Promise<number>;
};

/** Tokens are kept this long after they expired, so that a late machine still hears why it is refused. */
const TOKEN_KEPT_MS = 7 * 24 * 60 * 60_000;

/** How often hosts are asked to report. */
export const HEARTBEAT_MS = 2_000;

/** Channel of the doorbell that rings when anything in the fleet changed. */
export const FLEET_DOORBELL = "fleet";
/** Channel of one host's doorbell: its standing changed, or a run of it was cancelled. */
export const hostDoorbell = (hostId: string): string => `host:${hostId}`;

export type FleetParts = {
  readonly access: Access;
  readonly audit: Audit;
  readonly fastDatabase: FastDatabase;
  readonly authority: HostAuthority;
  readonly redis: Pick<RedisConnections, "publish">;
  readonly clock: Clock;
  readonly gatewayUrl: string;
};

export function createFleet({ access, audit, fastDatabase, authority, redis, clock, gatewayUrl }: FleetParts): Fleet {
  const ring = (hostId?: string) => {
    void redis.publish(FLEET_DOORBELL, hostId ?? "");
    if (hostId !== undefined) void redis.publish(hostDoorbell(hostId), "standing");
  };

  /** Moves a host on somebody's behalf: locked, decided by the pure machine, audited. */
  const change = async (
    actor: Actor,
    action: "fleet.cordon" | "fleet.drain",
    hostId: string,
    event: (host: HostRow) => HostEvent,
  ): Promise<Standing> => {
    const standing = await access.performFast({ actor, action, resource: { kind: "host", id: hostId } }, async (tx, note) => {
      const host = await requireOwn(tx, actor, hostId);
      const happened = event(host);
      const next = advance(host, happened);
      if (!next) {
        throw new Failure("conflict", "fleet.wrong-state", `${host.name} is ${host.state}: it cannot ${happened.type} now`, {
          state: host.state,
        });
      }
      await setStanding(tx, hostId, next);
      note.before(standingOf(host));
      note.after(next);
      return next;
    });
    ring(hostId);
    return standing;
  };

  const asHost = async <T>(host: HostActor, work: (tx: FastTransaction, row: HostRow) => Promise<T>): Promise<T> =>
    fastDatabase.asSystem(async (tx) => work(tx, requireUnrevoked(await lockHost(tx, host.id), host.id)));

  /** A loop's change: what becomes of each locked host, with an audit entry when a person's decision ends. */
  const sweep = async (
    find: (tx: FastTransaction) => Promise<HostRow[]>,
    move: (tx: FastTransaction, host: HostRow) => Promise<boolean>,
  ) => {
    const moved = await fastDatabase.asSystem(async (tx) => {
      const hosts: string[] = [];
      for (const host of await find(tx)) if (await move(tx, host)) hosts.push(host.id);
      return hosts;
    });
    for (const hostId of moved) ring(hostId);
    return moved.length;
  };

  return {
    ...createEnrolment({ access, audit, fastDatabase, authority, clock, gatewayUrl, ringFleet: () => ring() }),

    cordon: (actor, { hostId, reason, resumeInMinutes }) =>
      change(actor, "fleet.cordon", hostId, () => ({
        type: "cordon",
        reason,
        resumeAt: resumeInMinutes === undefined ? null : new Date(clock.now().getTime() + resumeInMinutes * 60_000),
      })),
    uncordon: (actor, { hostId }) =>
      change(actor, "fleet.cordon", hostId, (host) => ({ type: "uncordon", silent: isSilent(host.lastSeenAt, clock.now()) })),
    drain: (actor, { hostId, reason }) => change(actor, "fleet.drain", hostId, () => ({ type: "drain", reason })),
    revoke: async (actor, { hostId }) => {
      await access.performFast({ actor, action: "fleet.revoke", resource: { kind: "host", id: hostId } }, async (tx, note) => {
        const host = await requireOwn(tx, actor, hostId);
        await setRevoked(tx, hostId, clock.now());
        await addToOutbox(tx, { tenantId: host.tenantId, topic: "host.revoked", key: hostId, payload: { hostId } });
        note.before(standingOf(host));
        note.after({ revoked: true });
      });
      ring(hostId);
    },

    admit: async (hostId) => {
      const host = requireUnrevoked(await fastDatabase.asSystem((tx) => findHost(tx, hostId), { readOnly: true }), hostId);
      return { kind: "host", id: host.id, name: host.name, tenantId: host.tenantId, roles: ["host"] };
    },
    connect: async (actor, hello) => {
      const now = clock.now();
      const clockSkewMs = requireClock(hello.clock, now);
      const isolation = assessProof(hello.proof);
      if (isolation.verdict === "unproven") {
        throw new Failure("forbidden", "fleet.unproven", `The sandbox is not proven: ${isolation.missing.join(", ") || "driver process"}`, {
          missing: isolation.missing,
        });
      }
      const answer = await asHost(actor, async (tx, host) => {
        await recordIntroduction(tx, host.id, {
          epoch: hello.epoch,
          agentVersion: hello.agentVersion,
          inventory: { ...hello.inventory, capabilities: hello.capabilities },
          proof: hello.proof,
          isolation: isolation.verdict,
          pool: hello.pool,
          clockSkewMs,
          seenAt: now,
        });
        const next = advance(host, { type: "hello" });
        if (next) await setStanding(tx, host.id, next);
        const newEpoch = host.epoch !== null && host.epoch !== hello.epoch;
        return { standing: next ?? standingOf(host), newEpoch, tenants: tenantsOf(host) };
      });
      ring();
      return answer;
    },
    heartbeat: async (actor, beat) => {
      const now = clock.now();
      const { row, returned } = await fastDatabase.asSystem(async (tx) => {
        const row = await recordHeartbeat(tx, actor.id, { ...beat, clockSkewMs: beat.clock - now.getTime(), seenAt: now });
        if (!row || row.revokedAt !== null) throw revoked(actor.id);
        // Lost while its words were on the way (or we slept): it is here, so it is not lost.
        const next = row.state === "lost" ? advance(row, { type: "hello" }) : null;
        if (next) await setStanding(tx, actor.id, next);
        return { row, returned: next };
      });
      if (returned) ring();
      return returned ?? standingOf(row);
    },
    standing: async (actor) =>
      standingOf(requireUnrevoked(await fastDatabase.asSystem((tx) => findHost(tx, actor.id), { readOnly: true }), actor.id)),
    drained: async (actor) => {
      await asHost(actor, async (tx, host) => {
        const next = advance(host, { type: "drained" });
        if (next) await setStanding(tx, host.id, next);
      });
      ring();
    },
    renew: async (actor, csrPem) => {
      const issued = await authority.issueHostCertificate(actor.id, csrPem);
      await asHost(actor, (tx, host) => recordCertificate(tx, host.id, issued.fingerprint, issued.notAfter));
      return { certificatePem: issued.certificatePem, caPem: authority.caPem };
    },

    serving: async (tx, hostId) => {
      const host = await findHost(tx, hostId);
      if (!host || host.revokedAt !== null || host.state !== "ready") return null;
      return { tenants: tenantsOf(host), capabilities: host.inventory.capabilities ?? [] };
    },
    requireReadyHost: async (tenantId, capabilities) => {
      const counts = await fastDatabase.asSystem((tx) => countServing(tx, tenantId, capabilities), { readOnly: true });
      const sum = (of: (row: (typeof counts)[number]) => boolean) => counts.filter(of).reduce((total, row) => total + row.hosts, 0);
      if (sum((row) => row.state === "ready" && row.capable) > 0) return;
      const [hosts, ready] = [sum(() => true), sum((row) => row.state === "ready")];
      const reason =
        hosts === 0 ? "none-enrolled" : ready > 0 ? "capability-missing" : (counts.find((row) => row.hosts > 0)?.state ?? "unknown");
      throw new Failure("unavailable", "runs.no-host-ready", `No host is ready: ${whatToDo(hosts, ready, reason, capabilities)}`, {
        hosts,
        ready,
        reason,
        capabilities,
        states: Object.fromEntries(counts.map((row) => [row.state, sum(({ state }) => state === row.state)])),
      });
    },

    loseSilent: (loop) =>
      sweep(
        (tx) => lockSilent(tx, ["ready", "draining"], new Date(clock.now().getTime() - SILENCE_MS)),
        async (tx, host) => {
          const next = advance(host, { type: "silent" });
          if (!next) return false;
          await setStanding(tx, host.id, next);
          await addToOutbox(tx, { tenantId: host.tenantId, topic: "host.lost", key: host.id, payload: { hostId: host.id, by: loop.id } });
          return true;
        },
      ),
    resumeCordoned: (loop) =>
      sweep(
        (tx) => lockResumable(tx, clock.now()),
        async (tx, host) => {
          const next = advance(host, { type: "uncordon", silent: isSilent(host.lastSeenAt, clock.now()) });
          if (!next) return false;
          await setStanding(tx, host.id, next);
          await audit.append(tx, {
            actor: { ...loop, tenantId: host.tenantId },
            action: "fleet.cordon",
            resource: { kind: "host", id: host.id },
            outcome: "allowed",
            reason: "its time to resume has come",
            before: standingOf(host),
            after: next,
          });
          return true;
        },
      ),
    forgetJoinTokens: () => fastDatabase.asSystem((tx) => deleteTokens(tx, new Date(clock.now().getTime() - TOKEN_KEPT_MS))),
  };
}

function standingOf({ state, stateReason, resumeAt }: Standing): Standing {
  return { state, stateReason, resumeAt };
}

/** A host that this actor may change. Row-level security decides what a tenant can lock; a look says why it could not. */
async function requireOwn(tx: FastTransaction, actor: Actor, hostId: string): Promise<HostRow> {
  const host = await lockHost(tx, hostId);
  if (host) {
    if (host.revokedAt !== null) throw revoked(hostId);
    return host;
  }
  if (actor.tenantId !== null && (await findHost(tx, hostId))) {
    throw new Failure("forbidden", "fleet.platform-host", "This host belongs to the platform: only its operators change it", { hostId });
  }
  throw new Failure("missing", "fleet.host-missing", "There is no such host", { hostId });
}

function requireUnrevoked(host: HostRow | null, hostId: string): HostRow {
  if (!host) throw new Failure("missing", "fleet.host-missing", "There is no such host", { hostId });
  if (host.revokedAt !== null) throw revoked(hostId);
  return host;
}

function revoked(hostId: string): Failure {
  return new Failure("forbidden", "fleet.host-revoked", "This host was revoked: enrol the machine again with a new join token", { hostId });
}

function whatToDo(hosts: number, ready: number, reason: string, capabilities: readonly string[]): string {
  if (hosts === 0) return "none is enrolled. Make a join token on the fleet page and start a runtime agent with it";
  if (ready > 0) return `none of the ready hosts has ${capabilities.join(", ")}. Enrol one that has, or drop the capability`;
  if (reason === "lost") return "its agent is silent. Start the runtime agent again, or look at its log";
  return `it is ${reason}. Uncordon it on the fleet page, or enrol another`;
}
