/**
 * The ledger in SQL. Every statement that speaks for a host names the run's attempt, fence and host in its WHERE: that is where
 * races are settled. Statements are prepared by name and take whole batches through `unnest`.
 *
 * Inputs and outputs are stored as JSON *strings* that hold the text: what a template says is kept byte for byte.
 */
import type { Hold, Lease, RunError } from "@agent-factory/protocol";
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { Judged } from "../channels/channels.ts";
import { OUTCOME_COLUMNS, sayOutcomes } from "./outcome-store.ts";
import { type RunState, VERSION_REVOKED } from "./run.ts";
import { QUEUE_CLOCK, type Turns } from "./turn-store.ts";

export type NewRuns = {
  readonly tenantId: string;
  readonly kind: "try" | "run";
  readonly templateId: string;
  readonly templateName: string;
  readonly draftId: string | null;
  readonly draftRevision: number | null;
  /** The published version, pinned with what vouches for it; null for tries and no-ops. */
  readonly version: {
    readonly id: string;
    readonly semver: string;
    readonly subjectName: string;
    readonly bundleDigest: string;
  } | null;
  readonly driver: Lease["driver"];
  readonly manifestDigest: string;
  readonly code: { readonly digest: string; readonly entry: string } | null;
  readonly limits: Lease["limits"];
  readonly capabilities: readonly string[];
  readonly priority: number;
  readonly maxAttempts: number;
  readonly submittedBy: string;
  readonly submittedByName: string;
  readonly submittedAt: Date;
  readonly traceId: string | null;
  /** The id of the only run, when it is known before. */
  readonly runId: string | null;
  /** The channel that pinned it; null when it was asked for by range, or is a try. */
  readonly channel: {
    readonly id: string;
    readonly name: string;
    readonly stickyHash: bigint;
    readonly judged: Judged | null;
  } | null;
  readonly inputs: readonly { readonly text: string | null; readonly digest: string | null; readonly sizeBytes: number }[];
  /** As many as there are inputs. */
  readonly turns: Turns;
};

/** Queues runs of one tenant, each at its turn. */
export async function insertRuns(tx: FastTransaction, runs: NewRuns): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    {
      name: "runs_insert",
      text: `with submitted as (
        insert into runs (id, channel_id, channel_name, sticky_hash, judged, tenant_id, kind, template_id, template_name, draft_id, draft_revision, driver, manifest_digest, code_digest, code_entry,
          limits, capabilities, priority, max_attempts, submitted_by, submitted_by_name, submitted_at, not_before, trace_id,
          version_id, semver, subject_name, bundle_digest, input_inline, input_digest, input_size_bytes, virtual_start)
        select coalesce($27::uuid, uuidv7()), $28::uuid, $29, $30::bigint, $31::jsonb, $1, $3::run_kind, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13::text[], $14, $15, $16, $17, $18, $18, $19,
          $23::uuid, $24, $25, $26, to_jsonb(i.text), i.digest, i.size, $32::float8 - ($2::float8 + 1 - i.n) / $33::float8
        from unnest($20::text[], $21::text[], $22::bigint[]) with ordinality as i (text, digest, size, n)
        returning id
      ), noted as (
        insert into run_events (tenant_id, run_id, at, attempt, kind) select $1, id, $18, 1, 'queued' from submitted
      ) select id from submitted`,
    },
    [
      runs.tenantId,
      runs.inputs.length,
      runs.kind,
      runs.templateId,
      runs.templateName,
      runs.draftId,
      runs.draftRevision,
      runs.driver,
      runs.manifestDigest,
      runs.code?.digest ?? null,
      runs.code?.entry ?? null,
      JSON.stringify(runs.limits),
      runs.capabilities,
      runs.priority,
      runs.maxAttempts,
      runs.submittedBy,
      runs.submittedByName,
      runs.submittedAt,
      runs.traceId,
      runs.inputs.map(({ text }) => text),
      runs.inputs.map(({ digest }) => digest),
      runs.inputs.map(({ sizeBytes }) => sizeBytes),
      runs.version?.id ?? null,
      runs.version?.semver ?? null,
      runs.version?.subjectName ?? null,
      runs.version?.bundleDigest ?? null,
      runs.runId,
      runs.channel?.id ?? null,
      runs.channel?.name ?? null,
      runs.channel?.stickyHash.toString() ?? null,
      runs.channel?.judged ? JSON.stringify(runs.channel.judged) : null,
      runs.turns.virtualTime,
      runs.turns.weight,
    ],
  );
  return rows.map(({ id }) => id);
}

