/** What may be tried of a draft: a sound manifest whose code is there and whose driver some host runs, pinned by digest. */
import { canonicalJson } from "@agent-factory/manifest/digest";
import { type EffectiveLimits, limitsOf } from "@agent-factory/manifest/limits";
import { type Manifest, runnableDrivers } from "@agent-factory/manifest/schema";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Access } from "../access/access.ts";
import type { Actor } from "../actor.ts";
import type { Decisions } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import { missingCode, tenantOf } from "./archives.ts";
import { judgeDraft, requireSound } from "./draft.ts";
import { requireDraft, staleOrClosed } from "./drafts.ts";

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

export function createTryable({ access, decisions, blobs }: { access: Access; decisions: Decisions; blobs: BlobStore }) {
  return async (actor: Actor, { draftId, expectedRevision }: { draftId: string; expectedRevision: number }): Promise<Tryable> => {
    const tenantId = tenantOf(actor);
    const draft = await access.read({ actor, action: "drafts.read", resource: { kind: "draft", id: draftId } }, (tx) =>
      requireDraft(tx, draftId),
    );
    if (draft.revision !== expectedRevision || draft.state !== "open") throw staleOrClosed(draft);
    const judgement = judgeDraft(draft.source, draft.template.name, decisions);
    const { manifest, digest } = requireSound(judgement);
    const { code, driver } = manifest.spec;
    if (code && !(await blobs.has(tenantId, code.archive))) throw missingCode(code.archive);
    // A driver without a host is only a warning while one writes; here it ends the attempt.
    if (!runnableDrivers.has(driver) || !code) {
      const diagnostics = judgement.diagnostics.map((diagnostic) =>
        diagnostic.code === "manifest.driver-not-runnable" ? { ...diagnostic, severity: "error" as const } : diagnostic,
      );
      throw new Failure("invalid", "drafts.invalid", `No host runs the driver ${driver} yet`, { diagnostics });
    }
    await storeManifest(blobs, tenantId, manifest, digest);
    return {
      templateId: draft.templateId,
      templateName: draft.template.name,
      draftId,
      revision: draft.revision,
      manifest,
      manifestDigest: digest,
      code: { digest: code.archive, entry: code.entry },
      limits: limitsOf(manifest),
      capabilities: manifest.spec.capabilities ?? [],
    };
  };
}

/** The canonical bytes under the manifest's digest: what hosts fetch. */
export async function storeManifest(blobs: BlobStore, tenantId: string, manifest: Manifest, digest: string): Promise<void> {
  const bytes = Buffer.from(canonicalJson(manifest), "utf8");
  const stored = await blobs.put(tenantId, bytes, { mediaType: "application/json", maxBytes: bytes.length });
  if (stored.digest !== digest) throw new Error(`canonical bytes have digest ${stored.digest}, the manifest ${digest}`);
}
