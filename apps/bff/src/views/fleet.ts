/** The fleet as a tenant's people see it: their own hosts and those of the platform that serve them. */
import type { PoolLevel, SandboxProof } from "@agent-factory/protocol";
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import { FLEET_DOORBELL, type HostState } from "../domain/fleet/fleet.ts";
import { type Bells, doorbell } from "./doorbell.ts";

export type HostInventory = {
  os?: string;
  arch?: string;
  node?: string;
  cpus?: number;
  memoryBytes?: number;
  gpus?: { uuid: string; name: string; memoryBytes: number }[];
  capabilities?: string[];
};

export type HostView = {
  id: string;
  name: string;
  state: HostState;
  stateReason: string | null;
  resumeAt: string | null;
  revokedAt: string | null;
  labels: Record<string, string>;
  servesAll: boolean;
  /** Belongs to the platform: a tenant may look, not touch. */
  platform: boolean;
  isolation: "proven" | "opted-out" | "unknown";
  proof: SandboxProof | null;
  slotsTotal: number;
  slotsFree: number;
  pool: { levels?: PoolLevel[]; load1?: number; memoryBytesFree?: number };
  inventory: HostInventory;
  agentVersion: string | null;
  clockSkewMs: number | null;
  lastSeenAt: string | null;
  certificateNotAfter: string | null;
  /** Runs of the reader's tenant that it works on. */
  running: number;
};

export type FleetOverview = { hosts: HostView[]; queue: { queued: number; running: number } };

export type FleetView = {
  list(actor: Actor): Promise<FleetOverview>;
  /** A number that rises each time something in the fleet may have changed; at least every few seconds, as heartbeats do not ring. */
  watch(actor: Actor, signal: AbortSignal): AsyncGenerator<number, void, void>;
};

/** Slots and last words change with each heartbeat: followers look again this often even when nothing rang. */
const POLL_MS = 4_000;
const PACE_MS = 200;
const HOSTS_MAX = 500;

type Row = Omit<HostView, "resumeAt" | "revokedAt" | "lastSeenAt" | "certificateNotAfter"> & {
  resumeAt: Date | null;
  revokedAt: Date | null;
  lastSeenAt: Date | null;
  certificateNotAfter: Date | null;
};

export function createFleetView({ access, redis }: { access: Access; redis: Bells }): FleetView {
  const reading = (actor: Actor) => ({ actor, action: "fleet.read" as const, resource: { kind: "host", id: "*" } });
  return {
    list: (actor) =>
      access.readFast(reading(actor), async (tx) => {
        const { rows } = await tx.query<Row>(
          `select h.id, h.name, h.state, h.state_reason as "stateReason", h.resume_at as "resumeAt", h.revoked_at as "revokedAt", h.labels,
             h.serves_all as "servesAll", h.tenant_id is null as platform, h.isolation, h.proof, h.slots_total as "slotsTotal",
             h.slots_free as "slotsFree", h.pool, h.inventory, h.agent_version as "agentVersion", h.clock_skew_ms as "clockSkewMs",
             h.last_seen_at as "lastSeenAt", h.certificate_not_after as "certificateNotAfter",
             (select count(*)::int from runs r where r.host_id = h.id and r.state in ('leased', 'running')) as running
           from hosts h order by h.revoked_at is not null, h.name, h.created_at limit ${HOSTS_MAX}`,
        );
        const { rows: queue } = await tx.query<{ queued: number; running: number }>(
          `select count(*) filter (where state = 'queued')::int as queued, count(*) filter (where state in ('leased', 'running'))::int as running
             from runs where state in ('queued', 'leased', 'running')`,
        );
        return {
          hosts: rows.map((row) => ({
            ...row,
            resumeAt: row.resumeAt?.toISOString() ?? null,
            revokedAt: row.revokedAt?.toISOString() ?? null,
            lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
            certificateNotAfter: row.certificateNotAfter?.toISOString() ?? null,
          })),
          queue: queue[0] ?? { queued: 0, running: 0 },
        };
      }),
    watch: async function* (actor, signal) {
      await access.readFast(reading(actor), async () => undefined);
      const bell = doorbell(signal);
      const silence = await redis.subscriber.on(FLEET_DOORBELL, bell.ring);
      try {
        for (let count = 1; !signal.aborted; count += 1) {
          yield count;
          await bell.pause(PACE_MS);
          await bell.next(POLL_MS);
        }
      } finally {
        await silence();
      }
    },
  };
}
