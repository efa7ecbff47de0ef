/**
 * Templates: the registry of agent designs. A template has drafts, which change, and versions, which never do. Everything a
 * person or a program can do with them goes through this door.
 *
 *   version: (absent) -> published      by `publish`, from a draft; source and digest never change afterwards
 */

import { parseManifest } from "@agent-factory/manifest";
import { compareManifests } from "@agent-factory/manifest/compare";
import { canonicalJson } from "@agent-factory/manifest/digest";
import { type EffectiveLimits, limitsOf } from "@agent-factory/manifest/limits";
import { type Manifest, runnableDrivers } from "@agent-factory/manifest/schema";
import type { BlobStore } from "../../platform/blobs.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import type { Decisions } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import { type Archives, createArchives, tenantOf } from "./archives.ts";
import { type Judgement, judgeDraft } from "./draft.ts";
import {
  cardOf,
  createDrafts,
  type DraftSummary,
  type Drafts,
  missingTemplate,
  missingVersion,
  requireDraft,
  requireText,
  staleOrClosed,
  starterSource,
  summaryOf,
} from "./drafts.ts";
import { compareSemver, nextSemver, parseSemver } from "./semver.ts";
import {
  findTemplate,
  findVersion,
  insertDraft,
  insertTemplate,
  insertVersion,
  listVersions,
  moveDraft,
  showPublished,
} from "./template-store.ts";

