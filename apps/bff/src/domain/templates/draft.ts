/**
 * What a draft is: text that may be a manifest of one template.
 *
 *   open -> open          saved: the revision rises by one, the text is kept in the history
 *   open -> discarded     put away; `restore` brings it back with the same revision
 *   open -> published     a reviewed text of it became a version; nothing leaves this state
 *
 * While a review of it lives, every save revises that review, and whoever saves is a contributor. One digest has one text in a review,
 * the first that was saved: a text that says the same in other words (a comment, an indentation) stays in the history.
 *
 * Text that is no valid manifest is saved all the same, without a digest: nothing typed is lost.
 */

import { parseManifest } from "@agent-factory/manifest";
import type { Diagnostic, Sentence } from "@agent-factory/manifest/diagnostic";
import { limitsOf } from "@agent-factory/manifest/limits";
import type { Manifest } from "@agent-factory/manifest/schema";
import type { Decisions } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import type { Finding } from "../reviews/reviews.ts";

export type PolicyFinding = Finding;

export type Judgement = {
  /** Null when there is any error among the diagnostics. Policy does not decide what a text is, only what may be done with it. */
  readonly manifest: Manifest | null;
  readonly digest: string | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly policy: readonly PolicyFinding[];
  /** Revision of the policy that judged. */
  readonly policyRevision: string;
};

/** Reads a draft's text for the template `templateName` and asks the policy about it. Pure but for the policy engine. */
export function judgeDraft(source: string, templateName: string | null, decisions: Decisions): Judgement {
  const parsed = parseManifest(source);
  const diagnostics = [...parsed.diagnostics];
  const written = parsed.manifest?.metadata.name;
  if (templateName !== null && written !== undefined && written !== templateName) {
    diagnostics.push({
      pointer: "/metadata/name",
      ...parsed.locate("/metadata/name"),
      severity: "error",
      code: "drafts.name-changed",
      message: {
        en: `A template's name never changes: this one is "${templateName}". To use another name, create a template.`,
        fr: `Le nom d'un modèle ne change jamais : celui-ci s'appelle "${templateName}". Pour un autre nom, créez un modèle.`,
      },
    });
  }
  const valid = !diagnostics.some(({ severity }) => severity === "error");
  const manifest = valid ? parsed.manifest : null;
  const verdict = manifest ? judgePolicy(manifest, decisions) : { findings: [], revision: "none" };
  return { manifest, digest: valid ? parsed.digest : null, diagnostics, policy: verdict.findings, policyRevision: verdict.revision };
}

/** A valid manifest that the policy lets through. Failures: `drafts.invalid` with diagnostics, `drafts.policy-refused` with findings. */
export function requireSound({ manifest, digest, diagnostics, policy }: Judgement): { manifest: Manifest; digest: string } {
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

/** Fail-closed: a policy that cannot be evaluated is one finding, an error. */
function judgePolicy(manifest: Manifest, decisions: Decisions): { findings: PolicyFinding[]; revision: string } {
  const verdict = decisions.decide("templates", policyInput(manifest));
  const findings = verdict.value?.findings;
  if (verdict.value === null || !Array.isArray(findings)) return { findings: [unjudged], revision: verdict.revision };
  const known = findings.filter(isFinding);
  const refusedWithoutReason = !verdict.allowed && !known.some(({ severity }) => severity === "error");
  if (known.length !== findings.length || refusedWithoutReason) known.push(unjudged);
  return { findings: known.sort((a, b) => (a.pointer + a.rule < b.pointer + b.rule ? -1 : 1)), revision: verdict.revision };
}

/** The manifest as written, and its amounts in plain numbers: a policy compares, it does not parse units. */
function policyInput(manifest: Manifest): unknown {
  const { timeoutMs, maxAttempts, concurrency, cpuMillis, memoryBytes } = limitsOf(manifest);
  return { manifest, measured: { timeoutMs, maxAttempts, concurrency, cpuMillis, memoryBytes } };
}

const unjudged: PolicyFinding = {
  rule: "policy.error",
  pointer: "",
  severity: "error",
  message: {
    en: "The policy could not be evaluated, so this cannot be tried or published. Tell an administrator.",
    fr: "La règle n'a pas pu être évaluée : rien ne peut être essayé ni publié. Prévenez un administrateur.",
  },
};

function isFinding(value: unknown): value is PolicyFinding {
  if (typeof value !== "object" || value === null) return false;
  const { rule, pointer, severity, message } = value as Partial<Record<keyof PolicyFinding, unknown>>;
  if (typeof message !== "object" || message === null) return false;
  const { en, fr } = message as Partial<Sentence>;
  return (
    typeof rule === "string" &&
    typeof pointer === "string" &&
    (severity === "error" || severity === "warning") &&
    typeof en === "string" &&
    typeof fr === "string"
  );
}
