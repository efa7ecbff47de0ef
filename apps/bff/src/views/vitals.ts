/**
 * What those who keep the platform running watch, over all tenants: how much waits, for how long, and who is there to do it. One statement,
 * in the partial indexes of what waits; it tells counts and nothing of whose they are.
 */
import type { FastDatabase } from "../platform/fast-database.ts";

export type Vitals = {
  readonly runsQueued: number;
  /** Leased or running. */
  readonly runsHeld: number;
  /** How long the run that was submitted first of those queued waits. */
  readonly oldestQueuedSeconds: number;
  /** Hosts by state; those that were revoked or lost are counted as that. */
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
  text: `select (select count(*)::int from runs where state = 'queued') as "runsQueued",
    (select count(*)::int from runs where state in ('leased', 'running')) as "runsHeld",
    coalesce((select extract(epoch from now() - min(submitted_at)) from runs where state = 'queued'), 0)::float8 as "oldestQueuedSeconds",
    (select coalesce(jsonb_object_agg(state, n), '{}') from (select state, count(*) as n from hosts group by 1) h) as hosts,
    (select coalesce(jsonb_object_agg(state, n), '{}') from (select state, count(*) as n from rollouts where ended_at is null group by 1) r) as rollouts,
    (select count(*)::int from usage_inbox) as "outcomesWaiting",
    (select count(*)::int from outbox_events where delivered_at is null) as "eventsWaiting",
    (select count(*)::int from audit_pending) as "auditWaiting"`,
};

export function createVitalsView({ fastDatabase }: { fastDatabase: Pick<FastDatabase, "system"> }): VitalsView {
  return {
    read: async () => {
      const { rows } = await fastDatabase.system.query<Vitals>(VITALS);
      if (!rows[0]) throw new Error("the ledger told nothing of itself");
      return rows[0];
    },
  };
}
