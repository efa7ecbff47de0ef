/** Templates as a list and as a page: what each is, its versions with all that happened to them, who works on it, what runs of it. */
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import type { Templates, TemplateView, VersionView } from "../domain/templates/templates.ts";
import type { Transaction } from "../platform/database.ts";
import type { Prisma } from "../platform/generated/client.ts";

export type TemplateRow = {
  id: string;
  name: string;
  title: string;
  description: string;
  owner: string;
  labels: Record<string, string>;
  /** Highest semver, not last in time. */
  latest: { semver: string; publishedAt: string } | null;
  openDrafts: number;
  /** The open draft that the reader saved last. */
  myDraftId: string | null;
  lastRunAt: string | null;
  lastRunState: string | null;
  updatedAt: string;
};

export type TemplateQuery = { query?: string | undefined; owner?: string | undefined; cursor?: string | undefined };

export type VersionRow = VersionView & {
  publishedByName: string;
  logIndex: number | null;
  /** Signed by a key that is distrusted from before or at its place in the log: every host refuses it. */
  distrusted: boolean;
  reviewNumber: number | null;
  /** Its last rollout that was carried out took it back. */
  rolledBack: { number: number; channel: string } | null;
  stateReason: string | null;
  stateChangedAt: string | null;
  /** A name. */
  stateChangedBy: string | null;
  codeDigest: string | null;
  runsLast7Days: number;
  queuedOrRunning: number;
};

export type TemplatePage = Omit<TemplateView, "versions"> & { versions: VersionRow[] };

/**
 * What a revocation would end, of all versions with the same content. `twins`: the others of these, highest first, which run no more
 * either. `newerSemver`: the highest version above it that may still be run.
 */
export type Revocation = {
  queued: number;
  running: number;
  drafts: number;
  twins: string[];
  newerSemver: string | null;
  isLatest: boolean;
};

export type TemplatesView = {
  /** Failures: `templates.missing`. */
  get(actor: Actor, input: { name: string }): Promise<TemplatePage>;
  /** Failures: `templates.version-missing`. */
  revocation(actor: Actor, input: { name: string; semver: string }): Promise<Revocation>;
  /** `total` counts all that match, `owners` are all owners of the tenant. `cursor` is the name after which to go on. */
  list(actor: Actor, query: TemplateQuery): Promise<{ items: TemplateRow[]; total: number; nextCursor: string | null; owners: string[] }>;
};

const PAGE_SIZE = 50;

export function createTemplatesView({ access, templates }: { access: Access; templates: Pick<Templates, "get"> }): TemplatesView {
  return {
    get: async (actor, { name }) => {
      const template = await templates.get(actor, { name });
      const resource = { kind: "template", id: name };
      const facts = await access.read({ actor, action: "templates.read", resource }, (tx) => versionFacts(tx, template.id));
      const versions = template.versions.map((version): VersionRow => {
        const { stateChangedAt, ...found } = facts.get(version.id) ?? unknownFacts;
        return { ...version, ...found, stateChangedAt: stateChangedAt?.toISOString() ?? null };
      });
      return { ...template, versions };
    },

    revocation: (actor, { name, semver }) =>
      access.read({ actor, action: "templates.read", resource: { kind: "template", id: name } }, async (tx) => {
        const versions = await tx.templateVersion.findMany({
          where: { template: { name } },
          select: { semver: true, state: true, digest: true },
        });
        const version = versions.find((one) => one.semver === semver);
        if (!version) throw new Failure("missing", "templates.version-missing", `${name} has no version ${semver}`, { name, semver });
        const [counts] = await tx.$queryRaw<{ queued: number; running: number }[]>`
          select (count(*) filter (where state = 'queued'))::int as queued, (count(*) filter (where state in ('leased', 'running')))::int as running
            from runs where version_id in (select id from template_versions where digest = ${version.digest})
             and state in ('queued', 'leased', 'running')`;
        const drafts = await tx.draft.count({ where: { baseVersion: { digest: version.digest }, state: "open" } });
        const ended = new Set(versions.filter(({ state }) => state === "revoked").map(({ digest }) => digest));
        const usable = versions.filter(({ digest }) => !ended.has(digest)).toSorted((a, b) => newestFirst(a.semver, b.semver));
        const twins = usable.filter((one) => one.digest === version.digest && one !== version);
        const above = usable.filter((one) => one.digest !== version.digest && newestFirst(one.semver, semver) < 0);
        // What "latest" names: a deprecated version only when there is no other.
        const latest = usable.find(({ state }) => state === "published") ?? usable[0];
        return {
          queued: counts?.queued ?? 0,
          running: counts?.running ?? 0,
          drafts,
          twins: twins.map((twin) => twin.semver),
          newerSemver: above[0]?.semver ?? null,
          isLatest: latest !== undefined && latest.digest === version.digest,
        };
      }),

    list: (actor, filter) =>
      access.read({ actor, action: "templates.list", resource: { kind: "template", id: "*" } }, async (tx) => {
        const where = whereOf(filter);
        const total = await tx.template.count({ where });
        const rows = await tx.template.findMany({
          where: filter.cursor === undefined ? where : { AND: [where, { name: { gt: filter.cursor } }] },
          include: {
            versions: { select: { semver: true, publishedAt: true } },
            drafts: {
              where: { state: "open" },
              select: { id: true, updatedBy: true, createdBy: true, updatedAt: true },
              orderBy: { updatedAt: "desc" },
            },
          },
          orderBy: { name: "asc" },
          take: PAGE_SIZE + 1,
        });
        const page = rows.slice(0, PAGE_SIZE);
        const runs = await lastRuns(
          tx,
          page.map(({ id }) => id),
        );
        const owners = await tx.template.findMany({ distinct: ["owner"], select: { owner: true }, orderBy: { owner: "asc" } });
        const items = page.map((row): TemplateRow => {
          const latest = row.versions.toSorted((a, b) => newestFirst(a.semver, b.semver))[0];
          const mine = row.drafts.find(({ updatedBy, createdBy }) => updatedBy === actor.id || createdBy === actor.id);
          const run = runs.get(row.id);
          return {
            id: row.id,
            name: row.name,
            title: row.title,
            description: row.description,
            owner: row.owner,
            labels: row.labels as Record<string, string>,
            latest: latest ? { semver: latest.semver, publishedAt: latest.publishedAt.toISOString() } : null,
            openDrafts: row.drafts.length,
            myDraftId: mine?.id ?? null,
            lastRunAt: run?.submittedAt.toISOString() ?? null,
            lastRunState: run?.state ?? null,
            updatedAt: row.updatedAt.toISOString(),
          };
        });
        return {
          items,
          total,
          nextCursor: rows.length > PAGE_SIZE ? (page.at(-1)?.name ?? null) : null,
          owners: owners.map(({ owner }) => owner),
        };
      }),
  };
}

