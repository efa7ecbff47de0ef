/** Runs that go on with another version, in SQL. Everything that a lease will name changes with it. */
import type { Lease, RunError } from "@agent-factory/protocol";
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { Pins } from "../channels/channels.ts";
import { sayOutcomes } from "./outcome-store.ts";

/** A version as a row of `runs` names it. */
export type RowPins = Pick<Pins, "versionId" | "semver" | "subjectName" | "bundleDigest" | "manifestDigest" | "code" | "capabilities"> & {
  readonly ledgerLimits: Lease["limits"];
};

/** What becomes of a locked run whose canary attempt is over. */
export type ToBaseline = {
  readonly runId: string;
  /** How the canary attempt ended; null when it did not: the run was given back or lost, and its canary is gone. */
  readonly ended: { readonly state: "failed" | "dead"; readonly error: RunError | null; readonly usage: unknown } | null;
  readonly attempt: number;
  readonly notBefore: Date;
  readonly reason: string;
  readonly to: RowPins;
};

const PINNED = `version_id = said.version_id, semver = said.semver, subject_name = said.subject_name, bundle_digest = said.bundle_digest,
  manifest_digest = said.manifest_digest, code_digest = said.code_digest, code_entry = said.code_entry, limits = said.limits::jsonb,
  capabilities = array(select jsonb_array_elements_text(said.capabilities::jsonb)), moved_from_version_id = r.version_id, judged = null`;

const PIN_TYPES = ["uuid", "text", "text", "text", "text", "text", "text", "text", "text"] as const;
const PIN_NAMES = "version_id, semver, subject_name, bundle_digest, manifest_digest, code_digest, code_entry, limits, capabilities";

function pinColumns(pins: readonly RowPins[]): unknown[][] {
  return [
    pins.map(({ versionId }) => versionId),
    pins.map(({ semver }) => semver),
    pins.map(({ subjectName }) => subjectName),
    pins.map(({ bundleDigest }) => bundleDigest),
    pins.map(({ manifestDigest }) => manifestDigest),
    pins.map(({ code }) => code.digest),
    pins.map(({ code }) => code.entry),
    pins.map(({ ledgerLimits }) => JSON.stringify(ledgerLimits)),
    pins.map(({ capabilities }) => JSON.stringify(capabilities)),
  ];
}

const pinArrays = (first: number) => PIN_TYPES.map((type, n) => `$${first + n}::${type}[]`).join(", ");

/** The attempt that ended is told of as it was; the run is queued for the stable version. */
export async function moveToBaseline(tx: FastTransaction, moves: readonly ToBaseline[], now: Date): Promise<void> {
  if (moves.length === 0) return;
  await tx.query(
    {
      name: "runs_to_baseline",
      text: `with said as (
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::text[], ${pinArrays(9)})
          as s (id, ended, error, usage, attempt, not_before, reason, ${PIN_NAMES})
      ), tried as (
        select r.*, said.ended, said.error as said_error, said.usage as said_usage from runs r join said on said.id = r.id
      ), ended as (
        select r.tenant_id, r.id, r.kind, r.attempt, r.ended as state, r.said_error::jsonb as error, r.said_usage::jsonb as usage, r.driver, r.template_id,
          r.version_id, r.semver, r.channel_id, r.host_id, r.submitted_at, coalesce(r.started_at, $8::timestamptz) as started_at, $8::timestamptz as finished_at,
          r.limits, r.sticky_hash, r.judged, r.moved_from_version_id
        from tried r where r.ended is not null
      ), told as (${sayOutcomes("ended", "$8")}
      ), moved as (
        update runs r set ${PINNED}, state = 'queued', state_reason = said.reason, attempt = said.attempt,
          max_attempts = greatest(r.max_attempts, said.attempt), not_before = said.not_before, lease_expires_at = null, host_id = null, started_at = null,
          finished_at = null, error = null, usage = null, output_inline = null, output_digest = null, output_size_bytes = 0
        from said where r.id = said.id returning r.id
      )
      insert into run_events (tenant_id, run_id, at, attempt, kind, data)
      select t.tenant_id, t.id, $8, t.attempt, 'moved', jsonb_strip_nulls(jsonb_build_object('reason', said.reason, 'from', t.semver, 'to', said.semver,
        'state', said.ended, 'errorKind', said.error::jsonb->>'kind')) from tried t join said on said.id = t.id`,
    },
    [
      moves.map(({ runId }) => runId),
      moves.map(({ ended }) => ended?.state ?? null),
      moves.map(({ ended }) => (ended?.error ? JSON.stringify(ended.error) : null)),
      moves.map(({ ended }) => (ended?.usage ? JSON.stringify(ended.usage) : null)),
      moves.map(({ attempt }) => attempt),
      moves.map(({ notBefore }) => notBefore),
      moves.map(({ reason }) => reason),
      now,
      ...pinColumns(moves.map(({ to }) => to)),
    ],
  );
}

/** Every run of the channel that waits for the one version waits for the other from now on. One statement: none is left between. */
export async function repinQueued(
  tx: FastTransaction,
  { channelId, fromVersionId, to, reason }: { channelId: string; fromVersionId: string; to: RowPins; reason: string },
  now: Date,
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `with said as (select * from unnest(${pinArrays(5)}) as s (${PIN_NAMES})
     ), moved as (
       update runs r set ${PINNED} from said where r.channel_id = $1 and r.version_id = $2 and r.state = 'queued' returning r.id, r.tenant_id, r.attempt
     ), noted as (
       insert into run_events (tenant_id, run_id, at, attempt, kind, data)
       select tenant_id, id, $3, attempt, 'moved', jsonb_build_object('reason', $4::text,
         'from', (select v.semver from template_versions v where v.id = $2), 'to', (select semver from said)) from moved
     ) select id from moved`,
    [channelId, fromVersionId, now, reason, ...pinColumns([to])],
  );
  return rows.map(({ id }) => id);
}
