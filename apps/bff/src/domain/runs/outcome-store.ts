/** What the ledger says of a run that ended, for whoever counts: written by the statement that ends it, so neither is ever there alone. */

/** The columns of `runs r` that an outcome is made of. */
export const OUTCOME_COLUMNS = `r.tenant_id, r.id, r.kind, r.attempt, r.state::text as state, r.error, r.usage, r.driver, r.template_id, r.version_id, r.semver, r.channel_id,
  r.host_id, r.submitted_at, r.started_at, r.finished_at, r.limits, r.sticky_hash, r.judged, r.moved_from_version_id`;

/**
 * Inserts the outcomes of those rows of the CTE `ended` (with {@link OUTCOME_COLUMNS}) that are over. Times are the host's where it measured
 * them. No-ops measure the ledger and are nobody's use.
 */
export function sayOutcomes(ended: string, at: string): string {
  return `insert into usage_inbox (tenant_id, run_id, attempt, at, outcome)
    select e.tenant_id, e.id, e.attempt, ${at}::timestamptz, jsonb_build_object(
      'kind', e.kind, 'state', e.state, 'errorKind', e.error->>'kind', 'templateId', e.template_id, 'versionId', e.version_id, 'semver', e.semver,
      'channelId', e.channel_id, 'hostId', e.host_id, 'submittedAt', e.submitted_at, 'startedAt', e.started_at, 'finishedAt', e.finished_at,
      'durationMs', e.usage->'durationMs', 'waitMs', round(greatest(0, extract(epoch from e.started_at - e.submitted_at) * 1000), 3),
      'cpuMs', e.usage->'cpuMs', 'memoryBytesPeak', e.usage->'memoryBytesPeak', 'warm', e.usage->'warm', 'handOutMs', e.usage->'handOutMs',
      'limits', jsonb_build_object('cpuMillis', e.limits->'cpuMillis', 'memoryBytes', e.limits->'memoryBytes'),
      'stickyHash', e.sticky_hash::text, 'judged', e.judged, 'moved', e.moved_from_version_id is not null)
    from ${ended} e where e.state in ('succeeded', 'failed', 'cancelled', 'dead') and e.driver <> 'noop'`;
}
