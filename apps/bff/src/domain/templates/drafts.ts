/** Drafts: opening, saving, comparing and putting away lines of work on a template. */

import { parseManifest } from "@agent-factory/manifest";
import type { Change, Demand } from "@agent-factory/manifest/compare";
import { compareManifests } from "@agent-factory/manifest/compare";
import type { Diagnostic } from "@agent-factory/manifest/diagnostic";
import type { Manifest } from "@agent-factory/manifest/schema";
import type { Transaction } from "../../platform/database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import type { Actor } from "../actor.ts";
import type { Decisions } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import type { Base, Content, ReviewState, Reviews } from "../reviews/reviews.ts";
import { tenantOf } from "./archives.ts";
import { doorbell } from "./doorbell.ts";
import { type Judgement, judgeDraft, type PolicyFinding } from "./draft.ts";
import { compareSemver, nextSemver } from "./semver.ts";
import { type Facts, meaningOf } from "./subject.ts";
import {
  type Card,
  type DraftRow,
  findDraft,
  findFirstText,
  findTemplate,
  insertDraft,
  listDrafts,
  listVersions,
  lockDraft,
  moveDraft,
  rebaseDraft,
  saveRevision,
  showUnpublished,
} from "./template-store.ts";

export type DraftSummary = {
  id: string;
  title: string;
  templateName: string;
  revision: number;
  updatedAt: string;
  updatedByName: string;
  baseSemver: string | null;
  state: "open" | "discarded" | "published";
};

export type DraftView = Omit<DraftSummary, "baseSemver"> & {
  source: string;
  digest: string | null;
  base: { semver: string; source: string; digest: string } | null;
  diagnostics: readonly Diagnostic[];
  policy: readonly PolicyFinding[];
  /** Where it is being reviewed now. */
  review: { reviewId: string; number: number; state: ReviewState } | null;
};

export type SavedDraft = {
  revision: number;
  digest: string | null;
  updatedAt: string;
  diagnostics: readonly Diagnostic[];
  policy: readonly PolicyFinding[];
};
export type DraftNews = { revision: number; baseSemver: string | null; updatedByName: string; updatedAt: string };

export type Comparison = {
  base: { semver: string; source: string } | null;
  source: string;
  /** Empty, with `demands` none, while the draft is no valid manifest: what it means is not known yet. */
  changes: readonly Change[];
  demands: Demand;
  nextSemver: string | null;
};

export type Drafts = {
  /** Opens a draft on a version (the latest, when none is named). Failures: `templates.missing`, `templates.version-missing`. */
  create(
    actor: Actor,
    input: { templateName: string; baseSemver?: string | undefined; title?: string | undefined },
  ): Promise<{ draftId: string }>;
  list(actor: Actor, input: { templateName?: string | undefined }): Promise<{ items: DraftSummary[] }>;
  /** Failures: `drafts.missing`. */
  get(actor: Actor, input: { draftId: string }): Promise<DraftView>;
  /**
   * Saves the text on top of `expectedRevision`. The same text as is there already changes nothing. When somebody else saved
   * first nothing is overwritten: `drafts.stale` (conflict) carries what is there now. A draft that is not open: `drafts.closed`.
   * What is no text (a NUL, half a character) cannot be kept as typed and is refused: `drafts.not-text`. A live review of it is
   * revised in the same transaction.
   */
  save(actor: Actor, input: { draftId: string; expectedRevision: number; source: string }): Promise<SavedDraft>;
  /**
   * Puts the draft on the highest version; its text stays, and what it means beside the new base is judged anew, by reviewers too.
   * Failures: `drafts.stale`, `drafts.closed`, `templates.no-version`.
   */
  rebase(actor: Actor, input: { draftId: string; expectedRevision: number }): Promise<{ revision: number; baseSemver: string }>;
  /** A live review of it is withdrawn. */
  discard(actor: Actor, input: { draftId: string }): Promise<{ state: "discarded" }>;
  restore(actor: Actor, input: { draftId: string }): Promise<{ state: "open" }>;
  /** What changed since the base version, what each change means, and the smallest version it may become. */
  compare(actor: Actor, input: { draftId: string }): Promise<Comparison>;
  /** Says where the draft stands, then each time somebody saved or rebased it, until `signal` aborts. Redis only wakes it; the row is asked. */
  watch(actor: Actor, input: { draftId: string }, signal: AbortSignal): AsyncGenerator<DraftNews, void, void>;
};

