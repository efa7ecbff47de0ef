import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { createChannels } from "../domain/channels/channels.ts";
import { createPlans } from "../domain/rollouts/plans.ts";
import { createRollouts } from "../domain/rollouts/rollouts.ts";
import { packDirectory } from "../domain/templates/archive.ts";
import { EXAMPLES_DIR, seedDemo } from "./demo.ts";
import { writeLocalJoinToken } from "./local-agent.ts";
import { openTestKernel } from "./test-kernel.ts";
import { openTestTemplates } from "./test-templates.ts";

async function openSeedable() {
  const kernel = await openTestKernel({ tenants: false });
  const factory = await openTestTemplates(kernel);
  const { access, audit, fastDatabase } = kernel;
  const { redis, clock, reviews, signing } = factory;
  const channels = createChannels({ access, redis, clock });
  // Nothing runs in a seed: nothing waits, and nothing was counted.
  const runs = { repin: async () => [], ring: () => undefined };
  const rollouts = createRollouts({ access, audit, fastDatabase, channels, runs, counts: async () => [], redis, clock });
  return {
    ...kernel,
    ...factory,
    channels,
    rollouts,
    plans: createPlans({ access, reviews, signing }),
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
      channels: (acme ? (await t.channels.list(actor, {})).items : []).map(({ templateName, name, stable }) => [
        templateName,
        name,
        stable?.semver,
      ]),
      plans: acme ? (await t.plans.list(actor)).items.map(({ name, revision, signature }) => [name, revision, signature]) : [],
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
  expect(first.channels).toEqual([
    ["dependency-audit", "production", "1.0.0"],
    ["log-digest", "production", "1.0.0"],
  ]);
  expect(first.plans).toEqual([["standard", 1, "held"]]);
  await seedDemo(t);
  expect(await state()).toEqual(first);
});

test("a template of an example's name whose only draft says something else is left to whoever wrote it", async () => {
  await using t = await openSeedable();
  const cut = () => Promise.reject(new Error("power cut"));
  await expect(seedDemo({ ...t, templates: { ...t.templates, requestReview: cut } })).rejects.toThrow("power cut");
  const acme = (await t.tenants.list()).find((tenant) => tenant.slug === "acme");
  const seed = systemActor("seed", acme?.id ?? null);
  const [draft] = (await t.templates.get(seed, { name: "dependency-audit" })).drafts;
  const draftId = draft?.id ?? "";
  const { source, revision } = await t.templates.drafts.get(seed, { draftId });
  await t.templates.drafts.save(seed, { draftId, expectedRevision: revision, source: `# mine\n${source}` });
  await seedDemo(t);
  expect(await t.templates.get(seed, { name: "dependency-audit" })).toMatchObject({ versions: [], drafts: [{ id: draftId }] });
  expect((await t.templates.get(seed, { name: "log-digest" })).versions).toMatchObject([{ semver: "1.0.0", signed: true }]);
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
    await expect(seedDemo({ ...t, reviews, templates })).rejects.toThrow("power cut");
    await seedDemo(t);
    const acme = (await t.tenants.list()).find((tenant) => tenant.slug === "acme");
    const template = await t.templates.get(systemActor("seed", acme?.id ?? null), { name: "dependency-audit" });
    expect(template.versions).toMatchObject([{ semver: "1.0.0", signed: true }]);
  },
);

test.each(["propose", "publish", "sign"])("a seed that was cut short before its plan's %s is finished by the next start", async (step) => {
  await using t = await openSeedable();
  const cut = () => Promise.reject(new Error("power cut"));
  await expect(seedDemo({ ...t, plans: { ...t.plans, [step]: cut } })).rejects.toThrow("power cut");
  await seedDemo(t);
  const acme = (await t.tenants.list()).find((tenant) => tenant.slug === "acme");
  const seed = systemActor("seed", acme?.id ?? null);
  expect((await t.plans.list(seed)).items).toMatchObject([{ name: "standard", revision: 1, signature: "held" }]);
  expect((await t.channels.list(seed, {})).items.map(({ stable }) => stable?.semver)).toEqual(["1.0.0", "1.0.0"]);
});

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

test("an install of before reviews keeps its versions and drafts: what is unsigned is signed, what was begun is reviewed", async () => {
  await using t = await openSeedable();
  const { id: tenantId } = await t.tenants.create(systemActor("seed"), { slug: "acme", name: "Acme Finance" });
  const seed = systemActor("seed", tenantId);
  const begun: Record<string, { templateId: string; draftId: string }> = {};
  for (const name of ["dependency-audit", "log-digest"]) {
    const directory = path.join(EXAMPLES_DIR, name);
    const { digest } = await t.templates.archives.upload(seed, await packDirectory(directory));
    const source = (await readFile(path.join(directory, "manifest.yaml"), "utf8")).replace(/sha256:[0-9a-f]{64}/, digest);
    begun[name] = await t.templates.create(seed, { source });
  }
  const { templateId, draftId } = begun["dependency-audit"] ?? { templateId: "", draftId: "" };
  const { rows } = await t.fastDatabase.inTenant(tenantId, (tx) =>
    tx.query<{ id: string }>(
      `with published as (update drafts set state = 'published' where id = $2::uuid returning *)
       insert into template_versions (tenant_id, template_id, semver, digest, source, published_by)
       select tenant_id, template_id, '1.0.0', digest, source, 'system:seed' from published where template_id = $1::uuid returning id`,
      [templateId, draftId],
    ),
  );
  await seedDemo(t);
  expect((await t.templates.get(seed, { name: "dependency-audit" })).versions).toMatchObject([
    { id: rows[0]?.id, semver: "1.0.0", signed: true, publishedBy: "system:seed" },
  ]);
  const { versions } = await t.templates.get(seed, { name: "log-digest" });
  expect(versions).toMatchObject([{ semver: "1.0.0", signed: true }]);
  expect(await t.templates.drafts.get(seed, { draftId: begun["log-digest"]?.draftId ?? "" })).toMatchObject({ state: "published" });
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
