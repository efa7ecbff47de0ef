import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { seedDemo } from "./demo.ts";
import { writeLocalJoinToken } from "./local-agent.ts";
import { openTestKernel } from "./test-kernel.ts";
import { openTestTemplates } from "./test-templates.ts";

async function openSeedable() {
  const kernel = await openTestKernel({ tenants: false });
  const factory = await openTestTemplates(kernel);
  return {
    ...kernel,
    ...factory,
    [Symbol.asyncDispose]: async () => {
      await factory[Symbol.asyncDispose]();
      await kernel[Symbol.asyncDispose]();
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
          (await t.templates.get(actor, { name })).versions.map((version) => [name, version.semver, version.digest, version.signed]),
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
    [["dependency-audit", "1.0.0", expect.stringMatching(/^sha256:/), true]],
    [["log-digest", "1.0.0", expect.stringMatching(/^sha256:/), true]],
  ]);
  await seedDemo(t);
  expect(await state()).toEqual(first);
});

test.each(["upload", "create", "requestReview", "approve", "publish", "sign"])(
  "a seed that was cut short before %s is finished by the next start",
  async (step) => {
    await using t = await openSeedable();
    const cut = () => Promise.reject(new Error("power cut"));
    const templates = {
      ...t.templates,
      ...(step === "upload" ? { archives: { ...t.templates.archives, upload: cut } } : { [step]: cut }),
    };
    const reviews = step === "approve" ? { ...t.reviews, approve: cut } : t.reviews;
    await expect(seedDemo({ tenants: t.tenants, reviews, templates })).rejects.toThrow("power cut");
    await seedDemo(t);
    const acme = (await t.tenants.list()).find((tenant) => tenant.slug === "acme");
    const template = await t.templates.get(systemActor("seed", acme?.id ?? null), { name: "dependency-audit" });
    expect(template.versions).toMatchObject([{ semver: "1.0.0", signed: true }]);
  },
);

test("nobody of the demo approves what they wrote, and both examples are there because somebody else did", async () => {
  await using t = await openSeedable();
  await seedDemo(t);
  const acme = (await t.tenants.list()).find((tenant) => tenant.slug === "acme");
  const { rows } = await t.fastDatabase.inTenant(acme?.id ?? "", (tx) =>
    tx.query(
      `select v.semver, m.email, p.part::text from template_versions v
         join review_participants p on p.review_id = v.review_id join members m on m.user_id = p.user_id order by v.published_at, p.part`,
    ),
  );
  const both = [
    { semver: "1.0.0", email: "editor@acme.test", part: "contributor" },
    { semver: "1.0.0", email: "reviewer@acme.test", part: "approver" },
  ];
  expect(rows).toEqual([...both, ...both]);
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