/** Rung when somebody saved or rebased the draft. */
const draftDoorbell = (draftId: string): string => `draft:${draftId}`;

/** How long a save may stay unseen while Redis is away. */
const WATCH_POLL_MS = 2_000;

export type DraftsDependencies = { access: Access; decisions: Decisions; redis: RedisConnections; reviews: Reviews };

export function createDrafts({ access, decisions, redis, reviews }: DraftsDependencies): Drafts {
  const judge = (source: string, templateName: string): Judgement => judgeDraft(source, templateName, decisions);
  const ring = (draftId: string) => redis.publish(draftDoorbell(draftId), "");
  const reading = (actor: Actor, draftId: string) => ({ actor, action: "drafts.read" as const, resource: { kind: "draft", id: draftId } });

  const move = async (actor: Actor, draftId: string, from: "open" | "discarded", to: "open" | "discarded") => {
    const reviewId = await access.perform(
      { actor, action: "drafts.discard", resource: { kind: "draft", id: draftId } },
      async (tx, note) => {
        const draft = await requireLocked(tx, draftId);
        note.before({ state: draft.state });
        if (draft.state !== to && !(await moveDraft(tx, draftId, { from, to }, actor))) throw closed(draft.state);
        const review = to === "discarded" ? await reviews.live(tx, "template", draftId) : null;
        if (review) await reviews.drop(tx, actor, review.reviewId);
        note.after({ state: to, ...(review && { withdrawnReview: review.number }) });
        return review?.reviewId;
      },
    );
    if (reviewId) await reviews.ring(reviewId);
  };

  /** Tells a live review what the draft holds now; says which it is. */
  const revise = async (tx: Transaction, actor: Actor, draft: DraftRow, judgement?: Judgement): Promise<string | null> => {
    const review = await reviews.live(tx, "template", draft.id);
    if (!review) return null;
    const judged = judgement ?? judge(draft.source, draft.template.name);
    const compose = async (facts: unknown) => {
      const { since } = facts as Facts;
      const first = judged.digest === null ? null : await findFirstText(tx, draft.id, judged.digest, since);
      return contentOf(draft, judged, { source: first ?? draft.source, since });
    };
    await reviews.revise(tx, actor, { reviewId: review.reviewId, compose });
    return review.reviewId;
  };

  return {
    create: async (actor, { templateName, baseSemver, title }) => {
      const tenantId = tenantOf(actor);
      return access.perform({ actor, action: "drafts.create", resource: { kind: "draft", id: "new" } }, async (tx, note) => {
        const template = await findTemplate(tx, templateName);
        if (!template) throw missingTemplate(templateName);
        const newestFirst = template.versions.toSorted((a, b) => compareSemver(b.semver, a.semver));
        // What was revoked is no good start, unless somebody names it or there is nothing else.
        const usual = newestFirst.find(({ state }) => state !== "revoked") ?? newestFirst[0];
        const base = baseSemver === undefined ? usual : newestFirst.find(({ semver }) => semver === baseSemver);
        if (baseSemver !== undefined && !base) throw missingVersion(templateName, baseSemver);
        const copied = base ? null : (template.drafts[0] ?? null);
        const source = base?.source ?? copied?.source ?? starterSource(templateName);
        const { digest } = judge(source, templateName);
        const draft = await insertDraft(
          tx,
          { tenantId, templateId: template.id, baseVersionId: base?.id ?? null, title: title ?? `${actor.name}'s draft`, source, digest },
          actor,
          copied?.id,
        );
        note.resource(draft.id);
        note.after({ templateName, baseSemver: base?.semver ?? null, title: draft.title });
        return { draftId: draft.id };
      });
    },
    list: (actor, { templateName }) =>
      access.read(reading(actor, "*"), async (tx) => ({ items: (await listDrafts(tx, templateName ?? null)).map(summaryOf) })),
    get: async (actor, { draftId }) => {
      const { draft, review } = await access.read(reading(actor, draftId), async (tx) => ({
        draft: await requireDraft(tx, draftId),
        review: await reviews.live(tx, "template", draftId),
      }));
      const { diagnostics, policy } = judge(draft.source, draft.template.name);
      const { baseSemver: _, ...summary } = summaryOf(draft);
      return { ...summary, source: draft.source, digest: draft.digest, base: baseOf(draft), diagnostics, policy, review };
    },
    save: async (actor, { draftId, expectedRevision, source }) => {
      requireText(source);
      const { saved, judged, isNew, reviewId } = await access.perform(
        { actor, action: "drafts.save", resource: { kind: "draft", id: draftId } },
        async (tx, note) => {
          const draft = await requireLocked(tx, draftId);
          const judgement = judge(source, draft.template.name);
          if (draft.state !== "open") throw closed(draft.state);
          note.before({ revision: draft.revision, digest: draft.digest });
          if (draft.source === source) {
            note.after({ revision: draft.revision, digest: draft.digest });
            return { saved: draft, judged: judgement, isNew: false, reviewId: null };
          }
          const row = await saveRevision(tx, { draftId, expectedRevision, source, digest: judgement.digest }, actor);
          if (!row) throw staleOrClosed(await requireDraft(tx, draftId));
          if (judgement.manifest) await showUnpublished(tx, draft.templateId, cardOf(judgement.manifest));
          const revised = await revise(tx, actor, { ...draft, ...row }, judgement);
          note.after({ revision: row.revision, digest: row.digest });
          return { saved: row, judged: judgement, isNew: true, reviewId: revised };
        },
      );
      if (isNew) await ring(draftId);
      if (reviewId !== null) await reviews.ring(reviewId);
      return {
        revision: saved.revision,
        digest: saved.digest,
        updatedAt: saved.updatedAt.toISOString(),
        diagnostics: judged.diagnostics,
        policy: judged.policy,
      };
    },
    rebase: async (actor, { draftId, expectedRevision }) => {
      const { rebased, isNew, reviewId } = await access.perform(
        { actor, action: "drafts.rebase", resource: { kind: "draft", id: draftId } },
        async (tx, note) => {
          const draft = await requireLocked(tx, draftId);
          if (draft.state !== "open" || draft.revision !== expectedRevision) throw staleOrClosed(draft);
          const { name } = draft.template;
          const latest = (await listVersions(tx, name))?.toSorted((a, b) => compareSemver(b.semver, a.semver))[0];
          if (!latest) throw new Failure("missing", "templates.no-version", `${name} has no version yet`, { name, range: "latest" });
          note.before({ baseSemver: draft.baseVersion?.semver ?? null });
          note.after({ baseSemver: latest.semver });
          const answer = { revision: draft.revision, baseSemver: latest.semver };
          if (latest.id === draft.baseVersionId) return { rebased: answer, isNew: false, reviewId: null };
          await rebaseDraft(tx, draftId, latest.id, actor);
          return { rebased: answer, isNew: true, reviewId: await revise(tx, actor, await requireDraft(tx, draftId)) };
        },
      );
      if (isNew) await ring(draftId);
      if (reviewId !== null) await reviews.ring(reviewId);
      return rebased;
    },
    discard: async (actor, { draftId }) => {
      await move(actor, draftId, "open", "discarded");
      return { state: "discarded" };
    },
    restore: async (actor, { draftId }) => {
      await move(actor, draftId, "discarded", "open");
      return { state: "open" };
    },
    compare: async (actor, { draftId }) => {
      const draft = await access.read(reading(actor, draftId), (tx) => requireDraft(tx, draftId));
      const base = draft.baseVersion && { semver: draft.baseVersion.semver, source: draft.baseVersion.source };
      const after = judge(draft.source, draft.template.name).manifest;
      const before = base && parseManifest(base.source).manifest;
      const found = before && after ? compareManifests(before, after) : { changes: [], demands: "none" as const };
      return { base, source: draft.source, ...found, nextSemver: after ? nextSemver(base?.semver ?? null, found.demands) : null };
    },
    watch: async function* (actor, { draftId }, signal) {
      const bell = doorbell(signal);
      const silence = await redis.subscriber.on(draftDoorbell(draftId), bell.ring);
      try {
        for (let seen = ""; !signal.aborted; await bell.next(WATCH_POLL_MS)) {
          const draft = summaryOf(await access.read(reading(actor, draftId), (tx) => requireDraft(tx, draftId)));
          const { revision, baseSemver, updatedByName, updatedAt } = draft;
          const stand = `${revision} on ${baseSemver}`;
          if (stand !== seen) yield { revision, baseSemver, updatedByName, updatedAt };
          seen = stand;
        }
      } finally {
        await silence();
      }
    },
  };
}

