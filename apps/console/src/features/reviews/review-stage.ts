/**
 * Where a review stands, as one thing to say. Pure.
 *
 *   unsound      open, and nobody can approve it as it stands: an error in the manifest, or a check that failed
 *   waiting      open, approvals are missing
 *   publishing   approved; the registry publishes and signs it, usually within a second
 *   stuck        it was approved and could not be published: something must be done, and approved again
 *   published    it is a version
 *   rejected, withdrawn
 */
import type { ReviewPageView } from "./review-view.ts";

export type Stage =
  | { readonly name: "unsound"; readonly missing: number }
  | { readonly name: "waiting"; readonly missing: number }
  | { readonly name: "publishing"; readonly semver: string | null }
  | { readonly name: "stuck"; readonly problem: NonNullable<ReviewPageView["problem"]>; readonly missing: number }
  | { readonly name: "published"; readonly semver: string }
  | { readonly name: "rejected"; readonly by: string | null; readonly note: string }
  | { readonly name: "withdrawn" };

type Facts = Pick<ReviewPageView, "state" | "digest" | "outcome" | "problem" | "approvals" | "decisions" | "checks"> & {
  readonly head: Pick<ReviewPageView["head"], "nextSemver">;
};

export function stageOf(review: Facts): Stage {
  const missing = Math.max(0, review.approvals.required - review.approvals.given);
  switch (review.state) {
    case "approved":
      if (review.outcome !== null) return { name: "published", semver: review.outcome };
      if (review.problem !== null) return { name: "stuck", problem: review.problem, missing };
      return { name: "publishing", semver: review.head.nextSemver };
    case "rejected": {
      const decision = review.decisions.findLast(({ verdict }) => verdict === "reject");
      return { name: "rejected", by: decision?.userName ?? null, note: decision?.note ?? "" };
    }
    case "withdrawn":
      return { name: "withdrawn" };
    case "open": {
      if (review.problem !== null) return { name: "stuck", problem: review.problem, missing };
      const unsound = review.digest === null || review.checks.some(({ state }) => state === "failed");
      return { name: unsound ? "unsound" : "waiting", missing };
    }
  }
}

/** Whether there is still something to decide or to wait for. */
export function isMoving(stage: Stage): boolean {
  return stage.name === "unsound" || stage.name === "waiting" || stage.name === "publishing" || stage.name === "stuck";
}
