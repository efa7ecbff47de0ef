/**
 * Where each version came from, drawn as lanes beside a list: a version stands on a lane, and a line runs down from it to its
 * parent, past the versions in between. Pure.
 */

export type Descent = { readonly semver: string; readonly parentSemver: string | null };

/** `entering`: lines that come from above and end at the lane `to` in this row; `leaving`: lanes on which a line goes on below. */
export type LineageRow = {
  readonly semver: string;
  readonly parentSemver: string | null;
  readonly lane: number;
  readonly entering: readonly { readonly from: number; readonly to: number }[];
  readonly leaving: readonly number[];
};

/** `versions` in the order of the list, each before its parent; a parent that is not in the list counts as none. */
export function lanesOf(versions: readonly Descent[]): { readonly rows: readonly LineageRow[]; readonly width: number } {
  const position = new Map(versions.map(({ semver }, index) => [semver, index]));
  // What each lane leads down to; null is free.
  const lanes: (string | null)[] = [];
  let width = 0;
  const rows = versions.map(({ semver, parentSemver }, index): LineageRow => {
    const awaited = lanes.indexOf(semver);
    const lane = awaited >= 0 ? awaited : freeLane(lanes);
    const entering = lanes.flatMap((target, from) => (target === null ? [] : [{ from, to: target === semver ? lane : from }]));
    for (const [at, target] of lanes.entries()) if (target === semver) lanes[at] = null;
    const parent = parentSemver !== null && (position.get(parentSemver) ?? -1) > index ? parentSemver : null;
    lanes[lane] = parent;
    width = Math.max(width, lanes.length);
    return { semver, parentSemver: parent, lane, entering, leaving: lanes.flatMap((target, at) => (target === null ? [] : [at])) };
  });
  return { rows, width };
}

function freeLane(lanes: readonly (string | null)[]): number {
  const free = lanes.indexOf(null);
  return free >= 0 ? free : lanes.length;
}