/** Whether it is this id's second run that the ledger refused. */
export function isSecondRun(error: unknown): boolean {
  return error instanceof Error && "constraint" in error && error.constraint === "runs_pkey";
}

/** What was answered when the run was submitted. */
export async function findSubmitted(
  tx: FastTransaction,
  runId: string,
): Promise<{ runId: string; semver: string; cohort: "baseline" | "canary" | null } | null> {
  const { rows } = await tx.query<{ runId: string; semver: string; cohort: "baseline" | "canary" | null }>(
    `select id as "runId", semver, judged->>'cohort' as cohort from runs where id = $1 and semver is not null`,
    [runId],
  );
  return rows[0] ?? null;
}

/** An id that a run will have. */
export async function freshRunId(tx: FastTransaction): Promise<string> {
  const { rows } = await tx.query<{ id: string }>({ name: "runs_fresh_id", text: "select uuidv7() as id" });
  if (!rows[0]) throw new Error("the database gave no id");
  return rows[0].id;
}

export type LeasedRow = {
  readonly id: string;
  readonly tenantId: string;
  readonly kind: "try" | "run";
  readonly templateName: string;
  readonly driver: Lease["driver"];
  readonly manifestDigest: string;
  readonly semver: string | null;
  readonly subjectName: string | null;
  readonly bundleDigest: string | null;
  readonly codeDigest: string | null;
  readonly codeEntry: string | null;
  readonly inputText: string | null;
  readonly inputDigest: string | null;
  readonly inputSizeBytes: number;
  readonly limits: Lease["limits"];
  readonly attempt: number;
  readonly fence: number;
  readonly traceId: string | null;
};

/**
 * Up to `max` runs in queue order become this host's. Other leasers skip the rows we are taking, and we theirs; who finds the
 * queue's clock taken leaves it to the other: it may lag by a batch, and nobody waits for it.
 */
export async function leaseRuns(
  tx: FastTransaction,
  host: {
    readonly id: string;
    readonly name: string;
    readonly tenants: "all" | readonly string[];
    readonly capabilities: readonly string[];
  },
  { max, now, until }: { max: number; now: Date; until: Date },
): Promise<LeasedRow[]> {
  // The queue is read in index order and no other way: a sort or a bitmap would visit every entry that left the queue since the
  // last vacuum, an ordered scan marks them dead as it passes and never sees them again. There is no other plan to find, so one is kept:
  // looking for it anew takes as long as leasing a few runs.
  await tx.query(
    "set local enable_sort = off; set local enable_bitmapscan = off; set local enable_seqscan = off; set local plan_cache_mode = force_generic_plan",
  );
  const { rows } = await tx.query<LeasedRow>(
    {
      name: "runs_lease",
      text: `with picked as materialized (
        select id from runs r
         where state = 'queued' and not_before <= $3 and ($5::uuid[] is null or tenant_id = any ($5)) and capabilities <@ $6::text[]
           and (version_id is null or not exists (
             select from template_versions v where v.tenant_id = r.tenant_id and v.digest = r.manifest_digest and v.state = 'revoked'))
         order by priority desc, virtual_start, id limit $2 for update of r skip locked
      ), leased as (
        update runs r set state = 'leased', fence = r.fence + 1, host_id = $1, lease_expires_at = $4, state_reason = null
          from picked where r.id = picked.id returning r.*
      ), noted as (
        insert into run_events (tenant_id, run_id, at, attempt, kind, data)
        select tenant_id, id, $3, attempt, 'leased', jsonb_build_object('hostId', $1::uuid, 'hostName', $7::text, 'fence', fence) from leased
      ), free_clock as (
        select tenant_id from tenant_queues where tenant_id = '${QUEUE_CLOCK}' for update skip locked
      ), clock as (
        update tenant_queues q set virtual_time = m.latest from free_clock c, (select max(virtual_start) as latest from leased) m
        where q.tenant_id = c.tenant_id and q.virtual_time < m.latest
      ), first_clock as (
        insert into tenant_queues (tenant_id, virtual_time)
        select '${QUEUE_CLOCK}', max(virtual_start) from leased
        having count(*) > 0 and not exists (select from tenant_queues where tenant_id = '${QUEUE_CLOCK}') on conflict do nothing
      )
      select id, tenant_id as "tenantId", kind, template_name as "templateName", driver, manifest_digest as "manifestDigest",
        semver, subject_name as "subjectName", bundle_digest as "bundleDigest", code_digest as "codeDigest", code_entry as "codeEntry", input_inline as "inputText", input_digest as "inputDigest",
        input_size_bytes as "inputSizeBytes", limits, attempt, fence, trace_id as "traceId"
      from leased order by priority desc, virtual_start, id`,
    },
    [host.id, max, now, until, host.tenants === "all" ? null : host.tenants, host.capabilities, host.name],
  );
  return rows;
}

