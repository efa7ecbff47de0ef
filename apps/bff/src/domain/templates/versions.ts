/**
 * What becomes of a version once it is there. Its bytes never change; its state does:
 *
 *   published <-> deprecated                  by `deprecate` and `undeprecate`: a range names it only when nothing else fits
 *   published, deprecated -> revoked          by `revoke`; final. Nothing starts it any more, and what runs of it is stopped.
 *
 * A revocation is of what a version says: every other version with its digest runs no more either, whatever its own state.
 * A version without an attestation waits for its signature: it can be found and read, and not be run.
 */
import { parseManifest } from "@agent-factory/manifest";
import { limitsOf } from "@agent-factory/manifest/limits";
import { runnableDrivers } from "@agent-factory/manifest/schema";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Transaction } from "../../platform/database.ts";
import type { Access, Action } from "../access/access.ts";
import type { Actor } from "../actor.ts";
import { addToOutbox } from "../audit/outbox.ts";
import { Failure } from "../failure.ts";
import { tenantOf } from "./archives.ts";
import { missingTemplate, missingVersion } from "./drafts.ts";
import type { Signer } from "./publication.ts";
import { parseRange } from "./range.ts";
import { compareSemver } from "./semver.ts";
import { findVersion, listVersions, moveVersion, type SignedVersionRow, type VersionState } from "./template-store.ts";
import { storeManifest, type Tryable } from "./tryable.ts";

/** A signed version as the runs module may run it: everything pinned by digest, with the bundle that vouches for it. */
export type Runnable = Omit<Tryable, "draftId" | "revision"> & {
  readonly versionId: string;
  readonly semver: string;
  /** What the bundle's statement is about, by name; its digest is `manifestDigest`. */
  readonly subjectName: string;
  /** The Sigstore bundle, in the tenant's blob store. */
  readonly bundleDigest: string;
};

export type Versions = {
  /**
   * The highest version in a range (`^1.2`, `~1`, `>=1.0.0`, `1.x`, `latest`). A deprecated one only when no other fits; a revoked one,
   * or one with the content of a revoked one, never. Failures: `templates.missing`, `templates.range-invalid`, `templates.no-version`.
   */
  resolve(actor: Actor, input: { name: string; range: string }): Promise<{ semver: string; digest: string }>;
  /**
   * The version that a range names now, to be run: one that waits for its signature only when no other fits. Failures: those of
   * `resolve`, `templates.unsigned`, `templates.untrusted` (its key was distrusted from before its signature), `templates.not-runnable`.
   */
  runnable(actor: Actor, input: { name: string; range: string }): Promise<Runnable>;
  /** Failures: `templates.version-missing`, `templates.version-revoked`. */
  deprecate(actor: Actor, input: { name: string; semver: string; reason: string }): Promise<{ state: VersionState }>;
  undeprecate(actor: Actor, input: { name: string; semver: string }): Promise<{ state: VersionState }>;
  /** For good. Saying it twice changes nothing. Failures: `templates.version-missing`. */
  revoke(actor: Actor, input: { name: string; semver: string; reason: string }): Promise<{ state: VersionState }>;
};

export type VersionsDependencies = { access: Access; blobs: BlobStore; signing: Pick<Signer, "distrusts"> };

