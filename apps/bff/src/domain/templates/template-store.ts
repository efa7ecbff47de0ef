/** Templates, versions and drafts in PostgreSQL. Races are settled in the WHERE of an UPDATE, never by a read before it. */
import type { Transaction } from "../../platform/database.ts";
import type { Attestation, Draft, Template, TemplateVersion } from "../../platform/generated/client.ts";

export type VersionState = TemplateVersion["state"];
export type SignedVersionRow = TemplateVersion & { readonly attestation: Attestation | null };
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

/** `copiedFrom`: the draft whose text this one starts with; whoever wrote that wrote this. */
export async function insertDraft(tx: Transaction, draft: NewDraft, author: Author, copiedFrom: string | null = null): Promise<Draft> {
  const row = await tx.draft.create({ data: { ...draft, createdBy: author.id, updatedBy: author.id, updatedByName: author.name } });
  await insertRevision(tx, row, author);
  const writers = copiedFrom === null ? [] : await listWriters(tx, copiedFrom);
  await tx.draftContributor.createMany({
    data: writers.map((contributor) => ({ tenantId: row.tenantId, draftId: row.id, contributor })),
    skipDuplicates: true,
  });
  return row;
}

/** Ids of all who put bytes into a draft since its base version, of whatever kind they are. */
export async function listWriters(tx: Transaction, draftId: string): Promise<string[]> {
  const rows = await tx.draftContributor.findMany({ where: { draftId }, select: { contributor: true } });
  return rows.map(({ contributor }) => contributor);
}

/** Ids of all who brought one of these archives. */
export async function listUploaders(tx: Transaction, digests: readonly string[]): Promise<string[]> {
  const rows = await tx.archiveUpload.findMany({ where: { digest: { in: [...digests] } }, select: { uploader: true } });
  return rows.map(({ uploader }) => uploader);
}

export async function insertUpload(tx: Transaction, tenantId: string, digest: string, uploader: string): Promise<void> {
  await tx.archiveUpload.createMany({ data: [{ tenantId, digest, uploader }], skipDuplicates: true });
}

export async function findDraft(tx: Transaction, draftId: string): Promise<DraftRow | null> {
  return tx.draft.findFirst({ where: { id: draftId }, include: { template: true, baseVersion: true } });
}

/** Until the transaction ends. */
export async function lockDraft(tx: Transaction, draftId: string): Promise<void> {
  await tx.$queryRaw`select id from drafts where id = ${draftId}::uuid for no key update`;
}

export async function rebaseDraft(tx: Transaction, draftId: string, baseVersionId: string, author: Author): Promise<void> {
  const data = { baseVersionId, updatedBy: author.id, updatedByName: author.name, updatedAt: new Date() };
  await tx.draft.updateMany({ where: { id: draftId }, data });
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
  await tx.draftContributor.createMany({ data: [{ tenantId, draftId: id, contributor: author.id }], skipDuplicates: true });
}

/** The first text of a digest that was saved from a revision on. */
export async function findFirstText(tx: Transaction, draftId: string, digest: string, since: number): Promise<string | null> {
  const where = { draftId, digest, revision: { gte: since } };
  const row = await tx.draftRevision.findFirst({ where, orderBy: { revision: "asc" }, select: { source: true } });
  return row?.source ?? null;
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

export async function findVersion(tx: Transaction, templateName: string, semver: string): Promise<SignedVersionRow | null> {
  return tx.templateVersion.findFirst({ where: { semver, template: { name: templateName } }, include: { attestation: true } });
}

export async function findVersionOfReview(tx: Transaction, reviewId: string): Promise<TemplateVersion | null> {
  return tx.templateVersion.findFirst({ where: { reviewId } });
}

/** With what its statement tells: the template's name and the parent. */
export async function findVersionToSign(tx: Transaction, versionId: string) {
  return tx.templateVersion.findFirst({ where: { id: versionId }, include: { template: true, parent: true, attestation: true } });
}

/** What a signed name begins with. */
export async function tenantSlug(tx: Transaction, tenantId: string): Promise<string> {
  return (await tx.tenant.findFirstOrThrow({ where: { id: tenantId }, select: { slug: true } })).slug;
}

/** What is published of a template, in no order. */
export async function listSemvers(tx: Transaction, templateName: string) {
  return tx.templateVersion.findMany({ where: { template: { name: templateName } }, select: { semver: true, state: true, digest: true } });
}

/**
 * The revoked version whose content has this digest: hosts refuse the digest, whatever version carries it. Whatever else has it is locked
 * until the transaction ends, so that a revocation comes before this look or after the end.
 */
export async function findRevoked(tx: Transaction, digest: string): Promise<{ name: string; semver: string } | null> {
  const rows = await tx.$queryRaw<{ name: string; semver: string; state: VersionState }[]>`
    select t.name, v.semver, v.state from template_versions v join templates t on t.id = v.template_id
     where v.digest = ${digest} order by v.id for share of v`;
  const revoked = rows.find(({ state }) => state === "revoked");
  return revoked ? { name: revoked.name, semver: revoked.semver } : null;
}

/** All versions of a template without their texts; null when there is no such template. In no order. */
export async function listVersions(tx: Transaction, templateName: string) {
  const template = await tx.template.findFirst({
    where: { name: templateName },
    select: {
      versions: {
        select: { id: true, semver: true, digest: true, state: true, attestation: { select: { keyHint: true, integratedAt: true } } },
      },
    },
  });
  return template?.versions ?? null;
}

export type NewVersion = {
  readonly tenantId: string;
  readonly templateId: string;
  readonly semver: string;
  readonly digest: string;
  readonly source: string;
  readonly parentVersionId: string | null;
  readonly reviewId: string;
  readonly codeDigest: string | null;
  /** Who asked for it to be published. */
  readonly publishedBy: string;
};

/** Null when this semver exists already. */
export async function insertVersion(tx: Transaction, version: NewVersion): Promise<TemplateVersion | null> {
  const rows = await tx.templateVersion.createManyAndReturn({ data: [version], skipDuplicates: true });
  return rows[0] ?? null;
}

/** Moves a version between states; false when it was in none of `from`. */
export async function moveVersion(
  tx: Transaction,
  versionId: string,
  { from, to, reason }: { from: readonly VersionState[]; to: VersionState; reason: string | null },
  author: Author,
): Promise<boolean> {
  const moved = await tx.templateVersion.updateMany({
    where: { id: versionId, state: { in: [...from] } },
    data: { state: to, stateReason: reason, stateChangedAt: new Date(), stateChangedBy: author.id },
  });
  return moved.count === 1;
}

/** False when it has one already. */
export async function attachAttestation(tx: Transaction, versionId: string, attestationId: string): Promise<boolean> {
  const attached = await tx.templateVersion.updateMany({ where: { id: versionId, attestationId: null }, data: { attestationId } });
  return attached.count === 1;
}