export async function requireDraft(tx: Transaction, draftId: string): Promise<DraftRow> {
  const draft = await findDraft(tx, draftId);
  if (!draft) throw new Failure("missing", "drafts.missing", "No such draft", { draftId });
  return draft;
}

/** The same, locked: whoever changes a draft and its review takes the draft first. */
export async function requireLocked(tx: Transaction, draftId: string): Promise<DraftRow> {
  await lockDraft(tx, draftId);
  return requireDraft(tx, draftId);
}

/**
 * What a reviewer gets to judge. An approval names a digest, so `source` is the one text of that digest in this review: the first that
 * was saved `since` the revision it began with.
 */
export function contentOf(draft: DraftRow, judgement: Judgement, { source, since }: { source: string; since: number }): Content {
  const { baseVersion } = draft;
  const base: Base | null = baseVersion && { ref: baseVersion.semver, digest: baseVersion.digest, content: baseVersion.source };
  return { ...meaningOf(judgement, base, since), content: source, base };
}

export function missingTemplate(name: string): Failure {
  return new Failure("missing", "templates.missing", `No such template: ${name}`, { name });
}

export function missingVersion(name: string, semver: string): Failure {
  return new Failure("missing", "templates.version-missing", `${name} has no version ${semver}`, { name, semver });
}

