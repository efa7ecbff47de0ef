/**
 * How a draft's text becomes a version, in four steps, each begun by the one before through the outbox and each safe to repeat:
 *
 *   `requestReview`     opens a review of the draft's text as it is
 *   `reviews.approve`   the last approval needed tells of it
 *   `publish`           decides everything again, in one transaction with the version it makes of the reviewed text
 *   `sign`              has the version's statement signed and logged; until then nothing runs it
 *
 * When publishing is refused (another version took its place, the policy changed, an approval no longer counts) the review is open
 * again and says why.
 */
import { type Publication as Predicate, publicationStatement } from "@agent-factory/gate/statement";
import { parseManifest } from "@agent-factory/manifest";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Transaction } from "../../platform/database.ts";
import type { Access } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import { addToOutbox } from "../audit/outbox.ts";
import type { Decisions } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import type { Approved, Reviews } from "../reviews/reviews.ts";
import { missingCode, tenantOf } from "./archives.ts";
import { judgeDraft, requireSound } from "./draft.ts";
import { cardOf, contentOf, requireLocked, staleOrClosed } from "./drafts.ts";
import { type Facts, isOutdated, meaningOf, missingArchive } from "./subject.ts";
import {
  attachAttestation,
  findRevoked,
  findVersion,
  findVersionOfReview,
  findVersionToSign,
  insertVersion,
  listSemvers,
  moveDraft,
  showPublished,
  tenantSlug,
} from "./template-store.ts";
import { storeManifest } from "./tryable.ts";

/** A version that a review became. */
export type Publication = { readonly versionId: string; readonly semver: string; readonly digest: string };

/** What signs, and what a signature is worth now: the signing module. The same subject twice gives the first attestation. */
export type Signer = {
  attest(
    actor: SystemActor,
    input: {
      subjectName: string;
      subjectDigest: string;
      predicateType: string;
      statement: ReturnType<typeof publicationStatement>;
    },
  ): Promise<{ attestationId: string; bundleDigest: string; logIndex: number; integratedAt: Date }>;
  distrusts(tx: Transaction, signature: { keyHint: string; integratedAt: Date }): Promise<boolean>;
};

export type Publications = {
  /**
   * Asks for this revision of the draft to be published. Failures: `drafts.stale`, `drafts.closed`, `drafts.invalid` with diagnostics,
   * `drafts.policy-refused` with findings, `archives.missing`, `templates.digest-revoked`, `templates.nothing-changed`, `templates.base-outdated`,
   * `reviews.exists`.
   */
  requestReview(
    actor: Actor,
    input: { draftId: string; expectedRevision: number; title: string; description?: string | undefined },
  ): Promise<{ reviewId: string; number: number }>;
  /**
   * Makes the version that an approved review is about: from the reviewed text, with the semver that its changes demand. Failures:
   * `reviews.not-approved`, `reviews.policy-changed`, `reviews.approvals-missing`, `templates.base-outdated`, `templates.digest-revoked`,
   * `drafts.policy-refused`, …: all of these but the first are kept on the review, which is open again. `archives.missing` is no verdict: it may come again.
   */
  publish(actor: SystemActor, input: { reviewId: string }): Promise<Publication>;
  /** Has the version's statement signed. Failures: `templates.version-missing`, those of the signer. */
  sign(actor: SystemActor, input: { versionId: string }): Promise<{ attestationId: string }>;
};

/** Versions of the time when the system published without a review were judged all the same, by a policy nobody wrote down. */
const BEFORE_REVIEWS = "unrecorded";

export type PublicationsDependencies = { access: Access; decisions: Decisions; blobs: BlobStore; reviews: Reviews; signing: Signer };

