/** What a check of the whole trail found, summed over its stretches. Pure. */
export type Stretch = {
  readonly checked: number;
  readonly waiting: number;
  readonly first: { readonly entryId: string; readonly problem: "altered" | "missing" | "not-in-log" } | null;
  readonly unclaimed: number | null;
  readonly checkpoints: readonly string[];
  readonly nextCursor: string | null;
};

export type TrailVerdict =
  | { readonly kind: "holds"; readonly checked: number; readonly waiting: number; readonly treeSize: number | null }
  | { readonly kind: "broken"; readonly checked: number; readonly entryId: string; readonly problem: "altered" | "missing" | "not-in-log" }
  /** Entries were removed together with their places: the log holds more of them than there are. */
  | { readonly kind: "removed"; readonly checked: number; readonly unclaimed: number }
  /** No tree is signed, so there is nothing to compare with. */
  | { readonly kind: "unsigned"; readonly checked: number }
  | { readonly kind: "empty" };

export function trailVerdict(stretches: readonly Stretch[]): TrailVerdict {
  const checked = stretches.reduce((sum, stretch) => sum + stretch.checked, 0);
  const waiting = stretches.reduce((sum, stretch) => sum + stretch.waiting, 0);
  const last = stretches.at(-1);
  const broken = stretches.find(({ first }) => first !== null)?.first;
  if (broken) return { kind: "broken", checked, ...broken };
  if (last?.unclaimed) return { kind: "removed", checked, unclaimed: last.unclaimed };
  if (checked + waiting === 0) return { kind: "empty" };
  if (last === undefined || last.checkpoints.length === 0) return { kind: "unsigned", checked };
  return { kind: "holds", checked, waiting, treeSize: sizeOf(last.checkpoints.at(-1)) };
}

/** The second line of a signed note is the size of its tree (C2SP tlog-checkpoint). */
function sizeOf(checkpoint: string | undefined): number | null {
  const size = Number(checkpoint?.split("\n")[1]);
  return Number.isSafeInteger(size) ? size : null;
}