/** The run, attempt and fence of each hold as three arrays, for `unnest`. */
function columns(holds: readonly Hold[]): [string[], number[], number[]] {
  return [holds.map(({ runId }) => runId), holds.map(({ attempt }) => attempt), holds.map(({ fence }) => fence)];
}

/** `said` joined to the runs that this host really holds. */
const HELD = "r.id = said.id and r.attempt = said.attempt and r.fence = said.fence and r.host_id = $1 and r.state in ('leased', 'running')";

export async function markStarted(
  tx: FastTransaction,
  hostId: string,
  started: readonly (Hold & { readonly handOutMs: number; readonly warm: boolean })[],
  now: Date,
): Promise<void> {
  await tx.query(
    {
      name: "runs_started",
      text: `with said as (select * from unnest($2::uuid[], $3::int[], $4::bigint[], $5::float8[], $6::bool[]) as s (id, attempt, fence, hand_out, warm)),
      moved as (
        update runs r set state = 'running', started_at = $7 from said where ${HELD} and r.state = 'leased'
        returning r.id, r.tenant_id, r.attempt, said.hand_out, said.warm
      )
      insert into run_events (tenant_id, run_id, at, attempt, kind, data)
      select tenant_id, id, $7, attempt, 'started', jsonb_build_object('handOutMs', hand_out, 'warm', warm) from moved`,
    },
    [hostId, ...columns(started), started.map(({ handOutMs }) => handOutMs), started.map(({ warm }) => warm), now],
  );
}

export type RunFacts = {
  readonly id: string;
  readonly tenantId: string;
  readonly templateName: string;
  /** Null for tries and no-ops. */
  readonly semver: string | null;
  readonly driver: string;
  readonly manifestDigest: string;
  readonly outputDigest: string | null;
  readonly outputSizeBytes: number;
  readonly state: RunState;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly fence: number;
  readonly hostId: string | null;
  readonly cancelRequested: boolean;
  /** Its version may not run any more: why its end is asked for. */
  readonly revoked: boolean;
  readonly limits: Lease["limits"];
  /** Null outside channels; a run that was moved is judged no more. */
  readonly versionId: string | null;
  readonly channelId: string | null;
  readonly judged: Judged | null;
};

const FACTS = `id, version_id as "versionId", channel_id as "channelId", judged, tenant_id as "tenantId", template_name as "templateName", semver, driver, manifest_digest as "manifestDigest", output_digest as "outputDigest",
  output_size_bytes as "outputSizeBytes", state, attempt, max_attempts as "maxAttempts", fence, host_id as "hostId",
  cancel_requested_at is not null as "cancelRequested", state_reason is not distinct from '${VERSION_REVOKED}' as revoked, limits`;

export async function findFacts(tx: FastTransaction, runIds: readonly string[]): Promise<Map<string, RunFacts>> {
  const { rows } = await tx.query<RunFacts>({ name: "runs_facts", text: `select ${FACTS} from runs where id = any ($1::uuid[])` }, [
    runIds,
  ]);
  return new Map(rows.map((row) => [row.id, row]));
}

export type Ending = Hold & {
  readonly state: "succeeded" | "failed" | "cancelled";
  readonly error: RunError | null;
  readonly output: { readonly text: string | null; readonly digest: string | null; readonly sizeBytes: number } | null;
  readonly usage: unknown;
};