export function requireText(source: string): void {
  if (source.isWellFormed() && !source.includes("\u0000")) return;
  throw new Failure("invalid", "drafts.not-text", "The text holds a NUL or half a Unicode character; remove it");
}

function closed(state: string): Failure {
  return new Failure("conflict", "drafts.closed", `The draft is ${state}`, { state });
}

/** Somebody was faster: what is there now, so that the loser can compare and decide. */
export function staleOrClosed(now: DraftRow): Failure {
  if (now.state !== "open") return closed(now.state);
  return new Failure("conflict", "drafts.stale", `${now.updatedByName} saved this draft in the meantime`, {
    revision: now.revision,
    source: now.source,
    updatedByName: now.updatedByName,
    updatedAt: now.updatedAt.toISOString(),
  });
}

export function summaryOf(draft: DraftRow): DraftSummary {
  const { id, title, revision, updatedAt, updatedByName, state } = draft;
  return {
    id,
    title,
    templateName: draft.template.name,
    revision,
    updatedAt: updatedAt.toISOString(),
    updatedByName,
    baseSemver: draft.baseVersion?.semver ?? null,
    state,
  };
}

function baseOf({ baseVersion }: DraftRow): DraftView["base"] {
  return baseVersion && { semver: baseVersion.semver, source: baseVersion.source, digest: baseVersion.digest };
}

export function cardOf({ metadata }: Manifest): Card {
  return { title: metadata.title, description: metadata.description ?? "", owner: metadata.owner, labels: metadata.labels ?? {} };
}

/** A small manifest to begin with; it lacks only the code. */
export function starterSource(name = "my-template"): string {
  return `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata:
  name: ${name}
  title: My template
  description: What it does, in one sentence.
  owner: my-team
spec:
  driver: node
  code:
    archive: sha256:0000000000000000000000000000000000000000000000000000000000000000
    entry: default
  input:
    type: object
    required: [text]
    properties:
      text: { type: string, maxLength: 10000 }
    additionalProperties: false
  output:
    type: object
  limits: { timeout: 30s, maxAttempts: 3 }
`;
}
