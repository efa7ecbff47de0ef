import { createLogger } from "@agent-factory/process/logger";
import { describe, expect, test } from "vitest";
import { approveBy, publishReviewed } from "../../seed/test-templates.ts";
import { createTemplatesView } from "../../views/templates.ts";
import { createListeners, tell } from "../../workers/listeners.ts";
import { systemActor } from "../actor.ts";
import { deliverOutbox } from "../audit/outbox.ts";
import { EGRESS, openReviewing, type Reviewing } from "../reviews/test-review.ts";
import { refusal } from "../test-refusal.ts";
import { createTemplates } from "./templates.ts";

/** Approves the head as it stands, by as many as it takes. */
async function approve(t: Reviewing, number: number): Promise<string> {
  const seen = await t.seen(number);
  await approveBy(t.reviews, seen, [t.reviewer, t.admin]);
  return seen.reviewId;
}

/** The loops' turn: everything that waits in the outbox is heard, until nothing does. */
async function deliver(t: Reviewing): Promise<void> {
  const logger = createLogger({ app: "test", level: "silent" });
  const runs = { takeBack: async () => 0, cancelOfVersion: async () => 0 };
  const listeners = createListeners({
    templates: t.templates,
    plans: { publish: async () => null, sign: () => Promise.reject(new Error("no plan is published here")) },
    rollouts: { onVersionRevoked: async () => 0 },
    runs,
    notices: { hear: async () => undefined },
    trust: { changed: async () => undefined },
  });
  while ((await deliverOutbox(t.fastDatabase, (event) => tell(listeners, event, logger))) > 0);
}