export function createPublications({ access, decisions, blobs, reviews, signing }: PublicationsDependencies): Publications {
  /** The version of an approved review, decided from nothing but the reviewed text and what holds now. */
  const decide = async (tx: Transaction, tenantId: string, { review }: Approved) => {
    const { head, subjectName } = review;
    const judgement = judgeDraft(head.content, subjectName, decisions);
    const { manifest, digest } = requireSound(judgement);
    if (digest !== head.digest) throw new Error(`the reviewed text has digest ${digest}, the review says ${head.digest}`);
    const meaning = meaningOf(judgement, head.base, (head.facts as Facts).since);
    const missing = await missingArchive(blobs, tenantId, meaning.facts);
    if (missing !== null) throw missingCode(missing);
    await requireUnrevoked(tx, digest);
    const semver = await requireNext(tx, subjectName, head.base?.ref ?? null, meaning.nextRef);
    const parent = head.base && (await findVersion(tx, subjectName, head.base.ref));
    if (head.base && parent?.digest !== head.base.digest) throw new Error(`${head.base.ref} is not what the review compared with`);
    return { manifest, digest, semver, parent };
  };

  /** `attempts` gets the revision that it is about, once nobody can change it any more. */
  const publishOnce = (actor: SystemActor, reviewId: string, attempts: (revision: number) => void): Promise<Publication> =>
    access.perform({ actor, action: "templates.publish", resource: { kind: "review", id: reviewId } }, async (tx, note) => {
      const tenantId = tenantOf(actor);
      const draft = await requireLocked(tx, (await reviews.find(tx, reviewId)).sourceRef);
      attempts((await reviews.find(tx, reviewId)).revision);
      const done = await findVersionOfReview(tx, reviewId);
      if (done) return publicationOf(done);
      const approved = await reviews.require(tx, reviewId);
      const { review, count, approvers } = approved;
      const { manifest, digest, semver, parent } = await decide(tx, tenantId, approved);
      await storeManifest(blobs, tenantId, manifest, digest);
      const version = await insertVersion(tx, {
        tenantId,
        templateId: draft.templateId,
        semver,
        digest,
        source: review.head.content,
        parentVersionId: parent?.id ?? null,
        reviewId,
        codeDigest: manifest.spec.code?.archive ?? null,
        publishedBy: review.openedBy,
      });
      if (!version) throw outdated(review.subjectName, semver);
      if (!(await moveDraft(tx, draft.id, { from: "open", to: "published" }, actor))) throw staleOrClosed(draft);
      await showPublished(tx, draft.templateId, cardOf(manifest));
      await reviews.conclude(tx, review, semver);
      const payload = {
        versionId: version.id,
        templateName: review.subjectName,
        semver,
        digest,
        reviewId,
        number: review.number,
        title: review.title,
        actorId: review.openedBy,
        actorName: review.openedByName,
        audience: [...new Set([review.openedBy, ...approvers])],
      };
      await addToOutbox(tx, { tenantId, topic: "version.published", key: version.id, payload });
      note.before({ semver: parent?.semver ?? null });
      note.after({ name: review.subjectName, semver, digest, review: review.number, approvers, rules: count.rules });
      return publicationOf(version);
    });

  return {
    requestReview: async (actor, { draftId, expectedRevision, title, description = "" }) => {
      const tenantId = tenantOf(actor);
      return access.perform({ actor, action: "reviews.request", resource: { kind: "draft", id: draftId } }, async (tx, note) => {
        const draft = await requireLocked(tx, draftId);
        if (draft.state !== "open" || draft.revision !== expectedRevision) throw staleOrClosed(draft);
        const { name } = draft.template;
        const judgement = judgeDraft(draft.source, name, decisions);
        const { digest } = requireSound(judgement);
        const content = contentOf(draft, judgement, { source: draft.source, since: draft.revision });
        const missing = await missingArchive(blobs, tenantId, content.facts);
        if (missing !== null) throw missingCode(missing);
        await requireUnrevoked(tx, digest);
        await requireNext(tx, name, content.base?.ref ?? null, content.nextRef);
        const subject = { kind: "template", name };
        const opened = await reviews.open(tx, actor, { tenantId, subject, sourceRef: draftId, title, description, content });
        note.after({ ...opened, digest: content.digest, nextSemver: content.nextRef });
        return opened;
      });
    },

    publish: async (actor, { reviewId }) => {
      let revision = 0;
      try {
        const published = await publishOnce(actor, reviewId, (attempted) => {
          revision = attempted;
        });
        await reviews.ring(reviewId);
        return published;
      } catch (error) {
        if (error instanceof Failure && isVerdict(error)) {
          const { code, message, details } = error;
          const kills = code === "templates.base-outdated" ? ("base-changed" as const) : null;
          await reviews.reopen(actor, { reviewId, revision, problem: { code, message, details }, kills });
        }
        throw error;
      }
    },

    sign: async (actor, { versionId }) => {
      const signer = { actor, action: "signing.sign" as const, resource: { kind: "version", id: versionId } };
      const found = await access.read(signer, async (tx) => {
        const version = await findVersionToSign(tx, versionId);
        if (!version) throw new Failure("missing", "templates.version-missing", "No such version", { versionId });
        return { version, predicate: await predicateOf(tx, version, reviews) };
      });
      const { version, predicate } = found;
      if (version.attestationId !== null) return { attestationId: version.attestationId };
      const statement = publicationStatement(predicate, version.digest);
      const subjectName = statement.subject[0]?.name ?? "";
      const { attestationId, logIndex } = await signing.attest(actor, {
        subjectName,
        subjectDigest: version.digest,
        predicateType: statement.predicateType,
        statement,
      });
      await access.perform(signer, async (tx, note) => {
        if (!(await attachAttestation(tx, versionId, attestationId))) return;
        const { tenantId, semver } = version;
        const payload = { versionId, templateName: predicate.template, semver, digest: version.digest, logIndex };
        await addToOutbox(tx, { tenantId, topic: "version.signed", key: versionId, payload });
        note.after({ name: predicate.template, semver, digest: version.digest, logIndex });
      });
      return { attestationId };
    },
  };
}

