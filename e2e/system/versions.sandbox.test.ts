/**
 * A published version from its signature to its run, through the real processes: the host fetches manifest, code and bundle, verifies all
 * of it itself, and only then runs. What was changed where it is stored, or revoked, does not run.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PublishedVersion, type System, startSystem } from "./system.ts";

const READY_MS = 60_000;
const ENDS_MS = 120_000;
const SLOTS = 2;

/** Sleeps as its input says. `mark` makes its bytes nobody else's. */
const codeOf = (mark: string) => ({
  "index.mjs": `
    // ${mark}
    export default async ({ ms }, context) => {
      context.log("started");
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { slept: ms, mark: "${mark}" };
    };
  `,
});

let system: System;

beforeAll(async () => {
  system = await startSystem({ templateName: "sleeps", code: codeOf("draft"), timeout: "60s", memory: "128Mi", slots: SLOTS });
}, READY_MS);

afterAll(async () => {
  await system?.stop();
}, READY_MS);

async function endOf(runId: string) {
  const [end] = await system.ends([runId]);
  if (!end) throw new Error("unreachable");
  return end;
}

test("a reviewed, signed and logged version runs, pinned to its number", { timeout: ENDS_MS }, async () => {
  const version = await system.publish("sound", codeOf("sound"));
  const end = await endOf(await system.submit("sound", { ms: 1 }));
  expect(end).toMatchObject({ kind: "run", semver: version.semver, state: "succeeded", attempt: 1, error: null });
  expect(JSON.parse(end.output?.text ?? "null")).toEqual({ slept: 1, mark: "sound" });
});

test.each([
  ["manifest", "manifest-bytes", ({ manifestDigest }: PublishedVersion) => manifestDigest],
  ["code", "code-bytes", ({ codeDigest }: PublishedVersion) => codeDigest],
  ["bundle", "bundle-bytes", ({ bundleDigest }: PublishedVersion) => bundleDigest],
])(
  "one byte of the stored %s changed: the host refuses, the run says why, and operators are told",
  { timeout: ENDS_MS },
  async (what, check, digestOf) => {
    const name = `damaged-${what}`;
    const version = await system.publish(name, codeOf(name));
    system.damage(version, digestOf(version));
    const end = await endOf(await system.submit(name, { ms: 1 }));
    expect(end).toMatchObject({ state: "failed", attempt: 1, output: null, error: { kind: "integrity", check } });
    expect(end.error?.message).toContain(name);
    // Nothing of it ran: it never started, and printed nothing.
    expect(end.events.map(({ kind }) => kind)).toEqual(["queued", "leased", "finished"]);
    expect(await system.logBytes(end.id)).toBe(0);
    await system.until("operators are told", async () => {
      const { items } = await system.operator.notices.list.query({});
      return items.some(({ kind, data }) => kind === "run.refused" && JSON.stringify(data).includes(name));
    });
  },
);

test("what the host has sound it runs, whatever became of the registry's copy of the code", { timeout: ENDS_MS }, async () => {
  const version = await system.publish("cached", codeOf("cached"));
  expect((await endOf(await system.submit("cached", { ms: 1 }))).state).toBe("succeeded");
  system.damage(version, version.codeDigest);
  expect((await endOf(await system.submit("cached", { ms: 1 }))).state).toBe("succeeded");
});

test("a version that is revoked while it runs is ended on the host, long before it would have ended", { timeout: ENDS_MS }, async () => {
  const { semver } = await system.publish("taken-back", codeOf("taken-back"));
  const runId = await system.submit("taken-back", { ms: 50_000 });
  await system.until("it runs", async () => (await system.states([runId]))[0] === "running");
  const revokedAt = Date.now();
  await system.operator.templates.revoke.mutate({ name: "taken-back", semver, reason: "It sleeps too long." });
  const end = await endOf(runId);
  expect(end).toMatchObject({ state: "cancelled", stateReason: "version-revoked" });
  expect(Date.now() - revokedAt).toBeLessThan(20_000);
  await expect(system.submit("taken-back", { ms: 1 })).rejects.toThrow("No version of taken-back fits latest");
});

test("a run that waits while its version is revoked never reaches a host", { timeout: ENDS_MS }, async () => {
  const { semver } = await system.publish("too-late", codeOf("too-late"));
  const busy = await system.tryAll(Array.from({ length: SLOTS }, () => ({ ms: 8_000 })));
  await system.until("the host is busy", async () => (await system.states(busy)).every((state) => state === "running"));
  const runId = await system.submit("too-late", { ms: 1 });
  await system.operator.templates.revoke.mutate({ name: "too-late", semver, reason: "Not this one." });
  const end = await endOf(runId);
  expect(end).toMatchObject({ state: "cancelled", stateReason: "version-revoked" });
  expect(end.events.map(({ kind }) => kind)).toEqual(["queued", "cancelled"]);
  expect((await system.ends(busy)).map(({ state }) => state)).toEqual(busy.map(() => "succeeded"));
});

test("what a distrusted key signed runs no more, on a host that ran it before; what the next key signs runs", {
  timeout: ENDS_MS,
}, async () => {
  await system.publish("by-a-thief", codeOf("by-a-thief"));
  expect((await endOf(await system.submit("by-a-thief", { ms: 1 }))).state).toBe("succeeded");
  const busy = await system.tryAll(Array.from({ length: SLOTS }, () => ({ ms: 8_000 })));
  await system.until("the host is busy", async () => (await system.states(busy)).every((state) => state === "running"));
  const waiting = await system.submit("by-a-thief", { ms: 1 });
  const { items } = await system.admin.signing.keys.query();
  const active = items.find(({ state }) => state === "active");
  const from = new Date(Date.now() - 60 * 60_000).toISOString();
  await system.admin.signing.distrust.mutate({ keyId: active?.id ?? "", from, reason: "It was copied." });
  // The registry takes no more runs of it, and what it took before is refused by the host itself.
  await expect(system.submit("by-a-thief", { ms: 1 })).rejects.toMatchObject({ data: { failure: { code: "templates.untrusted" } } });
  expect(await endOf(waiting)).toMatchObject({ state: "failed", error: { kind: "integrity", check: "key-trusted" } });
  await system.ends(busy);
  await system.publish("by-the-next", codeOf("by-the-next"));
  expect((await endOf(await system.submit("by-the-next", { ms: 1 }))).state).toBe("succeeded");
});

test("after all of this, every run that was accepted has ended exactly once", { timeout: ENDS_MS }, async () => {
  await system.expectEveryRunEndedOnce();
});
