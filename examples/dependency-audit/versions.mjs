/** The order of versions (semver.org 2.0.0, item 11); what is no version comes last, in the order of its text. */

const pattern = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** @param {string} a @param {string} b @returns {number} */
export function compareVersions(a, b) {
  const [left, right] = [pattern.exec(a), pattern.exec(b)];
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0;
  for (const part of [1, 2, 3]) {
    const difference = Number(left[part]) - Number(right[part]);
    if (difference !== 0) return difference;
  }
  return comparePreReleases(left[4], right[4]);
}

/** @param {string} version @returns {string} the major number, or the whole text of what is no version */
export function majorOf(version) {
  return pattern.exec(version)?.[1] ?? version;
}

function comparePreReleases(a, b) {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  const [left, right] = [a.split("."), b.split(".")];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [one, other] = [left[at], right[at]];
    if (one === other) continue;
    if (one === undefined) return -1;
    if (other === undefined) return 1;
    const [oneNumeric, otherNumeric] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (oneNumeric && otherNumeric) return Number(one) - Number(other);
    if (oneNumeric !== otherNumeric) return oneNumeric ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return 0;
}
