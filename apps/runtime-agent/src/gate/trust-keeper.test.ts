import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { createTestSource, createTestVersions } from "./test-version.ts";
import { createTrustKeeper, FRESH_MS } from "./trust-keeper.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function open() {
  const stateDir = mkdtempSync(join(tmpdir(), "trust-"));
  directories.push(stateDir);
  const clock = { now: Date.parse("2026-06-02T08:00:00Z") };
  const versions = createTestVersions();
  const source = createTestSource(versions, () => clock.now);
  const health: string[] = [];
  const start = () =>
    createTrustKeeper({
      stateDir,
      requests: source.requests,
      logger: quiet,
      onHealth: (state, detail) => health.push(`${state}: ${detail}`),
      now: () => clock.now,
      patienceMs: 0,
    });
  return { tenantId: versions.tenantId, source, clock, health, start };
}

it("a root is pinned once; another one is refused in words, also after a restart, and nothing is believed any more", async () => {
  const { tenantId, source, health, start } = open();
  const keeper = start();
  await keeper.greet();
  expect(health).toEqual(["ok: the trust root is the pinned one"]);
  expect((await keeper.current(tenantId)).version).toBe(1);

  const pinned = source.root;
  source.replaceRoot();
  keeper.doubt();
  await keeper.greet();
  expect(health.at(-1)).toContain("failing: The registry has another trust root than the one this host pinned");
  await expect(keeper.current(tenantId)).rejects.toMatchObject({ check: "trust-root-changed" });
  const restarted = start();
  await restarted.greet();
  expect(health.at(-1)).toContain("another trust root");
  await expect(restarted.current(tenantId)).rejects.toMatchObject({ check: "trust-root-changed" });

  // A gateway that names the right root and signs with another is no better.
  const forger = source.root;
  source.requests.getTrustRoot = async () => pinned.spki;
  await expect(restarted.current(tenantId)).rejects.toMatchObject({ check: "trust-signature" });
  source.root = pinned;
  expect((await restarted.current(tenantId)).version).toBe(1);
  expect(health.at(-1)).toMatch(/^ok/);
  expect(forger.spki).not.toBe(pinned.spki);
});

it("a document that is older than one seen before is refused, also by a host that restarted", async () => {
  const { tenantId, source, start } = open();
  source.version = 5;
  expect((await start().current(tenantId)).version).toBe(5);
  source.version = 4;
  await expect(start().current(tenantId)).rejects.toMatchObject({ check: "trust-older" });
  source.version = 5;
  expect((await start().current(tenantId)).version).toBe(5);
});

it("what was under way when doubt came is asked again: its answer may be from before", async () => {
  const { tenantId, source, start } = open();
  const keeper = start();
  const { getTrust } = source.requests;
  const held = Promise.withResolvers<void>();
  source.requests.getTrust = async (tenant) => {
    const envelope = await getTrust(tenant);
    await held.promise;
    return envelope;
  };
  const asked = keeper.current(tenantId);
  await expect.poll(() => source.asked).toContain("trust");
  source.version = 2;
  keeper.doubt();
  held.resolve();
  expect((await asked).version).toBe(2);
});

it("trust is fetched once for all who ask, used while it is fresh, and renewed behind their backs after that", async () => {
  const { tenantId, source, clock, start } = open();
  const keeper = start();
  await Promise.all(Array.from({ length: 20 }, () => keeper.current(tenantId)));
  const fetches = () => source.asked.filter((what) => what === "trust").length;
  expect(fetches()).toBe(1);
  source.version = 2;
  clock.now += FRESH_MS;
  expect((await keeper.current(tenantId)).version).toBe(1);
  expect(fetches()).toBe(1);
  clock.now += 1;
  expect((await keeper.current(tenantId)).version).toBe(1);
  await expect.poll(async () => (await keeper.current(tenantId)).version).toBe(2);
  // A gateway that is away changes nothing while the document lives; afterwards nobody is believed.
  source.away = new Error("away");
  clock.now += 23 * 60 * 60_000;
  expect((await keeper.current(tenantId)).version).toBe(2);
  clock.now += 2 * 60 * 60_000;
  await expect(keeper.current(tenantId)).rejects.toThrow("away");
});
