/** What the reviews module asks about templates; main.ts hands it over, since reviews stand to the left. */
import { parseManifest } from "@agent-factory/manifest";
import { type Change, compareManifests } from "@agent-factory/manifest/compare";
import type { Manifest } from "@agent-factory/manifest/schema";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Decisions } from "../decisions/decisions.ts";
import type { Base, Check, Checked, Meaning, SubjectKind } from "../reviews/reviews.ts";
import { type Judgement, judgeDraft } from "./draft.ts";
import { compareSemver, nextSemver } from "./semver.ts";
import { listSemvers, listUploaders, listWriters } from "./template-store.ts";

/** What is asked of a template's text again and again: the code archives it names, and those that its base does not. */
export type Facts = {
  readonly archives: readonly string[];
  readonly newArchives: readonly string[];
  /** Revision of the draft that the review began with. */
  readonly since: number;
};

export function createTemplateSubject({ decisions, blobs }: { decisions: Decisions; blobs: Pick<BlobStore, "has"> }): SubjectKind {
  return {
    policyRevision: () => decisions.revision("templates"),
    judge: (subject, { content, base, facts }) => meaningOf(judgeDraft(content, subject.name, decisions), base, (facts as Facts).since),
    check: async (tx, review) => {
      // The blob store asks on a connection of its own.
      const [code, versions] = await Promise.all([codeCheck(blobs, review), listSemvers(tx, review.subjectName)]);
      return [manifestCheck(review), policyCheck(review), code, baseCheck(review, versions)];
    },
    contributors: async (tx, sourceRef, facts) => [
      ...(await listWriters(tx, sourceRef)),
      ...(await listUploaders(tx, (facts as Facts).newArchives)),
    ],
  };
}

/** What a draft's text means beside its base, for whoever reviews it. */
export function meaningOf({ manifest, digest, policy }: Judgement, base: Base | null, since: number): Meaning & { readonly facts: Facts } {
  const none = { changes: [], demands: "none" as const, nextRef: null };
  if (!manifest) return { ...none, digest: null, findings: policy, facts: { archives: [], newArchives: [], since } };
  const before = base && parseManifest(base.content).manifest;
  const { changes, demands } = compared(base, before, manifest);
  const archives = archivesOf(manifest);
  const known = new Set(before ? archivesOf(before) : []);
  const facts: Facts = { archives, newArchives: archives.filter((archive) => !known.has(archive)), since };
  return { digest, changes, demands, nextRef: nextSemver(base?.ref ?? null, demands), findings: policy, facts };
}

function compared(base: Base | null, before: Manifest | null, after: Manifest): Pick<Meaning, "changes" | "demands"> {
  if (before) return compareManifests(before, after);
  // A parent we cannot read any more tells nothing about compatibility, nor about what it was permitted: everything counts as new.
  return { demands: base ? "major" : "none", changes: permissionsOf(after) };
}

/** A first version changes nothing that was there, but what it may touch somebody has to see, as in any later one. */
function permissionsOf(manifest: Manifest): Change[] {
  const { tools: _, sandbox: __, secrets: ___, ...spec } = manifest.spec;
  const { changes } = compareManifests({ ...manifest, spec: spec as Manifest["spec"] }, manifest);
  return changes.filter((change) => change.class === "permission");
}

function archivesOf({ spec }: Manifest): string[] {
  const plugins = (spec.tools ?? []).flatMap(({ plugin }) => (plugin ? [plugin.archive] : []));
  return [...new Set([...(spec.code ? [spec.code.archive] : []), ...plugins])];
}

/** The first archive that the registry does not hold; null when all are there. */
export async function missingArchive(blobs: Pick<BlobStore, "has">, tenantId: string, facts: unknown): Promise<string | null> {
  for (const archive of (facts as Facts).archives) if (!(await blobs.has(tenantId, archive))) return archive;
  return null;
}

function manifestCheck({ head }: Checked): Check {
  if (head.digest !== null)
    return { name: "manifest", state: "passed", message: { en: "The manifest is valid.", fr: "Le manifeste est valable." } };
  return { name: "manifest", state: "failed", message: { en: "The manifest has errors.", fr: "Le manifeste contient des erreurs." } };
}

function policyCheck({ head }: Checked): Check {
  const of = (severity: "error" | "warning") => head.findings.filter((finding) => finding.severity === severity).map(({ rule }) => rule);
  const [errors, warnings] = [of("error").join(", "), of("warning").join(", ")];
  if (errors)
    return { name: "policy", state: "failed", message: { en: `Refused by policy: ${errors}.`, fr: `Refusé par la règle : ${errors}.` } };
  if (warnings)
    return { name: "policy", state: "warning", message: { en: `The policy warns: ${warnings}.`, fr: `La règle avertit : ${warnings}.` } };
  return { name: "policy", state: "passed", message: { en: "No rule objects.", fr: "Aucune règle ne s'y oppose." } };
}

async function codeCheck(blobs: Pick<BlobStore, "has">, { tenantId, head }: Checked): Promise<Check> {
  const { archives } = head.facts as Facts;
  const missing = await missingArchive(blobs, tenantId, head.facts);
  if (missing !== null)
    return {
      name: "code",
      state: "failed",
      message: { en: `The code archive ${missing} is not in the registry.`, fr: `L'archive ${missing} n'est pas dans le registre.` },
    };
  if (archives.length === 0) return { name: "code", state: "passed", message: { en: "It names no code.", fr: "Aucun code n'est nommé." } };
  return { name: "code", state: "passed", message: { en: "Its code is in the registry.", fr: "Son code est dans le registre." } };
}

function baseCheck({ head, outcome }: Checked, versions: Awaited<ReturnType<typeof listSemvers>>): Check {
  const check = (state: Check["state"], en: string, fr: string): Check => ({ name: "base", state, message: { en, fr } });
  if (outcome !== null) return check("passed", `Published as ${outcome}.`, `Publié en ${outcome}.`);
  const revoked = versions.find(({ digest, state }) => digest === head.digest && state === "revoked");
  if (revoked)
    return check(
      "failed",
      `This is the content of ${revoked.semver}, which was revoked: change it.`,
      `C'est le contenu de ${revoked.semver}, qui a été révoquée : modifiez-le.`,
    );
  const latest = versions.map(({ semver }) => semver).toSorted((a, b) => compareSemver(b, a))[0];
  const base = head.base?.ref;
  if (isOutdated(base ?? null, head.nextRef, versions))
    return check(
      "failed",
      `${latest} was published meanwhile: rebase the draft on it.`,
      `${latest} a été publié entre-temps : rebasez le brouillon dessus.`,
    );
  if (base === undefined) return check("passed", "It is the first version.", "C'est la première version.");
  if (head.digest !== null && head.nextRef === null)
    return check("failed", `Nothing changed since ${base}.`, `Rien n'a changé depuis ${base}.`);
  if (versions.find(({ semver }) => semver === base)?.state === "revoked")
    return check("warning", `Its base ${base} is revoked.`, `Sa base ${base} est révoquée.`);
  if (latest !== base)
    return check(
      "warning",
      `Its base is ${base}; the latest version is ${latest}.`,
      `Sa base est ${base} ; la dernière version est ${latest}.`,
    );
  return check("passed", `Its base ${base} is the latest version.`, `Sa base ${base} est la dernière version.`);
}

/** Somebody else's version took the place this one would have: on the same base, or as the first. */
export function isOutdated(base: string | null, next: string | null, versions: readonly { readonly semver: string }[]): boolean {
  if (base === null) return versions.length > 0;
  return versions.some(({ semver }) => semver === next);
}
