/** Versions as templates use them: `major.minor.patch`, no pre-releases (semver.org 2.0.0, items 2 to 8). */
import type { Demand } from "@agent-factory/manifest/compare";

const pattern = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

type Parts = readonly [number, number, number];

export function parseSemver(text: string): Parts | null {
  const match = pattern.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : null;
}

/** Negative when `a` is older than `b`. Both must be versions. */
export function compareSemver(a: string, b: string): number {
  const [left, right] = [parseSemver(a) ?? [0, 0, 0], parseSemver(b) ?? [0, 0, 0]] as const;
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}

/** The smallest version that a change of this weight may be published as; null when nothing changed. The first version is 1.0.0. */
export function nextSemver(base: string | null, demand: Demand): string | null {
  if (base === null) return "1.0.0";
  const [major, minor, patch] = parseSemver(base) ?? [0, 0, 0];
  if (demand === "major") return `${major + 1}.0.0`;
  if (demand === "minor") return `${major}.${minor + 1}.0`;
  if (demand === "patch") return `${major}.${minor}.${patch + 1}`;
  return null;
}
