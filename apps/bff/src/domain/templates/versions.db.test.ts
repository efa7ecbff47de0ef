import { describe, expect, test } from "vitest";
import { publishReviewed } from "../../seed/test-templates.ts";
import { createTemplatesView } from "../../views/templates.ts";
import { systemActor } from "../actor.ts";
import { openReviewing, type Reviewing } from "../reviews/test-review.ts";
import { refusal } from "../test-refusal.ts";

/** Publishes 1.0.0, 1.1.0, … 1.<minors>.0 of the template `echo`. */
async function publishLine(t: Reviewing, minors: number): Promise<void> {
  await publishReviewed(t, t.acme, (await t.templates.create(t.editor, { source: t.source() })).draftId);
  for (let minor = 1; minor <= minors; minor += 1) {
    const { draftId } = await t.templates.drafts.create(t.editor, { templateName: "echo" });
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: t.source({ "30s": `${30 + minor}s` }) });
    await publishReviewed(t, t.acme, draftId);
  }
}

const version = (semver: string) => ({ name: "echo", semver });

describe("a range", () => {
  test("names the highest version that fits; a deprecated one only when no other does, a revoked one never", async () => {
    await using t = await openReviewing();
    await publishLine(t, 2);
    const operator = t.acme.as("operator");
    const resolve = async (range: string) => (await t.templates.resolve(t.editor, { name: "echo", range })).semver;
    expect(await Promise.all(["latest", "^1", "~1.0", "1.0.x", ">=1.1", "1.1.0"].map(resolve))).toEqual([
      "1.2.0",
      "1.2.0",
      "1.0.0",
      "1.0.0",
      "1.2.0",
      "1.1.0",
    ]);
    await t.templates.deprecate(operator, { ...version("1.2.0"), reason: "too slow" });
    expect(await Promise.all(["latest", "^1", ">=1.2", "1.2.0"].map(resolve))).toEqual(["1.1.0", "1.1.0", "1.2.0", "1.2.0"]);
    await t.templates.revoke(operator, { ...version("1.1.0"), reason: "leaks" });
    expect(await Promise.all(["latest", "^1"].map(resolve))).toEqual(["1.0.0", "1.0.0"]);
    expect(await refusal(resolve("1.1.0"))).toMatchObject({ kind: "missing", code: "templates.no-version", details: { range: "1.1.0" } });
    expect(await refusal(resolve("^2"))).toMatchObject({ code: "templates.no-version" });
    expect(await refusal(resolve("newest"))).toMatchObject({ kind: "invalid", code: "templates.range-invalid" });
    expect(await refusal(t.templates.resolve(t.editor, { name: "other", range: "1" }))).toMatchObject({ code: "templates.missing" });
    expect(await refusal(t.templates.runnable(t.editor, { name: "echo", range: "1.1.0" }))).toMatchObject({ code: "templates.no-version" });
    expect(await t.templates.runnable(t.editor, { name: "echo", range: "latest" })).toMatchObject({ semver: "1.0.0" });
  });

  test("names nothing that has the content of a revoked version, whatever its number", async () => {
    await using t = await openReviewing();
    await publishLine(t, 1);
    // 1.2.0 says again what 1.0.0 said.
    await publishReviewed(t, t.acme, (await t.inDraft({})).draftId);
    await t.templates.revoke(t.admin, { ...version("1.0.0"), reason: "leaks" });
    const resolve = (range: string) => t.templates.resolve(t.editor, { name: "echo", range });
    expect(await resolve("latest")).toMatchObject({ semver: "1.1.0" });
    expect(await t.templates.runnable(t.editor, { name: "echo", range: "latest" })).toMatchObject({ semver: "1.1.0" });
    expect(await refusal(resolve("1.2.0"))).toMatchObject({ code: "templates.no-version" });
  });

  test("goes on naming what is signed while a newer version waits for its signature", async () => {
    await using t = await openReviewing();
    await publishLine(t, 0);
    const { versionId } = await publishReviewed(t, t.acme, (await t.inDraft({ "30s": "31s" })).draftId, { signed: false });
    const runnable = (range: string) => t.templates.runnable(t.editor, { name: "echo", range });
    expect(await t.templates.resolve(t.editor, { name: "echo", range: "latest" })).toMatchObject({ semver: "1.1.0" });
    expect(await runnable("latest")).toMatchObject({ semver: "1.0.0" });
    // A deprecated one that runs goes before one that does not run yet.
    await t.templates.deprecate(t.editor, { ...version("1.0.0"), reason: "old" });
    expect(await runnable("^1")).toMatchObject({ semver: "1.0.0" });
    expect(await refusal(runnable("1.1.0"))).toMatchObject({ code: "templates.unsigned" });
    await t.templates.sign(systemActor("signer", t.acme.id), { versionId });
    expect(await runnable("latest")).toMatchObject({ semver: "1.1.0" });
  });

  test("does not name for running what every host would refuse: its key was distrusted from before it signed", async () => {
    await using t = await openReviewing();
    await publishLine(t, 0);
    const runnable = () => t.templates.runnable(t.editor, { name: "echo", range: "latest" });
    const { items } = await t.signing.keys(t.admin);
    const [key] = items;
    if (!key) throw new Error("nothing was signed");
    const { integratedAt } = await t.sql(async (client) => {
      const { rows } = await client.query<{ integratedAt: Date }>('select integrated_at as "integratedAt" from attestations');
      return rows[0] as { integratedAt: Date };
    });
    const later = new Date(integratedAt.getTime() + 1_000);
    await expect.poll(() => t.clock.now() > later).toBe(true);
    await t.signing.distrust(t.admin, { keyId: key.id, from: later, reason: "stolen" });
    expect(await runnable(), "what it signed before stays good").toMatchObject({ semver: "1.0.0" });
    await t.signing.distrust(t.admin, { keyId: key.id, from: new Date(integratedAt.getTime() + 999), reason: "stolen earlier" });
    expect(await refusal(runnable())).toMatchObject({
      kind: "conflict",
      code: "templates.untrusted",
      details: { name: "echo", semver: "1.0.0" },
    });
  });

  test("names the version below one that every host would refuse, as the console does", async () => {
    await using t = await openReviewing();
    await publishLine(t, 0);
    const signed = (range: string) => t.templates.runnable(t.editor, { name: "echo", range });
    await t.signing.rotate(t.admin);
    await publishReviewed(t, t.acme, (await t.inDraft({ "30s": "31s" })).draftId);
    expect(await signed("latest")).toMatchObject({ semver: "1.1.0" });
    const { items } = await t.signing.keys(t.admin);
    const newest = items.find(({ state }) => state === "active");
    await t.signing.distrust(t.admin, { keyId: newest?.id ?? "", from: new Date(0), reason: "stolen" });
    expect(await signed("latest")).toMatchObject({ semver: "1.0.0" });
    expect(await signed("^1")).toMatchObject({ semver: "1.0.0" });
    expect(await refusal(signed("1.1.0"))).toMatchObject({ code: "templates.untrusted" });
  });

  test("of another tenant names nothing", async () => {
    await using t = await openReviewing();
    await publishLine(t, 0);
    const stranger = t.globex.as("editor");
    expect(await refusal(t.templates.resolve(stranger, { name: "echo", range: "latest" }))).toMatchObject({ code: "templates.missing" });
    expect(await refusal(t.templates.runnable(stranger, { name: "echo", range: "latest" }))).toMatchObject({ code: "templates.missing" });
  });

  test("does not name for running what no host runs", async () => {
    await using t = await openReviewing();
    const { draftId } = await t.templates.create(t.editor, { source: t.source({ "driver: node": "driver: modal" }) });
    await publishReviewed(t, t.acme, draftId);
    expect(await refusal(t.templates.runnable(t.editor, { name: "echo", range: "1" }))).toMatchObject({
      code: "templates.not-runnable",
      details: { driver: "modal" },
    });
  });
});

