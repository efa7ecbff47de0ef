/**
 * What a review is: a request to publish one content, and what people said of it.
 *
 *   (absent) -> open               somebody asked for it
 *   open -> approved               by the approval with which the policy has what it wants for the head
 *   open -> rejected               by one no; final
 *   open, approved -> withdrawn    taken back, or what it came from was put away; final
 *   approved -> open               content, base or policy changed, an approval no longer counts, or publishing was refused: `problem`
 *   approved, with an outcome      published as what `outcome` names; final
 *
 * It is live while open, or approved without an outcome. Its head is the newest revision. A decision is for the head, its digest and
 * the policy revision that judged it; it lives until one of these changes, its author contributes, changes their mind, or the review is
 * withdrawn, and dies once. A revision that nobody decided on or spoke about is replaced by the next; one that was remarked on stays.
 */
import type { Change, Demand } from "@agent-factory/manifest/compare";
import type { Sentence } from "@agent-factory/manifest/diagnostic";
import type { Verdict } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";

export type ReviewState = "open" | "approved" | "rejected" | "withdrawn";
export type KillReason = "content-changed" | "policy-changed" | "contributed" | "base-changed" | "withdrawn";

export type Finding = {
  readonly rule: string;
  readonly pointer: string;
  readonly severity: "error" | "warning";
  readonly message: Sentence;
};

/** What a content means beside its base, as its module judges it. `digest` null: no valid content. `nextRef` null: nothing changed. */
export type Meaning = {
  readonly digest: string | null;
  readonly changes: readonly Change[];
  readonly demands: Demand;
  readonly nextRef: string | null;
  readonly findings: readonly Finding[];
  /** What the subject's module asks of the content again and again; opaque here. */
  readonly facts: unknown;
};

export type Base = { readonly ref: string; readonly digest: string; readonly content: string };
export type Content = Meaning & { readonly content: string; readonly base: Base | null };
/** A content with the revision of the policies that it was judged by. */
export type Judged = Content & { readonly policyRevision: string };
export type Head = Judged & { readonly revision: number };

/** Why something could not be published although approved. */
export type Problem = { readonly code: string; readonly message: string; readonly details: Readonly<Record<string, unknown>> };

export function isLive({ state, outcome }: { state: ReviewState; outcome: string | null }): boolean {
  return state === "open" || (state === "approved" && outcome === null);
}

/** What the next content does to the head: nothing, take its place, or come after it; and why decisions die of it. */
export type Revising = { readonly place: "keep" | "replace" | "append"; readonly kills: KillReason | null };

/** `remarked`: somebody decided on the head or spoke about it. One digest has one text, so the same digest is the same content. */
export function revising(head: Head, next: Judged, remarked: boolean): Revising {
  const kills = causeOfDeath(head, next);
  if (kills === null) return { place: "keep", kills };
  return { place: remarked ? "append" : "replace", kills };
}

function causeOfDeath(head: Head, next: Judged): KillReason | null {
  // Two contents without a digest are as different as their texts.
  if (head.digest !== next.digest || (next.digest === null && head.content !== next.content)) return "content-changed";
  if (head.base?.ref !== next.base?.ref || head.base?.digest !== next.base?.digest) return "base-changed";
  return head.policyRevision === next.policyRevision ? null : "policy-changed";
}

/** How the policy counts: who may approve, how many it takes, how many there are. Nothing is allowed that could not be judged. */
export type Count = {
  readonly allowed: boolean;
  readonly required: number;
  readonly given: number;
  readonly roles: readonly string[];
  readonly rules: readonly string[];
};

export function countOf({ allowed, rules, value }: Verdict): Count {
  const { required, given, roles } = value ?? {};
  if (typeof required !== "number" || typeof given !== "number" || !Array.isArray(roles) || required < 1)
    return { allowed: false, required: 1, given: 0, roles: [], rules: ["policy.error"] };
  return { allowed, required, given, roles: roles.filter((role) => typeof role === "string"), rules };
}

export type Approval = { readonly userId: string; readonly roles: readonly string[] };

/** What the policy `reviews` is asked; small, whatever the size of the content. */
export function policyInput(
  subject: { readonly kind: string; readonly name: string },
  head: Pick<Meaning, "changes" | "demands" | "findings">,
  people: { readonly tenant: string; readonly contributors: readonly string[]; readonly approvals: readonly Approval[] },
): unknown {
  const found = (severity: Finding["severity"]) => head.findings.filter((finding) => finding.severity === severity).length;
  return {
    subject: { kind: subject.kind, name: subject.name },
    tenant: people.tenant,
    demands: head.demands,
    changes: head.changes.map((change) => ({ class: change.class, path: change.path })),
    findings: { errors: found("error"), warnings: found("warning") },
    contributors: people.contributors,
    approvals: people.approvals,
  };
}

export type WhyNot = "contributor" | "no-role" | "not-open" | "not-sound" | "already";

/** Whether somebody's approval would count now, for the page; the door and the database decide again. */
export function mayApprove(who: {
  readonly state: ReviewState;
  readonly part: "contributor" | "approver" | null;
  readonly hasRole: boolean;
  readonly sound: boolean;
  readonly decided: boolean;
  /** The approvals that are there are enough: a second press by any of their authors has them counted again. */
  readonly complete: boolean;
}): { allowed: boolean; reason: WhyNot | null } {
  const reason = whyNot(who);
  return { allowed: reason === null, reason };
}

function whyNot({ state, part, hasRole, sound, decided, complete }: Parameters<typeof mayApprove>[0]): WhyNot | null {
  if (state !== "open") return "not-open";
  if (part === "contributor") return "contributor";
  if (!hasRole) return "no-role";
  if (decided && !complete) return "already";
  return sound ? null : "not-sound";
}

export function missingReview(review: string | number): Failure {
  return new Failure("missing", "reviews.missing", "No such review", { review });
}

export function closedReview(state: ReviewState): Failure {
  return new Failure("conflict", "reviews.closed", `The review is ${state}`, { state });
}

/** The head is another than the one that was looked at. */
export function staleReview({ digest, revision }: Head): Failure {
  return new Failure("conflict", "reviews.stale", "The content changed since you looked at it", { digest, revision });
}

export function policyChanged(policyRevision: string): Failure {
  return new Failure("conflict", "reviews.policy-changed", "The policy changed; look at the review again", { policyRevision });
}

export function contributed(): Failure {
  return new Failure("forbidden", "reviews.contributor", "Whoever contributed to a content cannot decide on it");
}
