import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lease } from "@agent-factory/protocol";
import { afterEach, expect, test } from "vitest";
import { createAdmission } from "../gate/admission.ts";
import { createTestSource, createTestVersions, damage } from "../gate/test-version.ts";
import { createTrustKeeper } from "../gate/trust-keeper.ts";
import type { Pool } from "../pool/pool.ts";
import { RequestRefused } from "../uplink/gateway-requests.ts";
import { RunLog } from "../uplink/run-log.ts";
import { createCodeCache } from "./code-cache.ts";
import { GivenBack } from "./driver.ts";
import { createNodeDriver } from "./node.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function open() {
  const directory = mkdtempSync(join(tmpdir(), "node-driver-"));
  directories.push(directory);
  const clock = { now: Date.parse("2026-06-02T08:00:00Z") };
  const now = () => clock.now;
  const versions = createTestVersions();
  const source = createTestSource(versions, now);
  const trust = createTrustKeeper({
    stateDir: directory,
    requests: source.requests,
    logger: quiet,
    onHealth: () => {},
    now,
    patienceMs: 0,
  });
  const driver = createNodeDriver({
    // No run of this file gets as far as a sandbox.
    pool: {} as Pool,
    requests: { ...source.requests, putOutput: () => Promise.reject(new Error("nothing ran")) },
    cache: createCodeCache({ directory: join(directory, "code") }),
    admission: createAdmission({ requests: source.requests, trust, now }),
  });
  const run = (lease: Lease) => driver.start(lease, new RunLog(lease, () => true), () => {}).ended;
  return { versions, source, trust, run };
}

test("a host that believes nobody gives a run back and rests: the fault is its own, and other hosts may be well", async () => {
  const { versions, source, run } = open();
  source.lifeMs = -1;
  const error = await run(versions.publish()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GivenBack);
  expect((error as GivenBack).restMs).toBeGreaterThan(0);
});

test("a version that does not hold ends its run: it would hold nowhere", async () => {
  const { versions, source, run } = open();
  const revoked = versions.publish();
  source.trust = { ...versions.trust(), revoked: [revoked.manifestDigest] };
  expect(await run(revoked)).toMatchObject({ outcome: "failed", error: { kind: "integrity", check: "not-revoked" } });
});

test("a damaged or oversized manifest ends the run instead of going from host to host for ever", async () => {
  const { versions, source, run } = open();
  const damaged = versions.publish();
  damage(versions, damaged.manifestDigest);
  expect(await run(damaged)).toMatchObject({ outcome: "failed", error: { kind: "integrity", check: "manifest-bytes" } });
  const oversized = versions.publish({ semver: "1.5.0" });
  const { getBlob } = source.requests;
  source.requests.getBlob = (hold, digest, bytesMax) =>
    digest === oversized.manifestDigest
      ? Promise.reject(new RequestRefused(413, "answer.too-large", "more than it may have"))
      : getBlob(hold, digest, bytesMax);
  expect(await run(oversized)).toMatchObject({ outcome: "failed", error: { kind: "integrity", check: "manifest-bytes" } });
});
