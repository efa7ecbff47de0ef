/** What changed since the version a draft is based on, and the smallest version number it may get. Pure. */
import { type ParsedManifest, parseManifest } from "@agent-factory/manifest";
import { type Change, type ChangeClass, compareManifests, type Demand } from "@agent-factory/manifest/compare";

export type DraftChanges =
  /** There is no version to compare with. */
  | { readonly kind: "new" }
  /** One of the two cannot be read as a manifest. */
  | { readonly kind: "unknown"; readonly since: string }
  /** `layout`: the text differs, the digest does not. */
  | { readonly kind: "none"; readonly since: string; readonly layout: boolean }
  | {
      readonly kind: "some";
      readonly since: string;
      readonly changes: readonly Change[];
      readonly demands: Demand;
      readonly next: string | null;
    };

export const changeClasses: readonly ChangeClass[] = ["breaking", "permission", "cost", "behaviour", "cosmetic"];

export function changesSince(
  base: { readonly semver: string; readonly source: string } | null,
  parsed: ParsedManifest,
  text: string,
): DraftChanges {
  if (!base) return { kind: "new" };
  const before = parseManifest(base.source).manifest;
  if (!before || !parsed.manifest) return { kind: "unknown", since: base.semver };
  const { changes, demands } = compareManifests(before, parsed.manifest);
  if (changes.length === 0) return { kind: "none", since: base.semver, layout: base.source !== text };
  return { kind: "some", since: base.semver, changes, demands, next: nextVersion(base.semver, demands) };
}

/** The smallest version above `semver` that a demand allows; a pre-release counts as the version it leads to. */
export function nextVersion(semver: string, demands: Demand): string | null {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(semver);
  if (!match || demands === "none") return null;
  const [major, minor, patch] = match.slice(1).map(Number) as [number, number, number];
  if (demands === "major") return `${major + 1}.0.0`;
  return demands === "minor" ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}

export function byClass(changes: readonly Change[]): { readonly class: ChangeClass; readonly changes: readonly Change[] }[] {
  return changeClasses
    .map((name) => ({ class: name, changes: changes.filter((change) => change.class === name) }))
    .filter((group) => group.changes.length > 0);
}
