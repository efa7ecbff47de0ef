import type { ReviewPageView } from "./review-view.ts";

/** What somebody has read: the only thing they can approve. */
export type ReadHead = Pick<ReviewPageView["head"], "revision" | "digest" | "content" | "base" | "policyRevision">;

/** The words; what they stand beside, without which the same words change something else; or the rules that judge both. */
export type Replaced = "content" | "base" | "policy";

export function replacedSince(read: ReadHead, head: ReadHead): Replaced | null {
  if (read.content !== head.content) return "content";
  if (read.base?.digest !== head.base?.digest) return "base";
  return read.policyRevision === head.policyRevision ? null : "policy";
}

/** What a decision names. */
export function judgedBy(reviewId: string, { digest, base, policyRevision }: ReadHead) {
  return { reviewId, digest: digest ?? "", baseDigest: base?.digest ?? null, policyRevision };
}
