import { expect, test } from "vitest";
import { latestRunnable, stoppedBy } from "./runnable-version.ts";

const version = (semver: string, state: "published" | "deprecated" | "revoked" = "published", signed = true, digest = semver) => ({
  semver,
  digest,
  state,
  signed,
  distrusted: false,
});

test("the latest is the highest published version that is signed", () => {
  const versions = [version("1.2.0", "published", false), version("1.1.0"), version("1.0.0")];
  expect(latestRunnable(versions)?.semver).toBe("1.1.0");
  expect(latestRunnable(versions, "1.1.0")?.semver).toBe("1.0.0");
});

test("a version that a distrusted key signed is never the latest: every host refuses it", () => {
  const versions = [{ ...version("1.2.0"), distrusted: true }, version("1.1.0", "deprecated")];
  expect(latestRunnable(versions)?.semver).toBe("1.1.0");
});

test("a deprecated version is the latest only when nothing else is left, a revoked one never", () => {
  expect(latestRunnable([version("1.2.0", "deprecated"), version("1.1.0")])?.semver).toBe("1.1.0");
  expect(latestRunnable([version("1.2.0", "revoked"), version("1.1.0", "deprecated")])?.semver).toBe("1.1.0");
  expect(latestRunnable([version("1.2.0", "revoked")])).toBeNull();
});

test("a version with the content of a revoked one is never the latest, and says of which", () => {
  const twin = version("1.2.0", "published", true, "a");
  const versions = [twin, version("1.1.0"), version("1.0.0", "revoked", true, "a")];
  expect(latestRunnable(versions)?.semver).toBe("1.1.0");
  expect(versions.map((one) => stoppedBy(one, versions)?.semver ?? null)).toEqual(["1.0.0", null, null]);
  expect(latestRunnable([twin, version("1.1.0")], "a")?.semver, "as if the content were revoked").toBe("1.1.0");
});