describe("a version", () => {
  test("is deprecated and taken back, with who did it and why", async () => {
    await using t = await openReviewing();
    await publishLine(t, 0);
    const view = createTemplatesView({ access: t.access, templates: t.templates });
    const row = async () => (await view.get(t.editor, { name: "echo" })).versions[0];
    expect(await t.templates.deprecate(t.editor, { ...version("1.0.0"), reason: "use the next" })).toEqual({ state: "deprecated" });
    expect(await row()).toMatchObject({
      state: "deprecated",
      stateReason: "use the next",
      stateChangedBy: t.editor.name,
      stateChangedAt: expect.any(String),
    });
    await t.templates.deprecate(t.admin, { ...version("1.0.0"), reason: "in other words" });
    expect(await row()).toMatchObject({ stateReason: "in other words", stateChangedBy: t.admin.name });
    expect(await t.templates.undeprecate(t.editor, version("1.0.0"))).toEqual({ state: "published" });
    expect(await t.templates.undeprecate(t.editor, version("1.0.0"))).toEqual({ state: "published" });
    expect(await row()).toMatchObject({ state: "published", stateReason: null });
  });

  test("is revoked for good, told once, and nothing brings it back", async () => {
    await using t = await openReviewing();
    await publishLine(t, 0);
    const operator = t.acme.as("operator");
    const revoke = () => t.templates.revoke(operator, { ...version("1.0.0"), reason: "leaks" });
    expect(await Promise.all([revoke(), revoke(), revoke()])).toEqual(Array(3).fill({ state: "revoked" }));
    expect(await refusal(t.templates.deprecate(operator, { ...version("1.0.0"), reason: "x" }))).toMatchObject({
      code: "templates.version-revoked",
    });
    expect(await refusal(t.templates.undeprecate(operator, version("1.0.0")))).toMatchObject({ code: "templates.version-revoked" });
    const { digest } = await t.templates.getVersion(t.editor, version("1.0.0"));
    const told = (await t.topics()).filter(({ topic }) => topic === "version.revoked");
    expect(told).toEqual([
      {
        topic: "version.revoked",
        payload: expect.objectContaining({ digest, templateName: "echo", semver: "1.0.0", reason: "leaks", actorId: operator.id }),
      },
    ]);
    await t.sql((client) => expect(client.query("update template_versions set state = 'published'")).rejects.toThrow());
    expect(await refusal(t.templates.revoke(t.editor, { ...version("1.0.0"), reason: "x" }))).toMatchObject({ code: "access.denied" });
    const missing = t.templates.revoke(operator, { ...version("9.0.0"), reason: "x" });
    expect(await refusal(missing)).toMatchObject({ code: "templates.version-missing" });
  });

  test("that was revoked is no start for a draft, unless it is named", async () => {
    await using t = await openReviewing();
    await publishLine(t, 1);
    await t.templates.revoke(t.admin, { ...version("1.1.0"), reason: "leaks" });
    const usual = await t.templates.drafts.create(t.editor, { templateName: "echo" });
    expect(await t.templates.drafts.get(t.editor, usual)).toMatchObject({ base: { semver: "1.0.0" } });
    const named = await t.templates.drafts.create(t.editor, { templateName: "echo", baseSemver: "1.1.0" });
    expect(await t.templates.drafts.get(t.editor, named)).toMatchObject({ base: { semver: "1.1.0" } });
  });

  test("says before it is revoked which others have its content, and counts what that would end of them too", async () => {
    await using t = await openReviewing();
    await publishLine(t, 1);
    await publishReviewed(t, t.acme, (await t.inDraft({})).draftId);
    const view = createTemplatesView({ access: t.access, templates: t.templates });
    const { draftId } = await t.templates.drafts.create(t.editor, { templateName: "echo", baseSemver: "1.2.0" });
    await t.fastDatabase.inTenant(t.acme.id, (tx) =>
      tx.query(
        `insert into runs (tenant_id, kind, template_id, template_name, version_id, driver, manifest_digest, limits, state, submitted_by,
           submitted_by_name, submitted_at)
         select tenant_id, 'run', template_id, 'echo', id, 'node', digest, '{}', 'queued', 'x', 'x', now()
           from template_versions where semver in ('1.1.0', '1.2.0')`,
      ),
    );
    const revocation = (semver: string) => view.revocation(t.editor, version(semver));
    expect(await revocation("1.0.0")).toEqual({ queued: 1, running: 0, drafts: 1, twins: ["1.2.0"], newerSemver: "1.1.0", isLatest: true });
    expect(await revocation("1.1.0")).toEqual({ queued: 1, running: 0, drafts: 0, twins: [], newerSemver: "1.2.0", isLatest: false });
    await t.templates.drafts.discard(t.editor, { draftId });
    await t.templates.revoke(t.admin, { ...version("1.0.0"), reason: "leaks" });
    expect(await revocation("1.1.0")).toMatchObject({ newerSemver: null, isLatest: true });
  });

  test("says before it is revoked what that would end", async () => {
    await using t = await openReviewing();
    await publishLine(t, 2);
    const view = createTemplatesView({ access: t.access, templates: t.templates });
    const { versions } = await view.get(t.editor, { name: "echo" });
    const idOf = (semver: string) => versions.find((one) => one.semver === semver)?.id ?? "";
    await t.fastDatabase.inTenant(t.acme.id, async (tx) => {
      for (const [state, semver, age] of [
        ["queued", "1.1.0", "0"],
        ["queued", "1.1.0", "1 day"],
        ["leased", "1.1.0", "0"],
        ["running", "1.1.0", "0"],
        ["succeeded", "1.1.0", "8 days"],
        ["queued", "1.2.0", "0"],
      ] as const)
        await tx.query(
          `insert into runs (tenant_id, kind, template_id, template_name, version_id, driver, manifest_digest, limits, state, submitted_by,
             submitted_by_name, submitted_at)
           select $1::uuid, 'run', template_id, 'echo', id, 'node', digest, '{}', $3::run_state, 'x', 'x', now() - $4::interval
             from template_versions where id = $2::uuid`,
          [t.acme.id, idOf(semver), state, age],
        );
    });
    await t.templates.drafts.create(t.editor, { templateName: "echo", baseSemver: "1.1.0" });
    const revocation = (semver: string) => view.revocation(t.editor, version(semver));
    expect(await revocation("1.1.0")).toEqual({ queued: 2, running: 2, drafts: 1, twins: [], newerSemver: "1.2.0", isLatest: false });
    expect(await revocation("1.2.0")).toEqual({ queued: 1, running: 0, drafts: 0, twins: [], newerSemver: null, isLatest: true });
    await t.templates.deprecate(t.editor, { ...version("1.2.0"), reason: "slow" });
    expect((await revocation("1.1.0")).isLatest).toBe(true);
    expect(await refusal(revocation("7.0.0"))).toMatchObject({ code: "templates.version-missing" });
    const counted = (await view.get(t.editor, { name: "echo" })).versions.map(({ semver, runsLast7Days, queuedOrRunning }) => [
      semver,
      runsLast7Days,
      queuedOrRunning,
    ]);
    expect(counted).toEqual([
      ["1.2.0", 1, 1],
      ["1.1.0", 4, 4],
      ["1.0.0", 0, 0],
    ]);
  });
});