/** Every word of the query must occur somewhere in the name, title, description or owner. */
function whereOf({ query, owner }: TemplateQuery): Prisma.TemplateWhereInput {
  const words = (query ?? "").split(/\s+/).filter(Boolean).slice(0, 8);
  // `contains` is a LIKE: what means something there is taken as written.
  const contains = (word: string) => ({ contains: word.replaceAll(/[\\%_]/g, "\\$&"), mode: "insensitive" as const });
  return {
    ...(owner !== undefined && { owner }),
    AND: words.map((word) => ({
      OR: [{ name: contains(word) }, { title: contains(word) }, { description: contains(word) }, { owner: contains(word) }],
    })),
  };
}

async function lastRuns(tx: Transaction, templateIds: readonly string[]): Promise<Map<string, { submittedAt: Date; state: string }>> {
  const rows = await tx.$queryRaw<{ templateId: string; submittedAt: Date; state: string }[]>`
    select t.id as "templateId", r.submitted_at as "submittedAt", r.state::text as state
      from unnest(${[...templateIds]}::uuid[]) as t(id)
     cross join lateral (select submitted_at, state from runs where template_id = t.id order by submitted_at desc limit 1) r`;
  return new Map(rows.map(({ templateId, ...run }) => [templateId, run]));
}

type VersionFacts = Omit<VersionRow, keyof VersionView | "stateChangedAt"> & { stateChangedAt: Date | null };

const unknownFacts: VersionFacts = {
  publishedByName: "",
  logIndex: null,
  distrusted: false,
  reviewNumber: null,
  rolledBack: null,
  stateReason: null,
  stateChangedAt: null,
  stateChangedBy: null,
  codeDigest: null,
  runsLast7Days: 0,
  queuedOrRunning: 0,
};

/** By version. Loops of ours have no row among the members: they go by their id. */
async function versionFacts(tx: Transaction, templateId: string): Promise<Map<string, VersionFacts>> {
  const rows = await tx.$queryRaw<(VersionFacts & { id: string })[]>`
    select v.id, coalesce(p.name, v.published_by) as "publishedByName", a.log_index::int as "logIndex",
           exists (select from signing_keys k where k.tenant_id = v.tenant_id and k.hint = a.key_hint
             and a.integrated_at >= date_trunc('second', k.distrusted_from)) as distrusted, r.number as "reviewNumber",
           (select case when o.state = 'rolled_back' then jsonb_build_object('number', o.number, 'channel', c.name) end
              from rollouts o join channels c on c.id = o.channel_id where o.canary_version_id = v.id order by o.started_at desc limit 1) as "rolledBack",
           v.state_reason as "stateReason", v.state_changed_at as "stateChangedAt", coalesce(c.name, v.state_changed_by) as "stateChangedBy",
           v.code_digest as "codeDigest",
           (select count(*) from runs where version_id = v.id and submitted_at > now() - interval '7 days')::int as "runsLast7Days",
           (select count(*) from runs where version_id = v.id and state in ('queued', 'leased', 'running'))::int as "queuedOrRunning"
      from template_versions v
      left join attestations a on a.id = v.attestation_id
      left join reviews r on r.tenant_id = v.tenant_id and r.id = v.review_id
      left join members p on p.tenant_id = v.tenant_id and p.user_id::text = v.published_by
      left join members c on c.tenant_id = v.tenant_id and c.user_id::text = v.state_changed_by
     where v.template_id = ${templateId}::uuid`;
  return new Map(rows.map(({ id, ...facts }) => [id, facts]));
}

function newestFirst(a: string, b: string): number {
  const [left, right] = [a, b].map((semver) => semver.split(".").map(Number)) as [number[], number[]];
  return (right[0] ?? 0) - (left[0] ?? 0) || (right[1] ?? 0) - (left[1] ?? 0) || (right[2] ?? 0) - (left[2] ?? 0);
}
