/** What is asked of a reader who decides on a review, and what they decide by. */
import type { ReadHead } from "./read-head.ts";
import type { ReviewPageView } from "./review-view.ts";

export type Asking = "approve" | "reject" | "withdraw" | null;

export type DecisionProps = {
  readonly review: ReviewPageView;
  /** What the reader has read; nothing else can be approved from here. */
  readonly read: ReadHead;
  /** It was replaced or judged anew, and the reader has not taken note. */
  readonly changed: boolean;
  /** The approved revision with which the head is compared now. */
  readonly since: number | null;
  readonly asking: Asking;
  readonly onAsking: (asking: Asking) => void;
};
