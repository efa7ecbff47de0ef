/** Which version "latest" means, and which runs no more. Pure; the registry decides the same when a run is submitted. */
import type { VersionRow } from "./template-view.ts";

type Candidate = Pick<VersionRow, "semver" | "digest" | "state" | "signed" | "distrusted">;

/** The highest version whose signature hosts accept, deprecated ones only when nothing else is there; `versions` highest first. `without`: a digest. */
export function latestRunnable<Version extends Candidate>(versions: readonly Version[], without?: string): Version | null {
  const candidates = versions.filter((one) => one.signed && !one.distrusted && one.digest !== without && stoppedBy(one, versions) === null);
  return candidates.find(({ state }) => state === "published") ?? candidates.find(({ state }) => state === "deprecated") ?? null;
}

/** The revoked version whose content this one has: hosts refuse that, whatever its own state says. */
export function stoppedBy<Version extends Candidate>({ state, digest }: Candidate, versions: readonly Version[]): Version | null {
  if (state === "revoked") return null;
  return versions.find((other) => other.state === "revoked" && other.digest === digest) ?? null;
}