export function createVersions({ access, blobs, signing }: VersionsDependencies): Versions {
  const move = (
    actor: Actor,
    action: Action,
    { name, semver }: { name: string; semver: string },
    change: { from: VersionState[]; to: VersionState; reason: string | null },
    then?: (tx: Transaction, version: SignedVersionRow) => Promise<void>,
  ): Promise<{ state: VersionState }> =>
    access.perform({ actor, action, resource: { kind: "template", id: name } }, async (tx, note) => {
      const version = await findVersion(tx, name, semver);
      if (!version) throw missingVersion(name, semver);
      note.resource(version.templateId);
      note.before({ name, semver, state: version.state });
      if (await moveVersion(tx, version.id, change, actor)) await then?.(tx, version);
      else {
        const now = (await findVersion(tx, name, semver))?.state;
        if (now !== change.to) throw new Failure("conflict", "templates.version-revoked", `${name} ${semver} is revoked`, { name, semver });
      }
      note.after({ name, semver, state: change.to, reason: change.reason });
      return { state: change.to };
    });

  return {
    resolve: (actor, { name, range }) =>
      access.read({ actor, action: "templates.read", resource: { kind: "template", id: name } }, async (tx) => {
        const { semver, digest } = await resolveVersion(tx, name, range);
        return { semver, digest };
      }),

    runnable: async (actor, { name, range }) => {
      const tenantId = tenantOf(actor);
      const reading = { actor, action: "templates.read" as const, resource: { kind: "template", id: name } };
      const { version, distrusted } = await access.read(reading, async (tx) => {
        const trusted = async (signature: Signature) => !(await signing.distrusts(tx, signature));
        const found = await resolveVersion(tx, name, range, trusted);
        return { version: found, distrusted: found.attestation !== null && !(await trusted(found.attestation)) };
      });
      const { semver, digest, source, attestation, templateId } = version;
      if (!attestation) {
        throw new Failure("conflict", "templates.unsigned", `${name} ${semver} waits for its signature; nothing runs it before`, {
          name,
          semver,
        });
      }
      if (distrusted) {
        throw new Failure("conflict", "templates.untrusted", `The key that signed ${name} ${semver} is distrusted; every host refuses it`, {
          name,
          semver,
        });
      }
      const manifest = parseManifest(source).manifest;
      const code = manifest?.spec.code;
      if (!manifest || !code || !runnableDrivers.has(manifest.spec.driver)) {
        throw new Failure("conflict", "templates.not-runnable", `No host runs ${name} ${semver} as it was written`, {
          name,
          semver,
          driver: manifest?.spec.driver ?? null,
        });
      }
      if (!(await blobs.has(tenantId, digest))) await storeManifest(blobs, tenantId, manifest, digest);
      return {
        templateId,
        templateName: name,
        versionId: version.id,
        semver,
        subjectName: attestation.subjectName,
        bundleDigest: attestation.bundleDigest,
        manifest,
        manifestDigest: digest,
        code: { digest: code.archive, entry: code.entry },
        limits: limitsOf(manifest),
        capabilities: manifest.spec.capabilities ?? [],
      };
    },

    deprecate: (actor, { reason, ...input }) =>
      move(actor, "templates.deprecate", input, { from: ["published", "deprecated"], to: "deprecated", reason }),
    undeprecate: (actor, input) => move(actor, "templates.deprecate", input, { from: ["deprecated"], to: "published", reason: null }),
    revoke: (actor, { reason, ...input }) =>
      move(actor, "templates.revoke", input, { from: ["published", "deprecated"], to: "revoked", reason }, async (tx, version) => {
        const { id: versionId, tenantId, digest, publishedBy } = version;
        const payload = {
          versionId,
          digest,
          templateName: input.name,
          semver: input.semver,
          reason,
          actorId: actor.id,
          actorName: actor.name,
          publishedBy,
        };
        await addToOutbox(tx, { tenantId, topic: "version.revoked", key: versionId, payload });
      }),
  };
}

type Signature = Parameters<Signer["distrusts"]>[1];

/**
 * The highest version that fits, published ones first. With `trusted`, of those whose signature hosts accept, when there is one; else the
 * highest that is signed, else the highest.
 */
async function resolveVersion(
  tx: Transaction,
  name: string,
  range: string,
  trusted?: (signature: Signature) => Promise<boolean>,
): Promise<SignedVersionRow> {
  const wanted = parseRange(range);
  if (!wanted) {
    throw new Failure("invalid", "templates.range-invalid", `${range.slice(0, 50)} is not a range such as ^1.2 or latest`, {
      range: range.slice(0, 50),
    });
  }
  const versions = await listVersions(tx, name);
  if (!versions) throw missingTemplate(name);
  const revoked = new Set(versions.filter(({ state }) => state === "revoked").map(({ digest }) => digest));
  const rank = ({ attestation, state }: (typeof versions)[number]) =>
    (trusted && attestation !== null ? 2 : 0) + (state === "published" ? 1 : 0);
  const fitting = versions
    .filter(({ digest, semver }) => !revoked.has(digest) && wanted.matches(semver))
    .sort((a, b) => rank(b) - rank(a) || compareSemver(b.semver, a.semver));
  let best = fitting[0];
  // Of the usual list the first is trusted, and nothing more is asked.
  for (const candidate of trusted ? fitting : []) {
    if (candidate.attestation === null || !(await trusted?.(candidate.attestation))) continue;
    best = candidate;
    break;
  }
  if (!best) throw new Failure("missing", "templates.no-version", `No version of ${name} fits ${range}`, { name, range });
  const found = await findVersion(tx, name, best.semver);
  if (!found) throw missingVersion(name, best.semver);
  return found;
}