/** Why the version could be published, from what was on record when it was. */
async function predicateOf(
  tx: Transaction,
  version: NonNullable<Awaited<ReturnType<typeof findVersionToSign>>>,
  reviews: Reviews,
): Promise<Predicate> {
  const slug = await tenantSlug(tx, version.tenantId);
  const evidence = version.reviewId === null ? null : await reviews.evidence(tx, version.reviewId);
  return {
    tenant: { id: version.tenantId, slug },
    template: version.template.name,
    semver: version.semver,
    parent: version.parent && { semver: version.parent.semver, digest: version.parent.digest },
    codeDigest: parseManifest(version.source).manifest?.spec.code?.archive ?? null,
    review: evidence?.review ?? null,
    policy: { revision: evidence?.review.policyRevision ?? BEFORE_REVIEWS, rules: evidence?.rules ?? [], allowed: true },
    publishedAt: version.publishedAt.toISOString(),
  };
}

/** The semver that the changes demand, when its place is free. */
async function requireNext(tx: Transaction, name: string, base: string | null, next: string | null): Promise<string> {
  const versions = await listSemvers(tx, name);
  if (isOutdated(base, next, versions)) throw outdated(name, next);
  if (next === null) throw new Failure("conflict", "templates.nothing-changed", `Nothing changed since ${base}`, { semver: base });
  return next;
}

/** What was revoked is refused by its digest, for good: another version of the same content would never run. */
async function requireUnrevoked(tx: Transaction, digest: string): Promise<void> {
  const revoked = await findRevoked(tx, digest);
  if (!revoked) return;
  const { name, semver } = revoked;
  throw new Failure(
    "conflict",
    "templates.digest-revoked",
    `This content is that of ${name} ${semver}, which was revoked: it can never run`,
    {
      name,
      semver,
      digest,
    },
  );
}

function outdated(name: string, semver: string | null): Failure {
  return new Failure("conflict", "templates.base-outdated", `Another version of ${name} was published meanwhile; rebase the draft on it`, {
    name,
    semver,
  });
}

/** Whether a refusal says something about the content or its approvals; anything else may be otherwise the next time. */
function isVerdict({ kind, code }: Failure): boolean {
  return ["conflict", "forbidden", "invalid"].includes(kind) && code !== "reviews.not-approved" && code !== "access.denied";
}

function publicationOf({ id: versionId, semver, digest }: { id: string; semver: string; digest: string }): Publication {
  return { versionId, semver, digest };
}
