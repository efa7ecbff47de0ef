/**
 * Which versions somebody will take, in the words of npm (github.com/npm/node-semver), without pre-releases: `latest`, `1.2.3`, `=1.2.3`,
 * `^1.2`, `~1.2`, `>=1.2`, `1`, `1.x`, `1.2.*`, `*`. What is left out of `^` and `~` is zero; of a plain version it is anything.
 */
import { compareSemver } from "./semver.ts";

export type Range = { readonly matches: (semver: string) => boolean };

type Parts = readonly (number | null)[];

const LENGTH_MAX = 40;
const shape = /^(\^|~|>=|=)?\s*v?(\d{1,9}|[xX*])(?:\.(\d{1,9}|[xX*]))?(?:\.(\d{1,9}|[xX*]))?$/;

/** Null when the text is no range. */
export function parseRange(text: string): Range | null {
  const written = text.trim();
  if (written === "latest") return { matches: () => true };
  const match = written.length <= LENGTH_MAX ? shape.exec(written) : null;
  if (!match) return null;
  const parts: Parts = [match[2], match[3], match[4]].map((part) => (part === undefined || /[xX*]/.test(part) ? null : Number(part)));
  // Nothing is more precise than what stands before it: 1.x.3 says 1.x.
  const [major = null, minor, patch] = parts.map((part, at) => (parts.slice(0, at).includes(null) ? null : part)) as Parts;
  if (major === null) return { matches: () => true };
  const from = [major, minor ?? 0, patch ?? 0].join(".");
  const before = upperBound(match[1] ?? "", major, minor ?? null, patch ?? null);
  return { matches: (semver) => compareSemver(semver, from) >= 0 && (before === null || compareSemver(semver, before) < 0) };
}

/** The first version that is too new; null when none is. */
function upperBound(operator: string, major: number, minor: number | null, patch: number | null): string | null {
  if (operator === ">=") return null;
  // Below 1.0.0 the first number that is not zero is the one that breaks.
  if (operator === "^") {
    if (major > 0 || minor === null) return `${major + 1}.0.0`;
    return minor > 0 || patch === null ? `0.${minor + 1}.0` : `0.0.${patch + 1}`;
  }
  if (minor === null) return `${major + 1}.0.0`;
  if (operator === "~" || patch === null) return `${major}.${minor + 1}.0`;
  return `${major}.${minor}.${patch + 1}`;
}
