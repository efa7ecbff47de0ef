/** The list of templates: what each is, its latest version, who works on it and when it last ran; narrowed to the reader's tenant. */
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
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

export type TemplatesView = {
  /** `total` counts all that match, `owners` are all owners of the tenant. `cursor` is the name after which to go on. */
  list(actor: Actor, query: TemplateQuery): Promise<{ items: TemplateRow[]; total: number; nextCursor: string | null; owners: string[] }>;
};

const PAGE_SIZE = 50;

export function createTemplatesView({ access }: { access: Access }): TemplatesView {
  return {
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

function newestFirst(a: string, b: string): number {
  const [left, right] = [a, b].map((semver) => semver.split(".").map(Number)) as [number[], number[]];
  return (right[0] ?? 0) - (left[0] ?? 0) || (right[1] ?? 0) - (left[1] ?? 0) || (right[2] ?? 0) - (left[2] ?? 0);
}
