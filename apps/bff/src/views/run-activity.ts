/** How many runs were submitted when, and how they ended: the figures of one chart, narrowed to the reader's tenant. */
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import type { Clock } from "../platform/clock.ts";

export const ACTIVITY_SPANS = { day: { bucketMs: 60 * 60_000, buckets: 24 }, week: { bucketMs: 6 * 60 * 60_000, buckets: 28 } } as const;
export type ActivitySpan = keyof typeof ACTIVITY_SPANS;

/** One bucket `[from, from + bucketMs)` by time of submission. `counts` null: the tenant did not exist yet, so there is no data. */
export type ActivityBucket = {
  from: string;
  counts: { succeeded: number; failed: number; cancelled: number; underWay: number } | null;
};

export type RunActivity = (
  actor: Actor,
  query: { span: ActivitySpan; templateName?: string | undefined },
) => Promise<{ bucketMs: number; buckets: ActivityBucket[] }>;

export function createRunActivity({ access, clock }: { access: Access; clock: Clock }): RunActivity {
  return (actor, { span, templateName }) =>
    access.readFast({ actor, action: "runs.list", resource: { kind: "run", id: "*" } }, async (tx) => {
      const { bucketMs, buckets } = ACTIVITY_SPANS[span];
      // Whole buckets since the epoch (UTC), the last of them still filling.
      const end = (Math.floor(clock.now().getTime() / bucketMs) + 1) * bucketMs;
      const starts = Array.from({ length: buckets }, (_, index) => new Date(end - (buckets - index) * bucketMs));
      const { rows } = await tx.query<{ bucket: number } & NonNullable<ActivityBucket["counts"]>>(
        `select floor(extract(epoch from submitted_at) * 1000 / $3)::bigint as bucket,
                count(*) filter (where state = 'succeeded') as succeeded,
                count(*) filter (where state in ('failed', 'dead')) as failed,
                count(*) filter (where state = 'cancelled') as cancelled,
                count(*) filter (where state in ('queued', 'leased', 'running')) as "underWay"
           from runs where submitted_at >= $1 and submitted_at < $2 and ($4::text is null or template_name = $4)
          group by 1`,
        [starts[0], new Date(end), bucketMs, templateName ?? null],
      );
      const { rows: tenants } = await tx.query<{ since: Date }>("select created_at as since from tenants where id = $1", [actor.tenantId]);
      const since = tenants[0]?.since.getTime() ?? Number.POSITIVE_INFINITY;
      const counted = new Map(rows.map(({ bucket, ...counts }) => [bucket * bucketMs, counts]));
      const none = { succeeded: 0, failed: 0, cancelled: 0, underWay: 0 };
      return {
        bucketMs,
        buckets: starts.map((from) => ({
          from: from.toISOString(),
          counts: from.getTime() + bucketMs <= since ? null : (counted.get(from.getTime()) ?? none),
        })),
      };
    });
}
