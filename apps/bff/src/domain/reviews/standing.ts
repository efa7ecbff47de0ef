/** How a review stands: for a page that has its rows already, and for the record once it is published. */
import type { Transaction } from "../../platform/database.ts";
import type { Decisions } from "../decisions/decisions.ts";
import { type Proceedings, subjectOf } from "./proceedings.ts";
import {
  type Approval,
  type Count,
  countOf,
  type Head,
  isLive,
  mayApprove,
  missingReview,
  policyInput,
  type ReviewState,
  type WhyNot,
} from "./review.ts";
import { findReview, listContributors, listLiveApprovals, tenantSlug } from "./review-store.ts";
import type { Check, Checked } from "./subject.ts";

export type Shown = Checked & {
  readonly subjectKind: string;
  readonly state: ReviewState;
  readonly head: Checked["head"] & Pick<Head, "changes" | "demands" | "policyRevision">;
  readonly contributors: readonly string[];
  readonly approvals: readonly Approval[];
  readonly reader: { readonly part: "contributor" | "approver" | null; readonly roles: readonly string[]; readonly decided: boolean };
};

export type Standing = {
  readonly checks: Check[];
  readonly count: Count;
  readonly approve: { readonly allowed: boolean; readonly reason: WhyNot | null };
};

export type Evidence = {
  readonly rules: string[];
  readonly review: {
    id: string;
    number: number;
    revision: number;
    policyRevision: string;
    contributors: string[];
    approvals: { by: { id: string; name: string }; at: string }[];
  };
};

export type Standings = {
  /** As of now: what is in the way, how it counts, and whether the reader may approve. */
  standing(tx: Transaction, review: Shown): Promise<Standing>;
  /** Whose approval can count at all. */
  approverRoles(): readonly string[];
  /** Who contributed, who approved, by which policy; `rules` are those that warned. Failures: `reviews.missing`. */
  evidence(tx: Transaction, reviewId: string): Promise<Evidence>;
};

export function createStanding({ decisions, proceedings }: { decisions: Decisions; proceedings: Proceedings }): Standings {
  return {
    approverRoles: () => countOf(decisions.decide("reviews", {})).roles,
    standing: async (tx, review) => {
      const { state, head, contributors, approvals, reader } = review;
      const tenant = await tenantSlug(tx, review.tenantId);
      const count = countOf(decisions.decide("reviews", policyInput(subjectOf(review), head, { tenant, contributors, approvals })));
      const found = await proceedings.checks(tx, review);
      const judgedByAnother = isLive(review) && head.policyRevision !== proceedings.policyRevisionOf(review.subjectKind);
      const approve = mayApprove({
        state,
        part: reader.part,
        hasRole: reader.roles.some((role) => count.roles.includes(role)),
        sound: !found.some((check) => check.state === "failed"),
        decided: reader.decided,
        complete: count.allowed,
      });
      return { checks: judgedByAnother ? found.map(overtaken) : found, count, approve };
    },
    evidence: async (tx, reviewId) => {
      const review = await findReview(tx, reviewId);
      if (!review) throw missingReview(reviewId);
      const { id, number, revision, head } = review;
      const approvals = (await listLiveApprovals(tx, id)).map(({ userId, userName, at }) => ({
        by: { id: userId, name: userName },
        at: at.toISOString(),
      }));
      const contributors = (await listContributors(tx, id)).toSorted();
      const rules = [...new Set(head.findings.map(({ rule }) => rule))].toSorted();
      return { rules, review: { id, number, revision, policyRevision: head.policyRevision, contributors, approvals } };
    },
  };
}

/** What another policy said is no news of today's. */
function overtaken(check: Check): Check {
  if (check.name !== "policy") return check;
  const message = {
    en: "The policy changed since; the next act on this review has it judged anew.",
    fr: "La règle a changé depuis ; le prochain geste sur cette revue la fera réévaluer.",
  };
  return { ...check, state: "warning", message };
}
