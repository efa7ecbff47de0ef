/**
 * Service level objectives of templates: what the version in force promises, and how the template's runs kept it. In force is what a channel
 * holds as stable and nobody revoked; of several channels, the one with most runs of late. While a channel holds such a version, one that
 * none holds (a canary that was rolled back, say) promises nothing to anybody; when none does, the newest that is not revoked counts.
 */
import { parseManifest } from "@agent-factory/manifest";
import { parseDuration } from "@agent-factory/manifest/units";
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import { mergeSketches } from "../domain/usage/sketch.ts";
import { availabilityOf, burnRateOf, courseOf, type ErrorBudget, errorBudgetOf } from "../domain/usage/slo.ts";
import type { Clock } from "../platform/clock.ts";
import type { FastTransaction } from "../platform/fast-database.ts";

export type SloView = {
  templateName: string;
  /** Of the version that promises it: the one in force. */
  versionSemver: string;
  objective: { availabilityPercent: number | null; latencyMsP95: number | null; windowMs: number };
  /** Runs that somebody asked for and did not cancel; `bad`: failed or given up. */
  window: { from: string; to: string; runs: number; bad: number; availabilityPercent: number | null };
  /** Null: no availability is promised. */
  errorBudget: ErrorBudget | null;
  /** 1 uses the budget up exactly at the window's end. Null: nothing ran, or no availability is promised. */
  burnRate1h: number | null;
  burnRate24h: number | null;
  /** What was measured over the window, within 2 %. */
  latencyMsP95: number | null;
  /** Day by day, what was left of the window's budget. */
  series: { bucket: string; leftPercent: number | null }[];
  /** Which versions ate it, worst first. */
  ate: { label: string; href: string; bad: number }[];
};

export type SlosView = (actor: Actor, query: { templateName?: string | undefined }) => Promise<{ items: SloView[] }>;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const WINDOW_MS_DEFAULT = 30 * DAY_MS;
const WINDOW_MS_MAX = 366 * DAY_MS;
const TEMPLATES_MAX = 200;
const SHOWN_MAX = 5;

type Promised = {
  readonly templateId: string;
  readonly templateName: string;
  readonly semver: string;
  readonly objective: SloView["objective"];
};
type Day = {
  readonly bucket: Date;
  readonly semver: string | null;
  readonly runs: number;
  readonly bad: number;
  readonly sketch: Buffer | null;
};

export function createSlosView({ access, clock }: { access: Access; clock: Clock }): SlosView {
  return (actor, { templateName }) =>
    access.readFast({ actor, action: "usage.read", resource: { kind: "usage", id: "*" } }, async (tx) => {
      const items: SloView[] = [];
      for (const promised of await listPromised(tx, templateName ?? null, clock.now())) items.push(await viewOf(tx, promised, clock.now()));
      return { items };
    });
}

async function listPromised(tx: FastTransaction, templateName: string | null, now: Date): Promise<Promised[]> {
  const { rows } = await tx.query<{ templateId: string; templateName: string; semver: string; source: string }>(
    `select t.id as "templateId", t.name as "templateName", v.semver, v.source from templates t
       join lateral (select v.semver, v.source from template_versions v left join channels c on c.stable_version_id = v.id
                      where v.template_id = t.id and v.state <> 'revoked'
                      order by c.id is null, case when c.id is not null then (select coalesce(sum(u.runs), 0) from usage_rollups u
                          where u.grain_seconds = 86400 and u.template_id = t.id and u.channel_id = c.id and u.bucket >= $2) end desc,
                        v.published_at desc, v.id desc limit 1) v on true
      where $1::text is null or t.name = $1 order by t.name limit ${TEMPLATES_MAX}`,
    [templateName, new Date(now.getTime() - WINDOW_MS_DEFAULT)],
  );
  return rows.flatMap(({ source, ...row }) => {
    const slo = parseManifest(source).manifest?.spec.slo;
    if (!slo) return [];
    const windowMs = Math.min(WINDOW_MS_MAX, duration(slo.window) ?? WINDOW_MS_DEFAULT);
    return [{ ...row, objective: { availabilityPercent: slo.availability ?? null, latencyMsP95: duration(slo.latencyP95), windowMs } }];
  });
}

