/** Runs as their tenant sees them: one in full, a page of many, and one as it happens. Never says anything about other tenants. */
import type { RunError, RunUsage } from "@agent-factory/protocol";
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import { explainWaiting, isFinal, type RunState, type Waiting } from "../domain/runs/runs.ts";
import type { BlobStore } from "../platform/blobs.ts";
import type { Clock } from "../platform/clock.ts";
import type { FastTransaction } from "../platform/fast-database.ts";

export type RunEventView = { at: string; attempt: number; kind: string; data: Record<string, unknown> };

/** Text of an input or output; null when it is too large to show at once: `readOutput` then. */
export type PayloadView = { text: string | null; sizeBytes: number; digest: string | null };

export type RunRow = {
  id: string;
  kind: "try" | "run";
  templateName: string;
  draftId: string | null;
  draftRevision: number | null;
  semver: string | null;
  driver: string;
  /** What it was submitted to by name; null: a version by range, or a try. */
  channel: string | null;
  /** Which side of a rollout it is on; null outside rollouts, and once it was moved. */
  cohort: "baseline" | "canary" | null;
  /** Its canary failed or went away: it went on with the stable version. */
  moved: boolean;
  state: RunState;
  stateReason: string | null;
  attempt: number;
  maxAttempts: number;
  submittedAt: string;
  submittedByName: string;
  startedAt: string | null;
  finishedAt: string | null;
  hostName: string | null;
  errorKind: string | null;
};

export type RunView = Omit<RunRow, "errorKind"> & {
  /** The rollout that asks about it; null where `cohort` is. */
  rolloutNumber: number | null;
  input: PayloadView;
  output: PayloadView | null;
  error: RunError | null;
  usage: RunUsage | null;
  /** Why it is not being worked on; null unless it is queued. */
  waiting: Waiting | null;
  cancelRequested: boolean;
  events: RunEventView[];
};

export type LogView = { attempt: number; seq: number; at: string; stream: string; text: string };

export type RunQuery = {
  state?: RunState | undefined;
  templateName?: string | undefined;
  kind?: "try" | "run" | undefined;
  channel?: string | undefined;
  /** Runs of this version of the template; without a template, of any template's version of this number. */
  versionSemver?: string | undefined;
  /** Runs that were moved away from the version of this number. */
  movedFrom?: string | undefined;
  cursor?: string | undefined;
};

export type RunsView = {
  /** Failures: `runs.missing`. */
  get(actor: Actor, input: { runId: string }): Promise<RunView>;
  /** Newest first. */
  list(actor: Actor, query: RunQuery): Promise<{ items: RunRow[]; nextCursor: string | null }>;
  /** Failures: `runs.missing`, `runs.not-waiting`. */
  explain(actor: Actor, input: { runId: string }): Promise<Waiting>;
  /** The whole output, at most 16 MiB. Failures: `runs.missing`, `runs.no-output`. */
  readOutput(actor: Actor, input: { runId: string }): Promise<{ text: string }>;
  /** What happened to a run since `after`: one look, for those who follow it. Failures: `runs.missing`. */
  since(actor: Actor, input: { runId: string; after: RunPosition }): Promise<RunNews>;
};

/** How far a follower has read: the last event and the last log entry. */
export type RunPosition = { readonly eventId: number; readonly logId: number };
export type RunNews = { readonly position: RunPosition; readonly run: RunView | null; readonly entries: LogView[]; readonly over: boolean };

const PAGE_SIZE = 50;
const LOGS_PER_LOOK = 500;
const SHOWN_BYTES_MAX = 256 * 1024;

type Row = Omit<RunView, "submittedAt" | "startedAt" | "finishedAt" | "input" | "output" | "waiting" | "events"> & {
  tenantId: string;
  submittedAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  inputText: string | null;
  inputDigest: string | null;
  inputSizeBytes: number;
  outputText: string | null;
  outputDigest: string | null;
  outputSizeBytes: number;
  notBefore: Date;
  capabilities: string[];
};

const COLUMNS = `r.id, r.tenant_id as "tenantId", r.kind, r.template_name as "templateName", r.draft_id as "draftId", r.draft_revision as "draftRevision",
  r.semver, r.driver, r.channel_name as channel, r.judged->>'cohort' as cohort, r.moved_from_version_id is not null as moved, r.state, r.state_reason as "stateReason", r.attempt,
  r.max_attempts as "maxAttempts", r.submitted_at as "submittedAt", r.submitted_by_name as "submittedByName", r.started_at as "startedAt",
  r.finished_at as "finishedAt", (select h.name from hosts h where h.id = r.host_id) as "hostName"`;