describe("publishing", () => {
  test("makes a signed version that says what it came from, who asked for it and by which review, and whose bytes never change", async () => {
    await using t = await openReviewing();
    const { draftId, number } = await t.inReview();
    await approve(t, number);
    await deliver(t);
    const { digest } = await t.templates.drafts.get(t.editor, { draftId });
    expect(await t.page(number)).toMatchObject({ state: "approved", outcome: "1.0.0", problem: null });
    expect(await t.templates.drafts.get(t.editor, { draftId })).toMatchObject({ state: "published", review: null });
    const view = createTemplatesView({ access: t.access, templates: t.templates });
    expect(await view.get(t.editor, { name: "echo" })).toMatchObject({
      versions: [
        {
          semver: "1.0.0",
          digest,
          state: "published",
          publishedBy: t.editor.id,
          publishedByName: t.editor.name,
          parentSemver: null,
          signed: true,
          logIndex: expect.any(Number),
          reviewNumber: number,
          codeDigest: t.code,
          runsLast7Days: 0,
          queuedOrRunning: 0,
        },
      ],
      drafts: [],
    });
    expect((await t.topics()).map(({ topic }) => topic)).toEqual([
      "review.requested",
      "review.approved",
      "version.published",
      "version.signed",
    ]);
    await t.sql(async (client) => {
      for (const column of ["source", "digest", "semver"])
        await expect(client.query(`update template_versions set ${column} = 'x'`)).rejects.toThrow(/permission denied/);
      await expect(client.query("delete from template_versions")).rejects.toThrow(/permission denied/);
    });
  });

  test("heard of twice makes one version and one signature", async () => {
    await using t = await openReviewing();
    const { number } = await t.inReview();
    const reviewId = await approve(t, number);
    const published = await Promise.all([1, 2, 3].map(() => t.templates.publish(t.publisher, { reviewId })));
    expect(new Set(published.map(({ versionId }) => versionId)).size).toBe(1);
    const [{ versionId } = { versionId: "" }] = published;
    const signer = systemActor("signer", t.acme.id);
    const signed = await Promise.all([1, 2, 3].map(() => t.templates.sign(signer, { versionId })));
    expect(new Set(signed.map(({ attestationId }) => attestationId)).size).toBe(1);
    const topics = (await t.topics()).map(({ topic }) => topic);
    expect(topics.filter((topic) => topic === "version.published" || topic === "version.signed")).toHaveLength(2);
  });

  test("states in the signature who contributed, who approved and what was policy, so that anybody can check it later", async () => {
    await using t = await openReviewing();
    await publishReviewed(t, t.acme, (await t.templates.create(t.editor, { source: t.source() })).draftId);
    const { number } = await t.inReviewAgain(EGRESS);
    const { reviewId, policyRevision } = await t.seen(number);
    await approve(t, number);
    await deliver(t);
    const runnable = await t.templates.runnable(t.editor, { name: "echo", range: "latest" });
    expect(runnable).toMatchObject({ semver: "1.1.0", subjectName: "acme/templates/echo@1.1.0", code: { digest: t.code } });
    const bundle = JSON.parse((await t.blobs.get(t.acme.id, runnable.bundleDigest)).toString("utf8")) as {
      dsseEnvelope: { payload: string };
    };
    const statement: unknown = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString("utf8"));
    const first = await t.templates.getVersion(t.editor, { name: "echo", semver: "1.0.0" });
    expect(statement).toMatchObject({
      subject: [{ name: "acme/templates/echo@1.1.0", digest: { sha256: runnable.manifestDigest.slice("sha256:".length) } }],
      predicate: {
        tenant: { id: t.acme.id, slug: "acme" },
        semver: "1.1.0",
        parent: { semver: "1.0.0", digest: first.digest },
        codeDigest: t.code,
        review: {
          id: reviewId,
          number,
          policyRevision,
          contributors: [t.editor.id],
          approvals: [{ by: { id: t.reviewer.id } }, { by: { id: t.admin.id } }],
        },
        policy: { allowed: true, revision: policyRevision },
      },
    });
  });

  test("takes the version that the changes demand", async () => {
    await using t = await openReviewing();
    await publishReviewed(t, t.acme, (await t.templates.create(t.editor, { source: t.source() })).draftId);
    const steps: [Record<string, string>, string, string][] = [
      [{ "again.": "again!" }, "patch", "1.0.1"],
      [{ "again.": "again!", "30s": "60s" }, "minor", "1.1.0"],
      [{ "again.": "again!", "30s": "60s", "{ type: string }": "{ type: string, maxLength: 9 }" }, "major", "2.0.0"],
    ];
    for (const [changes, demands, semver] of steps) {
      const { draftId } = await t.templates.drafts.create(t.editor, { templateName: "echo" });
      await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: t.source(changes) });
      expect(await t.templates.drafts.compare(t.editor, { draftId })).toMatchObject({ demands, nextSemver: semver });
      expect(await publishReviewed(t, t.acme, draftId, { signed: false })).toMatchObject({ semver });
    }
    expect((await t.templates.get(t.editor, { name: "echo" })).versions.map(({ semver, parentSemver }) => [semver, parentSemver])).toEqual([
      ["2.0.0", "1.1.0"],
      ["1.1.0", "1.0.1"],
      ["1.0.1", "1.0.0"],
      ["1.0.0", null],
    ]);
    const { draftId } = await t.templates.drafts.create(t.editor, { templateName: "echo" });
    expect(await refusal(t.templates.requestReview(t.editor, { draftId, expectedRevision: 1, title: "Same" }))).toMatchObject({
      code: "templates.nothing-changed",
      details: { semver: "2.0.0" },
    });
  });

  test("of a first version that reaches out takes two, as of any later one", async () => {
    await using t = await openReviewing();
    const { number } = await t.inReview(EGRESS);
    expect((await t.page(number)).approvals).toMatchObject({ required: 2, rules: ["reviews.permission", "reviews.egress"] });
  });

  test("waits for an approval: nobody and nothing gets past it", async () => {
    await using t = await openReviewing();
    const { reviewId } = await t.inReview(EGRESS);
    expect(await refusal(t.templates.publish(t.publisher, { reviewId }))).toMatchObject({ code: "reviews.not-approved" });
    await t.reviews.approve(t.reviewer, await t.seen(1));
    expect(await refusal(t.templates.publish(t.publisher, { reviewId }))).toMatchObject({ code: "reviews.not-approved" });
    const missing = "00000000-0000-4000-8000-000000000000";
    expect(await refusal(t.templates.publish(t.publisher, { reviewId: missing }))).toMatchObject({ code: "reviews.missing" });
    expect((await t.templates.get(t.editor, { name: "echo" })).versions).toEqual([]);
  });

  test("is refused when another version took its place: the review is open again, says so, and goes on after a rebase", async () => {
    await using t = await openReviewing();
    await publishReviewed(t, t.acme, (await t.templates.create(t.editor, { source: t.source() })).draftId);
    const first = await t.inReviewAgain({ "30s": "31s" });
    const second = await t.inReviewAgain({ "30s": "32s" });
    await approve(t, first.number);
    await approve(t, second.number);
    await deliver(t);
    expect(await t.page(first.number)).toMatchObject({ outcome: "1.1.0" });
    expect(await t.page(second.number)).toMatchObject({
      state: "open",
      outcome: null,
      problem: { code: "templates.base-outdated", details: { name: "echo", semver: "1.1.0" } },
      decisions: [{ killedReason: "base-changed" }],
      checks: [{}, {}, {}, { name: "base", state: "failed", message: { en: expect.stringMatching(/1\.1\.0.*rebase/) } }],
      mine: { approve: { allowed: false, reason: "not-sound" } },
    });
    expect(await refusal(t.reviews.approve(t.admin, await t.seen(second.number)))).toMatchObject({ code: "reviews.not-sound" });
    const rebased = await t.templates.drafts.rebase(t.editor, { draftId: second.draftId, expectedRevision: 2 });
    expect(rebased).toEqual({ revision: 2, baseSemver: "1.1.0" });
    expect(await t.page(second.number)).toMatchObject({
      problem: null,
      revision: 2,
      head: { base: { semver: "1.1.0" }, nextSemver: "1.2.0", content: t.source({ "30s": "32s" }) },
    });
    await approve(t, second.number);
    await deliver(t);
    expect(await t.page(second.number)).toMatchObject({ outcome: "1.2.0" });
    expect((await t.topics()).filter(({ topic }) => topic === "review.problem")).toHaveLength(1);
  });

  test("of a content that was revoked is refused when it is asked for, approved and made: it would never run", async () => {
    await using t = await openReviewing();
    await publishReviewed(t, t.acme, (await t.templates.create(t.editor, { source: t.source() })).draftId);
    const changed = await t.templates.drafts.create(t.editor, { templateName: "echo" });
    await t.templates.drafts.save(t.editor, { ...changed, expectedRevision: 1, source: t.source({ "30s": "31s" }) });
    await publishReviewed(t, t.acme, changed.draftId);
    // Back to the words of 1.0.0, which the same digest names.
    const back = await t.inReviewAgain({});
    await approve(t, back.number);
    await t.templates.revoke(t.admin, { name: "echo", semver: "1.0.0", reason: "leaks" });
    const revoked = { code: "templates.digest-revoked", details: { name: "echo", semver: "1.0.0" } };
    expect(await refusal(t.templates.publish(t.publisher, back))).toMatchObject({ kind: "conflict", ...revoked });
    expect(await t.page(back.number, t.admin)).toMatchObject({
      state: "open",
      outcome: null,
      problem: revoked,
      checks: [{}, {}, {}, { name: "base", state: "failed", message: { en: expect.stringContaining("1.0.0, which was revoked") } }],
      mine: { approve: { allowed: false, reason: "not-sound" } },
    });
    expect(await refusal(t.reviews.approve(t.admin, await t.seen(back.number)))).toMatchObject({ code: "reviews.not-sound" });
    expect((await t.templates.get(t.editor, { name: "echo" })).versions.map(({ semver }) => semver)).toEqual(["1.1.0", "1.0.0"]);
    await t.reviews.withdraw(t.editor, back);
    const asked = t.templates.requestReview(t.editor, { draftId: back.draftId, expectedRevision: 2, title: "Again" });
    expect(await refusal(asked)).toMatchObject({ kind: "conflict", ...revoked });
    // Any other content goes on.
    await t.templates.drafts.save(t.editor, { draftId: back.draftId, expectedRevision: 2, source: t.source({ "30s": "33s" }) });
    expect(await publishReviewed(t, t.acme, back.draftId, { signed: false })).toMatchObject({ semver: "1.2.0" });
  });

  test("refused for a text that was changed and approved anew meanwhile says nothing against the new one", async () => {
    await using t = await openReviewing();
    await publishReviewed(t, t.acme, (await t.templates.create(t.editor, { source: t.source() })).draftId);
    const first = await t.inReviewAgain({ "30s": "31s" });
    const second = await t.inReviewAgain({ "30s": "32s" });
    await approve(t, first.number);
    await approve(t, second.number);
    await t.templates.publish(t.publisher, first);
    const reviews = {
      ...t.reviews,
      reopen: async (...refused: Parameters<typeof t.reviews.reopen>) => {
        const { draftId } = second;
        await t.templates.drafts.rebase(t.editor, { draftId, expectedRevision: 2 });
        await approve(t, second.number);
        await t.reviews.reopen(...refused);
      },
    };
    const templates = createTemplates({ ...t, reviews });
    expect(await refusal(templates.publish(t.publisher, second))).toMatchObject({ code: "templates.base-outdated" });
    expect(await t.page(second.number)).toMatchObject({ state: "approved", problem: null, approvals: { given: 1 } });
    await deliver(t);
    expect(await t.page(second.number)).toMatchObject({ outcome: "1.2.0" });
  });

  test("of two drafts of a template without a version leaves one to be rebased", async () => {
    await using t = await openReviewing();
    const first = await t.inReview();
    const { draftId } = await t.templates.drafts.create(t.editor, { templateName: "echo" });
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: t.source({ "30s": "40s" }) });
    const second = await t.templates.requestReview(t.editor, { draftId, expectedRevision: 2, title: "Second" });
    await approve(t, first.number);
    await approve(t, second.number);
    await deliver(t);
    const outcomes = [(await t.page(first.number)).outcome, (await t.page(second.number)).problem?.code];
    expect(outcomes).toEqual(["1.0.0", "templates.base-outdated"]);
    await t.templates.drafts.rebase(t.editor, { draftId, expectedRevision: 2 });
    expect((await t.page(second.number)).head).toMatchObject({ base: { semver: "1.0.0" }, nextSemver: "1.1.0" });
  });

  test("counts approvals again: one by somebody who lost the role since does not", async () => {
    await using t = await openReviewing();
    const rita = await t.join("rita", ["reviewer"]);
    const { reviewId } = await t.inReview();
    await t.reviews.approve(rita, await t.seen(1));
    await t.setRoles(rita, "rita", ["manager"]);
    expect(await refusal(t.templates.publish(t.publisher, { reviewId }))).toMatchObject({
      code: "reviews.approvals-missing",
      details: { given: 0, required: 1 },
    });
    expect(await t.page(1)).toMatchObject({
      state: "open",
      problem: { code: "reviews.approvals-missing" },
      approvals: { given: 0 },
      decisions: [{ killedAt: null }],
    });
    // Somebody else completes it; so would she, once she is a reviewer again.
    await t.setRoles(rita, "rita", ["reviewer"]);
    expect(await t.page(1, rita)).toMatchObject({
      mine: { approve: { allowed: true, reason: null } },
      whoCan: expect.arrayContaining([{ id: rita.id, name: rita.name }]),
    });
    expect(await t.reviews.approve(rita, await t.seen(1))).toEqual({ state: "approved", given: 1, required: 1 });
    await deliver(t);
    expect(await t.page(1)).toMatchObject({ outcome: "1.0.0", problem: null });
  });

  test("decides by today's policies: what they refuse now, or judge otherwise, is judged anew by people first", async () => {
    await using t = await openReviewing();
    const { reviewId } = await t.inReview();
    await t.reviews.approve(t.reviewer, await t.seen(1));
    await t.changePolicies("reviews", (data: { approvals: { required: number } }) => {
      data.approvals.required = 2;
    });
    await deliver(t);
    expect(await t.page(1)).toMatchObject({
      state: "open",
      outcome: null,
      approvals: { required: 2, given: 0 },
      problem: { code: "reviews.policy-changed" },
      decisions: [{ killedReason: "policy-changed" }],
    });
    await approve(t, 1);
    await t.changePolicies("templates", (data: { bounds: { timeoutMs: number } }) => {
      data.bounds.timeoutMs = 1_000;
    });
    expect(await refusal(t.templates.publish(t.publisher, { reviewId }))).toMatchObject({ code: "reviews.policy-changed" });
    expect(await t.page(1)).toMatchObject({
      state: "open",
      head: { findings: [{ rule: "limits.timeout", severity: "error" }] },
      checks: [{}, { name: "policy", state: "failed" }, {}, {}],
    });
    expect((await t.templates.get(t.editor, { name: "echo" })).versions).toEqual([]);
  });

  test("sees an approver who brought the code meanwhile: the approval dies", async () => {
    await using t = await openReviewing();
    const { reviewId } = await t.inReview();
    await t.reviews.approve(t.admin, await t.seen(1));
    await t.sql((client) =>
      client.query("insert into archive_uploads (tenant_id, digest, uploader) values ($1, $2, $3)", [t.acme.id, t.code, t.admin.id]),
    );
    expect(await refusal(t.templates.publish(t.publisher, { reviewId }))).toMatchObject({ code: "reviews.approvals-missing" });
    expect(await t.page(1)).toMatchObject({ state: "open", decisions: [{ killedReason: "contributed" }] });
  });
});