async function viewOf(tx: FastTransaction, { templateId, templateName, semver, objective }: Promised, now: Date): Promise<SloView> {
  // Whole days back to the window's beginning, and today as far as it has come.
  const from = new Date(Math.floor((now.getTime() - objective.windowMs) / DAY_MS) * DAY_MS);
  const days = await daysOf(tx, templateId, from);
  const tally = (parts: readonly { runs: number; bad: number }[]) =>
    parts.reduce((sum, { runs, bad }) => ({ runs: sum.runs + runs, bad: sum.bad + bad }), { runs: 0, bad: 0 });
  const all = tally(days);
  const target = objective.availabilityPercent;
  const starts = Array.from({ length: Math.ceil((now.getTime() - from.getTime()) / DAY_MS) }, (_, n) => from.getTime() + n * DAY_MS);
  const course =
    target === null
      ? []
      : courseOf(
          target,
          starts.map((start) => tally(days.filter(({ bucket }) => bucket.getTime() === start))),
        );
  const bySemver = Map.groupBy(
    days.filter(({ semver, bad }) => semver !== null && bad > 0),
    (day) => day.semver ?? "",
  );
  const burn = async (grainSeconds: number, sinceMs: number) =>
    target === null ? null : burnRateOf(target, await tallySince(tx, templateId, grainSeconds, new Date(now.getTime() - sinceMs)));
  return {
    templateName,
    versionSemver: semver,
    objective,
    window: { from: from.toISOString(), to: now.toISOString(), ...all, availabilityPercent: availabilityOf(all) },
    errorBudget: target === null ? null : errorBudgetOf(target, all),
    burnRate1h: await burn(60, HOUR_MS),
    burnRate24h: await burn(3_600, DAY_MS),
    latencyMsP95: mergeSketches(days.map(({ sketch }) => sketch)).quantile(0.95),
    series: course.map((leftPercent, n) => ({ bucket: new Date(starts[n] ?? 0).toISOString(), leftPercent })),
    ate: [...bySemver]
      .map(([version, parts]) => ({ label: version, href: `/templates/${templateName}/versions/${version}`, bad: tally(parts).bad }))
      .toSorted((a, b) => b.bad - a.bad || (a.label < b.label ? -1 : 1))
      .slice(0, SHOWN_MAX),
  };
}

const TALLY = "sum(u.runs - u.cancelled)::bigint as runs, sum(u.failed + u.dead)::bigint as bad";

/** Tries are no promise kept or broken: they have no version, and count nowhere here. */
async function daysOf(tx: FastTransaction, templateId: string, from: Date): Promise<Day[]> {
  const { rows } = await tx.query<{ bucket: Date; semver: string | null; runs: number; bad: number; sketch: Buffer | null }>(
    `select u.bucket, v.semver, u.runs - u.cancelled as runs, u.failed + u.dead as bad, u.duration_sketch as sketch
       from usage_rollups u join template_versions v on v.id = u.version_id
      where u.grain_seconds = 86400 and u.template_id = $1 and u.bucket >= $2 order by u.bucket`,
    [templateId, from],
  );
  return rows;
}

async function tallySince(
  tx: FastTransaction,
  templateId: string,
  grainSeconds: number,
  since: Date,
): Promise<{ runs: number; bad: number }> {
  const { rows } = await tx.query<{ runs: number | null; bad: number | null }>(
    `select ${TALLY} from usage_rollups u join template_versions v on v.id = u.version_id
      where u.grain_seconds = $2 and u.template_id = $1 and u.bucket >= $3`,
    [templateId, grainSeconds, since],
  );
  return { runs: rows[0]?.runs ?? 0, bad: rows[0]?.bad ?? 0 };
}

function duration(text: string | undefined): number | null {
  return text === undefined ? null : parseDuration(text);
}