const DETAILS = `${COLUMNS}, r.input_inline as "inputText", r.input_digest as "inputDigest", r.input_size_bytes as "inputSizeBytes",
  r.output_inline as "outputText", r.output_digest as "outputDigest", r.output_size_bytes as "outputSizeBytes", r.error, r.usage,
  r.not_before as "notBefore", r.capabilities, r.cancel_requested_at is not null as "cancelRequested",
  (select o.number from rollouts o where o.id = (r.judged->>'rolloutId')::uuid) as "rolloutNumber"`;

export function createRunsView({ access, blobs, clock }: { access: Access; blobs: BlobStore; clock: Clock }): RunsView {
  const reading = (actor: Actor, runId: string) => ({ actor, action: "runs.read" as const, resource: { kind: "run", id: runId } });

  /** Payloads that were stored as blobs are fetched outside the transaction. */
  const payload = async (tenantId: string, text: string | null, digest: string | null, sizeBytes: number): Promise<PayloadView> => {
    if (digest === null || sizeBytes > SHOWN_BYTES_MAX) return { text, sizeBytes, digest };
    return { text: (await blobs.get(tenantId, digest)).toString("utf8"), sizeBytes, digest };
  };

  const viewOf = async ({ row, events, waiting }: Looked): Promise<RunView> => {
    const hasOutput = row.outputText !== null || (row.outputDigest !== null && row.state === "succeeded");
    return {
      ...rowOf(row),
      rolloutNumber: row.rolloutNumber,
      input: await payload(row.tenantId, row.inputText, row.inputDigest, row.inputSizeBytes),
      output: hasOutput ? await payload(row.tenantId, row.outputText, row.outputDigest, row.outputSizeBytes) : null,
      error: row.error,
      usage: row.usage,
      waiting,
      cancelRequested: row.cancelRequested,
      events,
    };
  };

  return {
    get: async (actor, { runId }) => viewOf(await access.readFast(reading(actor, runId), (tx) => look(tx, runId, clock.now()))),

    list: (actor, { state, templateName, kind, channel, versionSemver, movedFrom, cursor }) =>
      access.readFast({ actor, action: "runs.list", resource: { kind: "run", id: "*" } }, async (tx) => {
        const [before, beforeId] = cursor === undefined ? [null, null] : cursor.split("_");
        const { rows } = await tx.query<Row & { errorKind: string | null }>(
          `select ${COLUMNS}, r.error->>'kind' as "errorKind" from runs r
            where ($1::text is null or r.state = $1::run_state) and ($2::text is null or r.template_name = $2) and ($3::text is null or r.kind = $3::run_kind)
              and ($4::timestamptz is null or (r.submitted_at, r.id) < ($4::timestamptz, $5::uuid)) and ($6::text is null or r.semver = $6)
              and ($7::text is null or r.channel_name = $7)
              and ($8::text is null or (r.moved_from_version_id is not null
                and (select v.semver from template_versions v where v.id = r.moved_from_version_id) = $8))
            order by r.submitted_at desc, r.id desc limit ${PAGE_SIZE + 1}`,
          [state ?? null, templateName ?? null, kind ?? null, before, beforeId, versionSemver ?? null, channel ?? null, movedFrom ?? null],
        );
        const page = rows.slice(0, PAGE_SIZE);
        const last = rows.length > PAGE_SIZE ? page.at(-1) : undefined;
        return {
          items: page.map((row) => ({ ...rowOf(row), errorKind: row.errorKind })),
          nextCursor: last ? `${last.submittedAt.toISOString()}_${last.id}` : null,
        };
      }),

    explain: async (actor, { runId }) => {
      const { row, waiting } = await access.readFast(reading(actor, runId), (tx) => look(tx, runId, clock.now()));
      if (!waiting) throw new Failure("conflict", "runs.not-waiting", `The run is ${row.state}`, { state: row.state });
      return waiting;
    },

    readOutput: async (actor, { runId }) => {
      const { row } = await access.readFast(reading(actor, runId), (tx) => look(tx, runId, clock.now()));
      if (row.outputText !== null) return { text: row.outputText };
      if (row.outputDigest === null || row.state !== "succeeded")
        throw new Failure("missing", "runs.no-output", "The run has no output", { runId });
      return { text: (await blobs.get(row.tenantId, row.outputDigest)).toString("utf8") };
    },

    since: async (actor, { runId, after }) => {
      const { looked, entries, eventId, state } = await access.readFast(reading(actor, runId), async (tx) => {
        const { rows } = await tx.query<{ state: RunState; eventId: number }>(
          `select state, (select coalesce(max(id), 0) from run_events where run_id = $1) as "eventId" from runs where id = $1`,
          [runId],
        );
        const now = rows[0];
        if (!now) throw missing(runId);
        const looked = now.eventId === after.eventId ? null : await look(tx, runId, clock.now());
        // Last: a run that is over prints nothing more, so what is read now is all there is.
        return { ...now, looked, entries: await logsAfter(tx, runId, after.logId) };
      });
      const caughtUp = entries.length < LOGS_PER_LOOK;
      // A run's state is told after what it printed, so its news wait until the log has been read up to it.
      const run = looked && caughtUp ? await viewOf(looked) : null;
      return {
        position: { eventId: run ? eventId : after.eventId, logId: entries.at(-1)?.id ?? after.logId },
        run,
        entries: entries.map(({ id: _, ...entry }) => entry),
        over: caughtUp && isFinal(state),
      };
    },
  };
}