/** Ends the runs that this host holds and answers each with its error; the others are untouched. */
export async function endRuns(
  tx: FastTransaction,
  hostId: string,
  endings: readonly Ending[],
  now: Date,
): Promise<Map<string, RunError | null>> {
  if (endings.length === 0) return new Map();
  const { rows } = await tx.query<{ id: string; error: RunError | null }>(
    {
      name: "runs_end",
      text: `with said as (
        select * from unnest($2::uuid[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::text[])
          as s (id, attempt, fence, state, error, output, digest, size, usage)
      ), ended as (
        update runs r set state = said.state::run_state, finished_at = $11, lease_expires_at = null,
          state_reason = case when said.state = 'cancelled' then r.state_reason end,
          started_at = coalesce(r.started_at, $11), error = said.error::jsonb, usage = said.usage::jsonb,
          output_inline = to_jsonb(said.output), output_digest = said.digest, output_size_bytes = said.size
        from said where ${HELD} returning ${OUTCOME_COLUMNS}
      ), noted as (
        insert into run_events (tenant_id, run_id, at, attempt, kind, data)
        select tenant_id, id, $11, attempt, 'finished', jsonb_strip_nulls(jsonb_build_object('state', state, 'errorKind', error->>'kind')) from ended
      ), told as (${sayOutcomes("ended", "$11")}) select id, error from ended`,
    },
    [
      hostId,
      ...columns(endings),
      endings.map(({ state }) => state),
      endings.map(({ error }) => (error === null ? null : JSON.stringify(error))),
      endings.map(({ output }) => output?.text ?? null),
      endings.map(({ output }) => output?.digest ?? null),
      endings.map(({ output }) => output?.sizeBytes ?? 0),
      endings.map(({ usage }) => JSON.stringify(usage)),
      now,
    ],
  );
  return new Map(rows.map(({ id, error }) => [id, error]));
}

/** Runs whose lease has ended, locked. Those another loop is taking back are skipped. */
export async function lockExpired(tx: FastTransaction, now: Date, limit: number): Promise<RunFacts[]> {
  const { rows } = await tx.query<RunFacts>(
    {
      name: "runs_expired",
      text: `select ${FACTS} from runs where state in ('leased', 'running') and lease_expires_at < $1 order by id limit $2 for update skip locked`,
    },
    [now, limit],
  );
  return rows;
}

/** Everything a host holds, locked in one order so that two who take it back wait instead of deadlocking. */
export async function lockHeldBy(tx: FastTransaction, hostId: string): Promise<RunFacts[]> {
  const { rows } = await tx.query<RunFacts>(
    `select ${FACTS} from runs where host_id = $1 and state in ('leased', 'running') order by id for update`,
    [hostId],
  );
  return rows;
}

/** Those of the holds that this host really holds, locked. */
export async function lockHeld(tx: FastTransaction, hostId: string, holds: readonly Hold[]): Promise<RunFacts[]> {
  const { rows } = await tx.query<RunFacts>(
    `select ${FACTS} from runs r where (r.id, r.attempt, r.fence) in (select * from unnest($2::uuid[], $3::int[], $4::bigint[]))
       and r.host_id = $1 and r.state in ('leased', 'running') order by id for update`,
    [hostId, ...columns(holds)],
  );
  return rows;
}

/** What becomes of a locked run that left its host without an end. */
export type Move = {
  readonly runId: string;
  readonly state: "queued" | "cancelled" | "dead";
  readonly attempt: number;
  readonly notBefore: Date;
  readonly reason: string;
  /** Shown as the run's error when it is over. */
  readonly error: unknown;
  /** `retried`, `refused`, `cancelled`, `dead`. */
  readonly event: string;
};

export async function moveRuns(tx: FastTransaction, moves: readonly Move[], now: Date): Promise<void> {
  if (moves.length === 0) return;
  await tx.query(
    {
      name: "runs_move",
      text: `with said as (
        select * from unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
          as s (id, state, attempt, not_before, reason, error, event)
      ), moved as (
        update runs r set state = said.state::run_state, state_reason = said.reason, attempt = said.attempt, not_before = said.not_before,
          lease_expires_at = null, output_digest = null, output_size_bytes = 0,
          host_id = case when said.state = 'queued' then null else r.host_id end,
          started_at = case when said.state = 'queued' then null else r.started_at end,
          finished_at = case when said.state = 'queued' then null else $8::timestamptz end,
          error = case when said.state = 'dead' then said.error::jsonb end
        from said where r.id = said.id returning ${OUTCOME_COLUMNS}, said.reason, said.event, r.not_before
      ), told as (${sayOutcomes("moved", "$8")})
      insert into run_events (tenant_id, run_id, at, attempt, kind, data)
      select tenant_id, id, $8, attempt, event, jsonb_build_object('reason', reason, 'notBefore', not_before) from moved`,
    },
    [
      moves.map(({ runId }) => runId),
      moves.map(({ state }) => state),
      moves.map(({ attempt }) => attempt),
      moves.map(({ notBefore }) => notBefore),
      moves.map(({ reason }) => reason),
      moves.map(({ error }) => (error === null ? null : JSON.stringify(error))),
      moves.map(({ event }) => event),
      now,
    ],
  );
}

