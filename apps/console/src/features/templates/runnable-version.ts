/** Which version "latest" means. Pure; the registry decides the same when a run is submitted. */
import type { VersionRow } from "./template-view.ts";

type Candidate = Pick<VersionRow, "semver" | "state" | "signed">;

/** The highest signed version, deprecated ones only when nothing else is there; `versions` highest first. */
export function latestRunnable<Version extends Candidate>(versions: readonly Version[], without?: string): Version | null {
  const candidates = versions.filter(({ signed, semver }) => signed && semver !== without);
  return candidates.find(({ state }) => state === "published") ?? candidates.find(({ state }) => state === "deprecated") ?? null;
}
