/**
 * Templates: the registry of agent designs. A template has drafts, which change, and versions, which never do. Everything a
 * person or a program can do with them goes through this door.
 */
import type { BlobStore } from "../../platform/blobs.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import type { Actor } from "../actor.ts";
import type { Decisions } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import type { Reviews } from "../reviews/reviews.ts";
import { type Archives, createArchives, tenantOf } from "./archives.ts";
import { judgeDraft } from "./draft.ts";
import {
  cardOf,
  createDrafts,
  type DraftSummary,
  type Drafts,
  missingTemplate,
  missingVersion,
  requireText,
  starterSource,
  summaryOf,
} from "./drafts.ts";
import { createPublications, type Publications, type Signer } from "./publication.ts";
import { compareSemver } from "./semver.ts";
import { findTemplate, findVersion, insertDraft, insertTemplate } from "./template-store.ts";
import { createTryable, type Tryable } from "./tryable.ts";
import { createVersions, type Versions } from "./versions.ts";

export type { PolicyFinding } from "./draft.ts";
export type { Publication, Signer } from "./publication.ts";
export type { Tryable } from "./tryable.ts";
export type { Runnable } from "./versions.ts";

export type VersionView = {
  id: string;
  semver: string;
  digest: string;
  state: "published" | "deprecated" | "revoked";
  publishedAt: string;
  publishedBy: string;
  /** Whether its attestation is there; nothing runs it before. */
  signed: boolean;
  parentSemver: string | null;
};

export type TemplateView = {
  id: string;
  name: string;
  title: string;
  description: string;
  owner: string;
  labels: Record<string, string>;
  createdAt: string;
  /** Newest version first. */
  versions: VersionView[];
  drafts: Omit<DraftSummary, "templateName">[];
};

export type Templates = Publications &
  Versions & {
    readonly drafts: Drafts;
    readonly archives: Archives;
    /** Failures: `templates.missing`. */
    get(actor: Actor, input: { name: string }): Promise<TemplateView>;
    /** Failures: `templates.version-missing`. */
    getVersion(actor: Actor, input: { name: string; semver: string }): Promise<Omit<VersionView, "parentSemver"> & { source: string }>;
    /**
     * A template with its first draft. The source must say at least who it is: failures `templates.invalid` with diagnostics,
     * `templates.name-taken`.
     */
    create(actor: Actor, input: { source: string }): Promise<{ templateId: string; name: string; draftId: string }>;
    /** A small manifest to begin with. */
    starter(): { source: string };
    /**
     * What a try needs, when this revision of the draft may be tried. Failures: `drafts.stale`, `drafts.invalid` with diagnostics,
     * `drafts.policy-refused` with findings, `archives.missing`.
     */
    tryable(actor: Actor, input: { draftId: string; expectedRevision: number }): Promise<Tryable>;
  };

export type TemplatesDependencies = {
  access: Access;
  decisions: Decisions;
  blobs: BlobStore;
  redis: RedisConnections;
  reviews: Reviews;
  signing: Signer;
};

export function createTemplates({ access, decisions, blobs, redis, reviews, signing }: TemplatesDependencies): Templates {
  return {
    ...createPublications({ access, decisions, blobs, reviews, signing }),
    ...createVersions({ access, blobs, signing }),
    drafts: createDrafts({ access, decisions, redis, reviews }),
    archives: createArchives({ access, blobs }),
    tryable: createTryable({ access, decisions, blobs }),
    starter: () => ({ source: starterSource() }),

    get: (actor, { name }) =>
      access.read({ actor, action: "templates.read", resource: { kind: "template", id: name } }, async (tx) => {
        const template = await findTemplate(tx, name);
        if (!template) throw missingTemplate(name);
        const { id, title, description, owner, createdAt } = template;
        return {
          id,
          name,
          title,
          description,
          owner,
          labels: template.labels as Record<string, string>,
          createdAt: createdAt.toISOString(),
          versions: template.versions
            .toSorted((a, b) => compareSemver(b.semver, a.semver))
            .map((version) => ({ ...versionView(version), parentSemver: version.parent?.semver ?? null })),
          drafts: template.drafts.map((draft) => {
            const { templateName: _, ...summary } = summaryOf({ ...draft, template });
            return summary;
          }),
        };
      }),

    getVersion: (actor, { name, semver }) =>
      access.read({ actor, action: "templates.read", resource: { kind: "template", id: name } }, async (tx) => {
        const version = await findVersion(tx, name, semver);
        if (!version) throw missingVersion(name, semver);
        return { ...versionView(version), source: version.source };
      }),

    create: async (actor, { source }) => {
      requireText(source);
      const tenantId = tenantOf(actor);
      return access.perform({ actor, action: "templates.create", resource: { kind: "template", id: "new" } }, async (tx, note) => {
        const { manifest, digest, diagnostics } = judgeDraft(source, null, decisions);
        if (!manifest) throw new Failure("invalid", "templates.invalid", "The manifest has errors", { diagnostics });
        const { name } = manifest.metadata;
        const template = await insertTemplate(tx, tenantId, name, cardOf(manifest), actor);
        if (!template) throw new Failure("conflict", "templates.name-taken", `There is already a template named ${name}`, { name });
        const draft = await insertDraft(
          tx,
          { tenantId, templateId: template.id, baseVersionId: null, title: "First draft", source, digest },
          actor,
        );
        note.resource(template.id);
        note.after({ name, draftId: draft.id, digest });
        return { templateId: template.id, name, draftId: draft.id };
      });
    },
  };
}

function versionView(version: {
  id: string;
  semver: string;
  digest: string;
  state: VersionView["state"];
  publishedAt: Date;
  publishedBy: string;
  attestationId: string | null;
}): Omit<VersionView, "parentSemver"> {
  const { id, semver, digest, state, publishedAt, publishedBy, attestationId } = version;
  return { id, semver, digest, state, publishedAt: publishedAt.toISOString(), publishedBy, signed: attestationId !== null };
}