export type CancelAsked = { readonly cancelRequested: boolean; readonly revoked: boolean };

/** Extends what the host holds and answers it; what is missing in the answer is not the host's any more. */
export async function extendLeases(
  tx: FastTransaction,
  hostId: string,
  holds: readonly Hold[],
  until: Date,
): Promise<Map<string, CancelAsked>> {
  const { rows } = await tx.query<CancelAsked & { id: string }>(
    {
      name: "runs_extend",
      text: `update runs r set lease_expires_at = $5 from unnest($2::uuid[], $3::int[], $4::bigint[]) as said (id, attempt, fence)
             where ${HELD} returning r.id, r.cancel_requested_at is not null as "cancelRequested",
               r.state_reason is not distinct from '${VERSION_REVOKED}' as revoked`,
    },
    [hostId, ...columns(holds), until],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Runs of this host whose end was asked for. */
export async function findCancelRequested(tx: FastTransaction, hostId: string): Promise<(Hold & { readonly revoked: boolean })[]> {
  const { rows } = await tx.query<Hold & { revoked: boolean }>(
    `select id as "runId", attempt, fence, state_reason is not distinct from '${VERSION_REVOKED}' as revoked from runs
      where host_id = $1 and state in ('leased', 'running') and cancel_requested_at is not null order by id limit 1000`,
    [hostId],
  );
  return rows;
}

/** Cancels a queued run at once, notes the wish on a leased one. Null when the run is over or does not exist. */
export async function requestCancel(
  tx: FastTransaction,
  runId: string,
  now: Date,
): Promise<{ state: RunState; hostId: string | null } | null> {
  const { rows } = await tx.query<{ state: RunState; hostId: string | null }>(
    `with moved as (
       update runs r set state = case when state = 'queued' then 'cancelled' else state end, cancel_requested_at = coalesce(cancel_requested_at, $2),
         finished_at = case when state = 'queued' then $2::timestamptz end
       where id = $1 and state in ('queued', 'leased', 'running') returning ${OUTCOME_COLUMNS}
     ), told as (${sayOutcomes("moved", "$2")}), noted as (
       insert into run_events (tenant_id, run_id, at, attempt, kind, data)
       select tenant_id, id, $2, attempt, case when state = 'cancelled' then 'cancelled' else 'cancel-requested' end, '{"reason": "requested"}' from moved
     ) select state, host_id as "hostId" from moved`,
    [runId, now],
  );
  return rows[0] ?? null;
}

/** Remembers the stored output of a run that this host holds; false when it does not. */
export async function recordOutput(tx: FastTransaction, hostId: string, hold: Hold, digest: string, sizeBytes: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update runs set output_digest = $5, output_size_bytes = $6
      where host_id = $1 and id = $2 and attempt = $3 and fence = $4 and state in ('leased', 'running')`,
    [hostId, hold.runId, hold.attempt, hold.fence, digest, sizeBytes],
  );
  return rowCount === 1;
}

/** A run this host holds, with the digests its lease names. */
export async function findHeld(
  tx: FastTransaction,
  hostId: string,
  hold: Hold,
): Promise<{ tenantId: string; digests: (string | null)[]; limits: Lease["limits"] } | null> {
  const { rows } = await tx.query<{ tenantId: string; digests: (string | null)[]; limits: Lease["limits"] }>(
    `select tenant_id as "tenantId", array[manifest_digest, bundle_digest, code_digest, input_digest] as digests, limits from runs
      where host_id = $1 and id = $2 and attempt = $3 and fence = $4 and state in ('leased', 'running')`,
    [hostId, hold.runId, hold.attempt, hold.fence],
  );
  return rows[0] ?? null;
}
