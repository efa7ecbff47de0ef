/** Templates, versions and drafts in PostgreSQL. Races are settled in the WHERE of an UPDATE, never by a read before it. */
import type { Transaction } from "../../platform/database.ts";
import type { Draft, Template, TemplateVersion } from "../../platform/generated/client.ts";

export type DraftRow = Draft & { readonly template: Template; readonly baseVersion: TemplateVersion | null };
export type Author = { readonly id: string; readonly name: string };

/** What a template shows of its manifest in lists and search. */
export type Card = {
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  readonly labels: Readonly<Record<string, string>>;
};

export async function findTemplate(tx: Transaction, name: string) {
  return tx.template.findFirst({
    where: { name },
    include: {
      versions: { include: { parent: true } },
      drafts: { where: { state: "open" }, include: { baseVersion: true }, orderBy: { updatedAt: "desc" } },
    },
  });
}

/** Null when the name is taken: the unique index decides between two creators, not a read. */
export async function insertTemplate(
  tx: Transaction,
  tenantId: string,
  name: string,
  card: Card,
  author: Author,
): Promise<Template | null> {
  const rows = await tx.template.createManyAndReturn({
    data: [{ tenantId, name, ...cardColumns(card), createdBy: author.id }],
    skipDuplicates: true,
  });
  return rows[0] ?? null;
}

/** Before the first version there is nothing else to show; afterwards the published version is what a template says of itself. */
export async function showUnpublished(tx: Transaction, templateId: string, card: Card): Promise<void> {
  await tx.template.updateMany({ where: { id: templateId, versions: { none: {} } }, data: cardColumns(card) });
}

export async function showPublished(tx: Transaction, templateId: string, card: Card): Promise<void> {
  await tx.template.update({ where: { id: templateId }, data: { ...cardColumns(card), updatedAt: new Date() } });
}

function cardColumns({ title, description, owner, labels }: Card) {
  return { title, description, owner, labels: { ...labels } };
}

export type NewDraft = {
  readonly tenantId: string;
  readonly templateId: string;
  readonly baseVersionId: string | null;
  readonly title: string;
  readonly source: string;
  readonly digest: string | null;
};

export async function insertDraft(tx: Transaction, draft: NewDraft, author: Author): Promise<Draft> {
  const row = await tx.draft.create({ data: { ...draft, createdBy: author.id, updatedBy: author.id, updatedByName: author.name } });
  await insertRevision(tx, row, author);
  return row;
}

export async function findDraft(tx: Transaction, draftId: string): Promise<DraftRow | null> {
  return tx.draft.findFirst({ where: { id: draftId }, include: { template: true, baseVersion: true } });
}

export async function listDrafts(tx: Transaction, templateName: string | null): Promise<DraftRow[]> {
  return tx.draft.findMany({
    where: { state: "open", ...(templateName !== null && { template: { name: templateName } }) },
    include: { template: true, baseVersion: true },
    orderBy: { updatedAt: "desc" },
    take: 200,
  });
}

/**
 * Saves on top of `expectedRevision` and keeps the text in the history. Null when somebody saved first, or the draft is not
 * open any more: then nothing was written.
 */
export async function saveRevision(
  tx: Transaction,
  { draftId, expectedRevision, source, digest }: { draftId: string; expectedRevision: number; source: string; digest: string | null },
  author: Author,
): Promise<Draft | null> {
  const saved = await tx.draft.updateManyAndReturn({
    where: { id: draftId, revision: expectedRevision, state: "open" },
    data: { source, digest, revision: { increment: 1 }, updatedBy: author.id, updatedByName: author.name, updatedAt: new Date() },
  });
  const row = saved[0];
  if (!row) return null;
  await insertRevision(tx, row, author);
  await tx.template.updateMany({ where: { id: row.templateId }, data: { updatedAt: row.updatedAt } });
  return row;
}

async function insertRevision(tx: Transaction, { tenantId, id, revision, source, digest }: Draft, author: Author): Promise<void> {
  await tx.draftRevision.create({ data: { tenantId, draftId: id, revision, source, digest, savedBy: author.id } });
}

/** Moves a draft between states; false when it was not in `from`. */
export async function moveDraft(
  tx: Transaction,
  draftId: string,
  { from, to }: { from: Draft["state"]; to: Draft["state"] },
  author: Author,
  expectedRevision?: number,
): Promise<boolean> {
  const moved = await tx.draft.updateMany({
    where: { id: draftId, state: from, ...(expectedRevision !== undefined && { revision: expectedRevision }) },
    data: { state: to, updatedBy: author.id, updatedByName: author.name, updatedAt: new Date() },
  });
  return moved.count === 1;
}

export async function findVersion(tx: Transaction, templateName: string, semver: string): Promise<TemplateVersion | null> {
  return tx.templateVersion.findFirst({ where: { semver, template: { name: templateName } } });
}

/** The name of a version is its semver: the highest is the latest, whenever it was published. */
export async function listVersions(tx: Transaction, templateId: string): Promise<TemplateVersion[]> {
  return tx.templateVersion.findMany({ where: { templateId } });
}

export type NewVersion = {
  readonly tenantId: string;
  readonly templateId: string;
  readonly semver: string;
  readonly digest: string;
  readonly source: string;
  readonly parentVersionId: string | null;
};

/** Null when this semver exists already. */
export async function insertVersion(tx: Transaction, version: NewVersion, author: Author): Promise<TemplateVersion | null> {
  const rows = await tx.templateVersion.createManyAndReturn({ data: [{ ...version, publishedBy: author.id }], skipDuplicates: true });
  return rows[0] ?? null;
}