export type VersionView = {
  id: string;
  semver: string;
  digest: string;
  state: "published" | "deprecated" | "revoked";
  publishedAt: string;
  publishedBy: string;
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

/** A draft as the runs module may try it: everything pinned by digest. */
export type Tryable = {
  readonly templateId: string;
  readonly templateName: string;
  readonly draftId: string;
  readonly revision: number;
  readonly manifest: Manifest;
  /** Digest of the canonical manifest, which lies under it in the tenant's blob store. */
  readonly manifestDigest: string;
  readonly code: { readonly digest: string; readonly entry: string };
  readonly limits: EffectiveLimits;
  readonly capabilities: readonly string[];
};

export type Templates = {
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
   * Makes a draft's text an immutable version. Failures: `drafts.stale`, `drafts.invalid`, `drafts.policy-refused`, `archives.missing`,
   * `templates.semver-invalid`, `templates.version-exists`, `templates.nothing-changed`, `templates.bump-too-small`.
   */
  publish(
    actor: SystemActor,
    input: { draftId: string; expectedRevision: number; semver: string },
  ): Promise<{ versionId: string; digest: string }>;
  /**
   * What a try needs, when this revision of the draft may be tried. Failures: `drafts.stale`, `drafts.invalid` with diagnostics,
   * `drafts.policy-refused` with findings, `archives.missing`.
   */
  tryable(actor: Actor, input: { draftId: string; expectedRevision: number }): Promise<Tryable>;
};

export type TemplatesDependencies = { access: Access; decisions: Decisions; blobs: BlobStore; redis: RedisConnections };

export function createTemplates({ access, decisions, blobs, redis }: TemplatesDependencies): Templates {
  const requireCode = async (tenantId: string, manifest: Manifest): Promise<{ digest: string; entry: string } | null> => {
    const { code } = manifest.spec;
    if (!code) return null;
    if (!(await blobs.has(tenantId, code.archive))) {
      throw new Failure("missing", "archives.missing", `The code archive ${code.archive} is not in the registry`, {
        digest: code.archive,
        pointer: "/spec/code/archive",
      });
    }
    return { digest: code.archive, entry: code.entry };
  };

  return {
    drafts: createDrafts({ access, decisions, redis }),
    archives: createArchives({ access, blobs }),
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

    publish: async (actor, { draftId, expectedRevision, semver }) => {
      const tenantId = tenantOf(actor);
      return access.perform({ actor, action: "templates.publish", resource: { kind: "template", id: draftId } }, async (tx, note) => {
        const draft = await requireDraft(tx, draftId);
        if (draft.revision !== expectedRevision) throw staleOrClosed(draft);
        const judgement = judgeDraft(draft.source, draft.template.name, decisions);
        const { manifest, digest } = requireSound(judgement);
        await requireCode(tenantId, manifest);
        const versions = await listVersions(tx, draft.templateId);
        const parent = draft.baseVersion ?? versions.toSorted((a, b) => compareSemver(b.semver, a.semver))[0] ?? null;
        requireBump(parent, manifest, semver);
        const version = await insertVersion(
          tx,
          { tenantId, templateId: draft.templateId, semver, digest, source: draft.source, parentVersionId: parent?.id ?? null },
          actor,
        );
        if (!version)
          throw new Failure("conflict", "templates.version-exists", `${draft.template.name} has a version ${semver} already`, { semver });
        if (!(await moveDraft(tx, draftId, { from: "open", to: "published" }, actor, expectedRevision)))
          throw staleOrClosed(await requireDraft(tx, draftId));
        await showPublished(tx, draft.templateId, cardOf(manifest));
        note.resource(draft.templateId);
        note.before({ semver: parent?.semver ?? null });
        note.after({ name: draft.template.name, semver, digest, policyRevision: judgement.policyRevision });
        return { versionId: version.id, digest };
      });
    },

    tryable: async (actor, { draftId, expectedRevision }) => {
      const tenantId = tenantOf(actor);
      const draft = await access.read({ actor, action: "drafts.read", resource: { kind: "draft", id: draftId } }, (tx) =>
        requireDraft(tx, draftId),
      );
      if (draft.revision !== expectedRevision || draft.state !== "open") throw staleOrClosed(draft);
      const judgement = judgeDraft(draft.source, draft.template.name, decisions);
      const { manifest, digest } = requireSound(judgement);
      const code = await requireCode(tenantId, manifest);
      // A driver without a host is only a warning while one writes; here it ends the attempt.
      if (!runnableDrivers.has(manifest.spec.driver) || !code) {
        const diagnostics = judgement.diagnostics.map((diagnostic) =>
          diagnostic.code === "manifest.driver-not-runnable" ? { ...diagnostic, severity: "error" as const } : diagnostic,
        );
        throw new Failure("invalid", "drafts.invalid", `No host runs the driver ${manifest.spec.driver} yet`, { diagnostics });
      }
      const bytes = Buffer.from(canonicalJson(manifest), "utf8");
      const stored = await blobs.put(tenantId, bytes, { mediaType: "application/json", maxBytes: bytes.length });
      if (stored.digest !== digest) throw new Error(`canonical bytes have digest ${stored.digest}, the manifest ${digest}`);
      return {
        templateId: draft.templateId,
        templateName: draft.template.name,
        draftId,
        revision: draft.revision,
        manifest,
        manifestDigest: digest,
        code,
        limits: limitsOf(manifest),
        capabilities: manifest.spec.capabilities ?? [],
      };
    },
  };
}

/** A valid manifest that the policy lets through. */
function requireSound({ manifest, digest, diagnostics, policy }: Judgement): { manifest: Manifest; digest: string } {
  if (!manifest || digest === null) throw new Failure("invalid", "drafts.invalid", "The manifest has errors", { diagnostics });
  const refused = policy.filter(({ severity }) => severity === "error");
  if (refused.length > 0) {
    throw new Failure(
      "forbidden",
      "drafts.policy-refused",
      `The policy refuses this manifest: ${refused.map(({ rule }) => rule).join(", ")}`,
      { findings: policy },
    );
  }
  return { manifest, digest };
}

/** A version says how much changed since its parent: it may promise less compatibility than needed, never more. */
function requireBump(parent: { semver: string; source: string } | null, manifest: Manifest, semver: string): void {
  if (!parseSemver(semver))
    throw new Failure("invalid", "templates.semver-invalid", `${semver.slice(0, 50)} is not a version such as 1.2.0`, {
      semver: semver.slice(0, 50),
    });
  if (!parent) return;
  const before = parseManifest(parent.source).manifest;
  // A parent we cannot read any more tells nothing about compatibility.
  const { demands, changes } = before ? compareManifests(before, manifest) : { demands: "major" as const, changes: [] };
  const smallest = nextSemver(parent.semver, demands);
  if (smallest === null)
    throw new Failure("conflict", "templates.nothing-changed", `Nothing changed since ${parent.semver}`, { semver: parent.semver });
  if (compareSemver(semver, smallest) < 0) {
    throw new Failure("invalid", "templates.bump-too-small", `This change demands at least ${smallest}, not ${semver}`, {
      semver,
      demands,
      nextSemver: smallest,
      changes,
    });
  }
}

function versionView(version: {
  id: string;
  semver: string;
  digest: string;
  state: VersionView["state"];
  publishedAt: Date;
  publishedBy: string;
}): Omit<VersionView, "parentSemver"> {
  const { id, semver, digest, state, publishedAt, publishedBy } = version;
  return { id, semver, digest, state, publishedAt: publishedAt.toISOString(), publishedBy };
}
