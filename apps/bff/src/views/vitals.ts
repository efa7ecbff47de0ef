/**
 * What those who keep the platform running watch, over all tenants: how much waits, for how long, and who is there to do it. It reads what
 * waits and nothing of what has ended, and tells counts and nothing of whose they are.
 */
import type { FastDatabase } from "../platform/fast-database.ts";

export type Vitals = {
  readonly runsQueued: number;
  /** Leased or running. */
  readonly runsHeld: number;
  /** How long the first of the queued runs that may be taken now waits: since it was submitted, or since its back-off ended. */
  readonly oldestQueuedSeconds: number;
  /** Hosts by state; those that were revoked for good are `revoked`. */
  readonly hosts: Readonly<Record<string, number>>;
  /** Rollouts under way, by state. */
  readonly rollouts: Readonly<Record<string, number>>;
  /** Ends of runs that no roll-up has counted yet. */
  readonly outcomesWaiting: number;
  /** Events that no listener has heard yet. */
  readonly eventsWaiting: number;
  /** Audit entries that have no place in the transparency log yet. */
  readonly auditWaiting: number;
};

export type VitalsView = { read(): Promise<Vitals> };

const VITALS = {
  name: "vitals",
  text: `select queue.*,
    (select count(*)::int from runs where state in ('leased', 'running')) as "runsHeld",
    (select coalesce(jsonb_object_agg(state, n), '{}') from (
      select case when revoked_at is null then state::text else 'revoked' end as state, count(*) as n from hosts group by 1) h) as hosts,
    (select coalesce(jsonb_object_agg(state, n), '{}') from (select state, count(*) as n from rollouts where ended_at is null group by 1) r) as rollouts,
    (select count(*)::int from usage_inbox) as "outcomesWaiting",
    (select count(*)::int from outbox_events where delivered_at is null) as "eventsWaiting",
    (select count(*)::int from audit_pending) as "auditWaiting"
    from (select count(*)::int as "runsQueued",
            greatest(0, extract(epoch from now() - min(greatest(submitted_at, not_before)) filter (where not_before <= now())))::float8 as "oldestQueuedSeconds"
            from runs where state = 'queued') queue`,
};

export function createVitalsView({ fastDatabase }: { fastDatabase: Pick<FastDatabase, "asSystem"> }): VitalsView {
  return {
    read: async () => {
      const { rows } = await fastDatabase.asSystem((tx) => tx.query<Vitals>(VITALS), { readOnly: true });
      if (!rows[0]) throw new Error("the ledger told nothing of itself");
      return rows[0];
    },
  };
}
