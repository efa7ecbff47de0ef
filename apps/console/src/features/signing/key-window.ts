/**
 * The time in which each signing key signs, on one axis for all keys. Pure. Places on the axis are shares between 0 and 1.
 *
 *   key: announced -> active -> retiring -> retired      by rotation; a retired key's signatures keep verifying
 *        any state, distrusted from a moment on           its signatures from then on are refused, those before stay good
 */
import type { KeyRow } from "./signing-view.ts";

export type Axis = { readonly from: number; readonly to: number; readonly now: number };
export type KeyWindow = {
  readonly start: number;
  readonly end: number;
  /** No end is set: it signs until the next rotation. */
  readonly open: boolean;
  /** Where distrust begins; it reaches to the end. */
  readonly distrusted: number | null;
};

type Dated = Pick<KeyRow, "notBefore" | "notAfter" | "distrustedFrom">;

const DAY_MS = 86_400_000;
/** More at the end, where the key that signs next begins. */
const MARGIN = 0.03;
const MARGIN_END = 0.15;

/** From the first key's beginning to past the next rotation, at least a day, with a margin on both sides. Times in ms. */
export function axisOf(keys: readonly Dated[], nextRotationAt: string | null, now: number): Axis {
  const times = [
    now,
    ...(nextRotationAt === null ? [] : [Date.parse(nextRotationAt)]),
    ...keys.flatMap(({ notBefore, notAfter }) => [Date.parse(notBefore), ...(notAfter === null ? [] : [Date.parse(notAfter)])]),
  ];
  const from = Math.min(...times);
  const to = Math.max(...times, from + DAY_MS);
  const margin = (to - from) * MARGIN;
  return { from: from - margin, to: to + (to - from) * MARGIN_END, now };
}

export function windowOf(key: Dated, axis: Axis): KeyWindow {
  const place = (time: number) => Math.min(1, Math.max(0, (time - axis.from) / (axis.to - axis.from)));
  return {
    start: place(Date.parse(key.notBefore)),
    end: key.notAfter === null ? 1 : place(Date.parse(key.notAfter)),
    open: key.notAfter === null,
    distrusted: key.distrustedFrom === null ? null : place(Date.parse(key.distrustedFrom)),
  };
}

export function placeOfNow(axis: Axis): number {
  return (axis.now - axis.from) / (axis.to - axis.from);
}
