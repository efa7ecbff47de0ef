/** Rollouts in SQL. Whoever changes one holds its channel first, so that all that happens to a channel happens in order. */
import type { FastTransaction } from "../../platform/fast-database.ts";
import { jsonParameter } from "../../platform/sql.ts";
import type { CountRow, Targets } from "./judgement.ts";
import type { Plan } from "./plan.ts";
import type { RolloutPhase, RolloutState } from "./rollout.ts";
import type { Series } from "./series.ts";

/** What the last tick saw, for those who look, and what it must remember. */
export type Verdicts = {
  readonly at: string;
  readonly samples: { readonly baseline: number; readonly canary: number };
  readonly metrics: readonly unknown[];
  readonly series: Series;
  readonly accepted: readonly string[];
  readonly told: readonly string[];
};

export type RolloutRow = {
  readonly id: string;
  readonly tenantId: string;
  readonly number: number;
  readonly channelId: string;
  readonly channelName: string;
  readonly templateName: string;
  readonly baselineVersionId: string | null;
  readonly canaryVersionId: string;
  readonly baseline: string | null;
  readonly canary: string;
  readonly canaryRevoked: boolean;
  readonly plan: Plan;
  readonly targets: Targets;
  readonly verdicts: Verdicts | null;
  readonly revision: number;
  readonly startedBy: string;
  readonly state: RolloutState;
};

type Row = Omit<RolloutRow, "state"> & {
  readonly phase: RolloutPhase;
  readonly reason: string | null;
  readonly step: number;
  readonly stepStartedAt: Date | null;
  readonly pausedMs: number;
  readonly pausedAt: Date | null;
  readonly gatePassedAt: Date | null;
};

const SELECT = `select r.id, r.tenant_id as "tenantId", r.number, r.channel_id as "channelId", c.name as "channelName", t.name as "templateName",
  r.baseline_version_id as "baselineVersionId", r.canary_version_id as "canaryVersionId",
  (select v.semver from template_versions v where v.id = r.baseline_version_id) as baseline,
  (select v.semver from template_versions v where v.id = r.canary_version_id) as canary,
  exists (select from template_versions v join template_versions x on x.tenant_id = v.tenant_id and x.digest = v.digest
    where v.id = r.canary_version_id and x.state = 'revoked') as "canaryRevoked",
  r.plan, r.targets, r.verdicts, r.revision, r.started_by as "startedBy", r.state as phase, r.state_reason as reason, r.step,
  r.step_started_at as "stepStartedAt", r.paused_ms as "pausedMs", r.paused_at as "pausedAt", r.gate_passed_at as "gatePassedAt"
  from rollouts r join channels c on c.id = r.channel_id join templates t on t.id = r.template_id`;

function rolloutOf({ phase, reason, step, stepStartedAt, pausedMs, pausedAt, gatePassedAt, ...row }: Row): RolloutRow {
  const { accepted = [], told = [] } = row.verdicts ?? {};
  return { ...row, state: { state: phase, reason, step, stepStartedAt, pausedMs, pausedAt, gatePassedAt, accepted, told } };
}

/** Not held: hold its channel and look again. */
export async function findNumber(tx: FastTransaction, rolloutId: string): Promise<number | null> {
  const { rows } = await tx.query<{ number: number }>("select number from rollouts where id = $1", [rolloutId]);
  return rows[0]?.number ?? null;
}

export async function findByNumber(tx: FastTransaction, number: number): Promise<RolloutRow | null> {
  const { rows } = await tx.query<Row>(`${SELECT} where r.number = $1`, [number]);
  return rows[0] ? rolloutOf(rows[0]) : null;
}

export async function lockRollout(tx: FastTransaction, rolloutId: string): Promise<RolloutRow | null> {
  const { rows } = await tx.query<Row>({ name: "rollouts_lock", text: `${SELECT} where r.id = $1 for update of r` }, [rolloutId]);
  return rows[0] ? rolloutOf(rows[0]) : null;
}

