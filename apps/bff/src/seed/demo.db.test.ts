import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createLogger } from "@agent-factory/process/logger";
import { testRedisUrl } from "@agent-factory/testkit/redis";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { createTemplates } from "../domain/templates/templates.ts";
import { openBlobs } from "../platform/blobs.ts";
import { openRedis } from "../platform/redis.ts";
import { seedDemo } from "./demo.ts";
import { writeLocalJoinToken } from "./local-agent.ts";
import { openTestKernel } from "./test-kernel.ts";

async function openSeedable() {
  const kernel = await openTestKernel({ tenants: false });
  const dir = await mkdtemp(path.join(tmpdir(), "seed-"));
  const redis = openRedis(testRedisUrl(), createLogger({ app: "test", level: "silent" }));
  const blobs = openBlobs({ dir, fastDatabase: kernel.fastDatabase });
  return {
    ...kernel,
    dir,
    templates: createTemplates({ access: kernel.access, decisions: kernel.decisions, blobs, redis }),
    [Symbol.asyncDispose]: async () => {
      await redis.close();
      await kernel[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

test("the demo has two tenants, a person for every role, and two published templates; a second start changes nothing", async () => {
  await using t = await openSeedable();
  await seedDemo(t);
  const state = async () => {
    const tenants = await t.tenants.list();
    const trail = await t.fastDatabase.asSystem((tx) =>
      tx.query<{ n: number }>("select count(*) as n from audit_entries where outcome = 'allowed'"),
    );
    const acme = tenants.find((tenant) => tenant.slug === "acme");
    const actor = systemActor("seed", acme?.id ?? null);
    return {
      tenants: tenants.map((tenant) => tenant.slug),
      people: (await t.tenants.listMembers(actor)).map((member) => `${member.name}: ${member.roles.join(" ")}`),
      versions: await Promise.all(
        ["dependency-audit", "log-digest"].map(async (name) =>
          (await t.templates.get(actor, { name })).versions.map((version) => [name, version.semver, version.digest]),
        ),
      ),
      entries: trail.rows[0]?.n,
    };
  };
  const first = await state();
  expect(first.tenants).toEqual(["acme", "globex"]);
  expect(first.people).toEqual([
    "Ada Novak: admin",
    "Emma Laurent: editor",
    "Mina Okafor: manager",
    "Otto Berg: operator",
    "Rui Costa: reviewer",
  ]);
  expect(first.versions).toEqual([
    [["dependency-audit", "1.0.0", expect.stringMatching(/^sha256:/)]],
    [["log-digest", "1.0.0", expect.stringMatching(/^sha256:/)]],
  ]);
  await seedDemo(t);
  expect(await state()).toEqual(first);
});

test("a seed that was cut short before publishing is finished by the next start", async () => {
  await using t = await openSeedable();
  const cut = { ...t.templates, publish: () => Promise.reject(new Error("power cut")) };
  await expect(seedDemo({ tenants: t.tenants, templates: cut })).rejects.toThrow("power cut");
  await seedDemo(t);
  const acme = (await t.tenants.list()).find((tenant) => tenant.slug === "acme");
  const template = await t.templates.get(systemActor("seed", acme?.id ?? null), { name: "dependency-audit" });
  expect(template.versions.map((version) => version.semver)).toEqual(["1.0.0"]);
});

test("the local agent's join token is a file only its owner reads", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "token-"));
  try {
    const file = await writeLocalJoinToken({
      stateDir: path.join(dir, "state"),
      fleet: {
        createJoinToken: async (actor, input) => ({
          token: `${actor.id} ${input.hostName} ${input.servesAll}`,
          expiresAt: "",
          command: "",
        }),
      },
    });
    expect(await readFile(file, "utf8")).toBe("system:local-agent local true\n");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  } finally {
    await rm(dir, { recursive: true });
  }
});