type Looked = { readonly row: Row; readonly events: RunEventView[]; readonly waiting: Waiting | null };

async function look(tx: FastTransaction, runId: string, now: Date): Promise<Looked> {
  const { rows } = await tx.query<Row>({ name: "runs_view", text: `select ${DETAILS} from runs r where r.id = $1` }, [runId]);
  const row = rows[0];
  if (!row) throw missing(runId);
  const { rows: events } = await tx.query<{ at: Date; attempt: number; kind: string; data: Record<string, unknown> }>(
    { name: "runs_view_events", text: "select at, attempt, kind, data from run_events where run_id = $1 order by id limit 500" },
    [runId],
  );
  const waiting = row.state === "queued" ? explainWaiting(await queueFacts(tx, row), now) : null;
  return { row, events: events.map((event) => ({ ...event, at: event.at.toISOString() })), waiting };
}

async function queueFacts(tx: FastTransaction, row: Row) {
  const { rows: hosts } = await tx.query<{ state: string; hosts: number; slotsFree: number }>(
    `select state, count(*)::int as hosts, sum(slots_free)::int as "slotsFree" from hosts
      where revoked_at is null and coalesce(inventory->'capabilities', '[]'::jsonb) @> to_jsonb($1::text[]) group by state`,
    [row.capabilities],
  );
  const { rows: ahead } = await tx.query<{ ahead: number }>(
    `select count(*)::int as ahead from runs q, (select priority, virtual_start, id from runs where id = $1) r
      where q.state = 'queued' and (-q.priority, q.virtual_start, q.id) < (-r.priority, r.virtual_start, r.id)`,
    [row.id],
  );
  return { notBefore: row.notBefore, attempt: row.attempt, hosts, ahead: ahead[0]?.ahead ?? 0 };
}

async function logsAfter(tx: FastTransaction, runId: string, logId: number): Promise<(LogView & { id: number })[]> {
  const { rows } = await tx.query<Omit<LogView, "at"> & { id: number; at: Date }>(
    {
      name: "runs_view_logs",
      text: `select id, attempt, seq, at, stream, text from run_logs where run_id = $1 and id > $2 order by id limit ${LOGS_PER_LOOK}`,
    },
    [runId, logId],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

function rowOf(row: Row): Omit<RunRow, "errorKind"> {
  const {
    id,
    kind,
    templateName,
    draftId,
    draftRevision,
    semver,
    driver,
    channel,
    cohort,
    moved,
    state,
    stateReason,
    attempt,
    maxAttempts,
    submittedByName,
    hostName,
  } = row;
  return {
    id,
    kind,
    templateName,
    draftId,
    draftRevision,
    semver,
    driver,
    channel,
    cohort,
    moved,
    state,
    stateReason,
    attempt,
    maxAttempts,
    submittedAt: row.submittedAt.toISOString(),
    submittedByName,
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    hostName,
  };
}

function missing(runId: string): Failure {
  return new Failure("missing", "runs.missing", "There is no such run", { runId });
}