/** Of all tenants, oldest first. */
export async function listLive(tx: FastTransaction): Promise<{ id: string; tenantId: string; channelId: string }[]> {
  const { rows } = await tx.query<{ id: string; tenantId: string; channelId: string }>(
    'select id, tenant_id as "tenantId", channel_id as "channelId" from rollouts where ended_at is null order by started_at, id',
  );
  return rows;
}

export type NewRollout = {
  readonly tenantId: string;
  readonly channelId: string;
  readonly templateId: string;
  readonly baselineVersionId: string | null;
  readonly canaryVersionId: string;
  readonly planId: string;
  readonly plan: Plan;
  readonly targets: Targets;
  readonly startedBy: string;
  readonly startedByName: string;
  readonly now: Date;
};

export async function insertRollout(tx: FastTransaction, rollout: NewRollout): Promise<{ id: string; number: number }> {
  // Numbers of a tenant rise by one: who is second waits.
  await tx.query("select pg_advisory_xact_lock(hashtextextended('rollouts ' || $1, 0))", [rollout.tenantId]);
  const { rows } = await tx.query<{ id: string; number: number }>(
    `insert into rollouts (tenant_id, number, channel_id, template_id, baseline_version_id, canary_version_id, plan_id, plan, targets, started_by,
       started_by_name, started_at)
     select $1, coalesce((select max(number) from rollouts where tenant_id = $1), 0) + 1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9, $10, $11
     returning id, number`,
    [
      rollout.tenantId,
      rollout.channelId,
      rollout.templateId,
      rollout.baselineVersionId,
      rollout.canaryVersionId,
      rollout.planId,
      JSON.stringify(rollout.plan),
      JSON.stringify(rollout.targets),
      rollout.startedBy,
      rollout.startedByName,
      rollout.now,
    ],
  );
  if (!rows[0]) throw new Error("no rollout was inserted");
  return rows[0];
}

/** False when somebody else changed it since `revision`. */
export async function storeRollout(
  tx: FastTransaction,
  { id, revision }: Pick<RolloutRow, "id" | "revision">,
  state: RolloutState,
  verdicts: Verdicts | null,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    {
      name: "rollouts_store",
      text: `update rollouts set state = $3::rollout_state, state_reason = $4, step = $5, step_started_at = $6, paused_ms = $7, paused_at = $8,
               gate_passed_at = $9, verdicts = $10::jsonb, revision = revision + 1,
               ended_at = case when $3 in ('completed', 'rolled_back') then $11::timestamptz end
              where id = $1 and revision = $2`,
    },
    [
      id,
      revision,
      state.state,
      state.reason,
      state.step,
      state.stepStartedAt,
      state.pausedMs,
      state.pausedAt,
      state.gatePassedAt,
      jsonParameter(verdicts ?? undefined),
      now,
    ],
  );
  return rowCount === 1;
}

export type NewEvent = {
  readonly tenantId: string;
  readonly rolloutId: string;
  readonly kind: string;
  readonly step: number;
  readonly actorId: string;
  readonly actorName: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export async function insertEvent(tx: FastTransaction, event: NewEvent, now: Date): Promise<void> {
  await tx.query(
    `insert into rollout_events (tenant_id, rollout_id, at, kind, step, actor_id, actor_name, data) values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)`,
    [event.tenantId, event.rolloutId, now, event.kind, event.step, event.actorId, event.actorName, JSON.stringify(event.data)],
  );
}

/** A version of a template by its number, and whether it may be rolled out. */
export async function findVersion(
  tx: FastTransaction,
  templateName: string,
  semver: string,
): Promise<{ id: string; revoked: boolean; signed: boolean } | null> {
  const { rows } = await tx.query<{ id: string; revoked: boolean; signed: boolean }>(
    `select v.id, v.attestation_id is not null as signed,
       exists (select from template_versions x where x.tenant_id = v.tenant_id and x.digest = v.digest and x.state = 'revoked') as revoked
     from template_versions v join templates t on t.id = v.template_id where t.name = $1 and v.semver = $2`,
    [templateName, semver],
  );
  return rows[0] ?? null;
}

/** Counts as the statistic reads them. The caller's transaction sees what was counted before it, whole. */
export type ReadCounts = (tx: FastTransaction, rolloutId: string) => Promise<readonly CountRow[]>;