test("a draft is rebased on the highest version; its text stays, and a stale tab is told", async () => {
  await using t = await openReviewing();
  const { draftId: first } = await t.templates.create(t.editor, { source: t.source() });
  const early = await t.templates.drafts.create(t.editor, { templateName: "echo" });
  expect(await refusal(t.templates.drafts.rebase(t.editor, { draftId: early.draftId, expectedRevision: 1 }))).toMatchObject({
    code: "templates.no-version",
  });
  await publishReviewed(t, t.acme, first);
  const rebase = (expectedRevision: number) => t.templates.drafts.rebase(t.editor, { draftId: early.draftId, expectedRevision });
  expect(await refusal(rebase(7))).toMatchObject({ code: "drafts.stale" });
  expect(await rebase(1)).toEqual({ revision: 1, baseSemver: "1.0.0" });
  expect(await rebase(1)).toEqual({ revision: 1, baseSemver: "1.0.0" });
  expect(await t.templates.drafts.get(t.editor, { draftId: early.draftId })).toMatchObject({
    base: { semver: "1.0.0" },
    source: t.source(),
  });
  await t.templates.drafts.discard(t.editor, { draftId: early.draftId });
  expect(await refusal(rebase(1))).toMatchObject({ code: "drafts.closed" });
});

test("a version of the time before reviews is signed as what it is, and signing what is not there is refused", async () => {
  await using t = await openReviewing();
  const { templateId } = await t.templates.create(t.editor, { source: t.source() });
  const { digest } = await t.templates.drafts.get(t.editor, {
    draftId: (await t.templates.get(t.editor, { name: "echo" })).drafts[0]?.id ?? "",
  });
  const versionId = await t.sql(async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `insert into template_versions (tenant_id, template_id, semver, digest, source, published_by)
       values ($1, $2, '1.0.0', $3, $4, 'system:seed') returning id`,
      [t.acme.id, templateId, digest, t.source()],
    );
    return rows[0]?.id ?? "";
  });
  expect(await refusal(t.templates.runnable(t.editor, { name: "echo", range: "1" }))).toMatchObject({ code: "templates.unsigned" });
  const signer = systemActor("signer", t.acme.id);
  await t.templates.sign(signer, { versionId });
  const runnable = await t.templates.runnable(t.editor, { name: "echo", range: "1" });
  expect(runnable).toMatchObject({ versionId, manifestDigest: digest, manifest: { metadata: { name: "echo" } } });
  expect(await t.blobs.has(t.acme.id, runnable.manifestDigest)).toBe(true);
  const missing = "00000000-0000-4000-8000-000000000000";
  expect(await refusal(t.templates.sign(signer, { versionId: missing }))).toMatchObject({ code: "templates.version-missing" });
  expect(await refusal(t.templates.sign(t.admin as never, { versionId }))).toMatchObject({ code: "access.denied" });
});
