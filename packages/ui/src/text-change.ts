/**
 * The one stretch in which two texts differ. Put into an open document as an edit, a new text leaves everything else where it is:
 * the caret, the folds, the marks. Offsets are UTF-16 units, as in JavaScript and Monaco.
 */
export type TextChange = { readonly from: number; readonly to: number; readonly text: string };

/** `before` with [from, to) replaced by `text` is `after`; null when they are the same. Never cuts a character or a line end in two. */
export function changeBetween(before: string, after: string): TextChange | null {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  while (splits(before, start) || splits(after, start)) start -= 1;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  while (splits(before, before.length - end) || splits(after, after.length - end)) end -= 1;
  return { from: start, to: before.length - end, text: after.slice(start, after.length - end) };
}

/** True when a cut at this place would part the two halves of a character, or of a line end. */
function splits(text: string, at: number): boolean {
  return /^(?:\r\n|[\ud800-\udbff][\udc00-\udfff])$/.test(text.slice(Math.max(0, at - 1), at + 1));
}
