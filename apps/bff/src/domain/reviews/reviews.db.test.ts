import { createLogger } from "@agent-factory/process/logger";
import { describe, expect, test } from "vitest";
import { publishReviewed } from "../../seed/test-templates.ts";
import { createNoticesView } from "../../views/notices.ts";
import { systemActor, type TokenActor } from "../actor.ts";
import { deliverOutbox } from "../audit/outbox.ts";
import { Failure } from "../failure.ts";
import { createNotices } from "../notices/notices.ts";
import { refusal } from "../test-refusal.ts";
import { COMMENTS_MAX } from "./reviews.ts";
import { CODE, EGRESS, openReviewing } from "./test-review.ts";

const NO = "because it is not good enough";

describe("a review", () => {
  test("is opened once for a draft, numbered in its tenant, and tells those who can approve", async () => {
    await using t = await openReviewing();
    const { reviewId, number, draftId } = await t.inReview();
    expect(number).toBe(1);
    expect(await t.page(1)).toMatchObject({
      id: reviewId,
      state: "open",
      revision: 1,
      templateName: "echo",
      draftId,
      head: { content: t.source(), base: null, nextSemver: "1.0.0", demands: "none" },
      checks: [{ state: "passed" }, { state: "passed" }, { state: "passed" }, { name: "base", state: "passed" }],
      approvals: { required: 1, given: 0, roles: ["reviewer", "admin"], rules: ["reviews.usual"] },
      contributors: [{ id: t.editor.id }],
      mine: { part: null, approve: { allowed: true, reason: null } },
      whoCan: [{ id: t.admin.id }, { id: t.reviewer.id }],
    });
    const again = t.templates.requestReview(t.editor, { draftId, expectedRevision: 1, title: "Again" });
    expect(await refusal(again)).toMatchObject({ code: "reviews.exists", details: { number: 1 } });
    expect((await t.topics()).filter(({ topic }) => topic.startsWith("review."))).toEqual([
      {
        topic: "review.requested",
        payload: expect.objectContaining({ reviewId, number: 1, templateName: "echo", actorId: t.editor.id, title: "First" }),
      },
    ]);
    const asked = (await t.topics()).filter(({ topic }) => topic === "review.requested").flatMap(({ payload }) => payload["audience"]);
    expect(asked.toSorted()).toEqual([t.admin.id, t.reviewer.id].toSorted());
    expect(await t.templates.drafts.get(t.editor, { draftId })).toMatchObject({ review: { number: 1, state: "open" } });
  });

  test("that many ask for at once is opened once each, under numbers of their own", async () => {
    await using t = await openReviewing();
    const { draftId } = await t.templates.create(t.editor, { source: t.source() });
    const others = await Promise.all([1, 2, 3].map(() => t.templates.drafts.create(t.editor, { templateName: "echo" })));
    const asked = [draftId, draftId, ...others.map((draft) => draft.draftId)].map((id) =>
      t.templates.requestReview(t.editor, { draftId: id, expectedRevision: 1, title: "Me first" }),
    );
    const results = await Promise.allSettled(asked);
    const opened = results.flatMap((result) => (result.status === "fulfilled" ? [result.value.number] : []));
    expect(opened.toSorted()).toEqual([1, 2, 3, 4]);
    const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(refused).toMatchObject([{ code: "reviews.exists" }]);
  });

  test("is not opened for what could not be published", async () => {
    await using t = await openReviewing();
    const { draftId } = await t.templates.create(t.editor, { source: t.source() });
    const save = (expectedRevision: number, source: string) => t.templates.drafts.save(t.editor, { draftId, expectedRevision, source });
    const ask = (expectedRevision: number) => refusal(t.templates.requestReview(t.editor, { draftId, expectedRevision, title: "No" }));
    expect(await ask(2)).toMatchObject({ code: "drafts.stale" });
    await save(1, "metadata: [");
    expect(await ask(2)).toMatchObject({ code: "drafts.invalid" });
    await save(2, t.source({ "30s": "16m" }));
    expect(await ask(3)).toMatchObject({ code: "drafts.policy-refused" });
    await save(3, t.source({ [t.code]: `sha256:${"0".repeat(64)}` }));
    expect(await ask(4)).toMatchObject({ code: "archives.missing" });
    await t.templates.drafts.discard(t.editor, { draftId });
    expect(await ask(4)).toMatchObject({ code: "drafts.closed" });
  });

  test("ends with a no, or when it is taken back, or when its draft is put away; then nothing decides on it", async () => {
    await using t = await openReviewing();
    const endings: [string, (draftId: string, number: number) => Promise<unknown>][] = [
      ["rejected", async (_draft, number) => t.reviews.reject(t.reviewer, { ...(await t.seen(number)), note: NO })],
      ["withdrawn", async (_draft, number) => t.reviews.withdraw(t.editor, { reviewId: (await t.seen(number)).reviewId })],
      ["withdrawn", async (draftId) => t.templates.drafts.discard(t.editor, { draftId })],
    ];
    const { draftId } = await t.templates.create(t.editor, { source: t.source() });
    for (const [at, [state, end]] of endings.entries()) {
      const number = at + 1;
      await t.templates.requestReview(t.editor, { draftId, expectedRevision: 1, title: "Try" });
      const seen = await t.seen(number);
      await end(draftId, number);
      expect(await t.page(number)).toMatchObject({ state, decidedAt: expect.any(String), mine: { approve: { reason: "not-open" } } });
      expect(await refusal(t.reviews.approve(t.reviewer, seen))).toMatchObject({ code: "reviews.closed", details: { state } });
      expect(await refusal(t.reviews.reject(t.reviewer, { ...seen, note: NO }))).toMatchObject({ code: "reviews.closed" });
      expect(await refusal(t.reviews.withdraw(t.editor, seen))).toMatchObject({ code: "reviews.closed" });
      expect(await refusal(t.templates.publish(t.publisher, seen))).toMatchObject({ code: "reviews.not-approved" });
    }
    expect((await t.page(1)).decisions).toMatchObject([{ verdict: "reject", note: NO, killedAt: null }]);
    // Saving what was rejected changes nothing of the review that is over.
    await t.templates.drafts.restore(t.editor, { draftId });
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: t.source({ "30s": "40s" }) });
    expect(await t.page(1)).toMatchObject({ state: "rejected", head: { content: t.source() } });
  });
});

test("a review that is taken back, or whose draft is put away, asks nobody any more", async () => {
  await using t = await openReviewing();
  const logger = createLogger({ app: "test", level: "silent" });
  const notices = createNotices({ ...t, logger });
  const inbox = createNoticesView(t);
  const deliver = () => deliverOutbox(t.fastDatabase, (event) => notices.hear(systemActor("notices", event.tenantId), event));
  const { draftId } = await t.templates.create(t.editor, { source: t.source() });
  const endings = [
    (reviewId: string) => t.reviews.withdraw(t.editor, { reviewId }),
    () => t.templates.drafts.discard(t.editor, { draftId }),
  ];
  for (const end of endings) {
    const { reviewId, number } = await t.templates.requestReview(t.editor, { draftId, expectedRevision: 1, title: "Look" });
    await deliver();
    expect(await inbox.unread(t.reviewer)).toEqual({ unread: 1 });
    await end(reviewId);
    await deliver();
    expect(await inbox.unread(t.reviewer)).toEqual({ unread: 0 });
    expect((await t.topics()).at(-1)).toEqual({
      topic: "review.withdrawn",
      payload: expect.objectContaining({ reviewId, number, actorId: t.editor.id, audience: [] }),
    });
  }
});

describe("an approval", () => {
  test("is for the digest and the policy revision that were looked at", async () => {
    await using t = await openReviewing();
    await t.inReview();
    const seen = await t.seen(1);
    const { draftId } = await t.page(1);
    expect(await refusal(t.reviews.approve(t.reviewer, { ...seen, policyRevision: "sha256:other" }))).toMatchObject({
      code: "reviews.policy-changed",
    });
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: t.source({ "30s": "40s" }) });
    const { head } = await t.page(1);
    expect(await refusal(t.reviews.approve(t.reviewer, seen))).toMatchObject({
      code: "reviews.stale",
      details: { digest: head.digest, revision: head.revision },
    });
    expect((await t.page(1)).decisions).toEqual([]);
    expect(await t.reviews.approve(t.reviewer, { ...seen, digest: head.digest ?? "" })).toEqual({
      state: "approved",
      given: 1,
      required: 1,
    });
  });

  test("is for the base that was looked at too: the same text beside another asks for something else", async () => {
    await using t = await openReviewing();
    await publishReviewed(t, t.acme, (await t.templates.create(t.editor, { source: t.source(EGRESS) })).draftId);
    const { draftId, number } = await t.inReviewAgain({ ...EGRESS, "30s": "31s" });
    const seen = await t.seen(number);
    const narrower = await t.templates.drafts.create(t.editor, { templateName: "echo" });
    await t.templates.drafts.save(t.editor, { ...narrower, expectedRevision: 1, source: t.source() });
    await publishReviewed(t, t.acme, narrower.draftId);
    await t.templates.drafts.rebase(t.editor, { draftId, expectedRevision: 2 });
    const { head } = await t.page(number);
    expect(head).toMatchObject({ digest: seen.digest, policyRevision: seen.policyRevision });
    expect(
      head.changes.map((change) => change.class),
      "it opens again what 1.1.0 closed",
    ).toContain("permission");
    const stale = { code: "reviews.stale", details: { digest: head.digest, revision: head.revision } };
    expect(await refusal(t.reviews.approve(t.reviewer, seen))).toMatchObject(stale);
    expect(await refusal(t.reviews.reject(t.reviewer, { ...seen, note: NO }))).toMatchObject(stale);
    expect(await refusal(t.reviews.approve(t.reviewer, { ...seen, baseDigest: null }))).toMatchObject(stale);
    expect(await t.reviews.approve(t.reviewer, await t.seen(number))).toMatchObject({ state: "open", given: 1, required: 2 });
  });

  test("dies when the content changes, and the page says which revision it was for", async () => {
    await using t = await openReviewing();
    const { draftId } = await t.inReview(EGRESS);
    expect(await t.reviews.approve(t.reviewer, await t.seen(1))).toEqual({ state: "open", given: 1, required: 2 });
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: t.source({ ...EGRESS, "30s": "40s" }) });
    expect(await t.page(1)).toMatchObject({
      revision: 2,
      approvals: { given: 0, required: 2 },
      decisions: [{ revision: 1, killedAt: expect.any(String), killedReason: "content-changed" }],
      revisions: [{ revision: 1 }, { revision: 2 }],
      mine: { part: "approver", lastApprovedRevision: 1, approve: { allowed: true } },
    });
    expect(await t.view.revision(t.reviewer, { number: 1, revision: 1 })).toMatchObject({ content: t.source(EGRESS) });
    const [revised] = (await t.topics()).filter(({ topic }) => topic === "review.revised");
    expect(revised?.payload).toMatchObject({ audience: [t.reviewer.id], reason: "content-changed", revision: 2 });
    // And it stays dead when the content comes back.
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 2, source: t.source(EGRESS) });
    expect((await t.page(1)).approvals.given).toBe(0);
  });

  test("opens a review again that was approved and not published yet", async () => {
    await using t = await openReviewing();
    const { draftId, reviewId } = await t.inReview();
    expect(await t.reviews.approve(t.reviewer, await t.seen(1))).toMatchObject({ state: "approved" });
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: t.source({ "30s": "40s" }) });
    expect(await t.page(1)).toMatchObject({ state: "open", decidedAt: null, approvals: { given: 0 } });
    expect(await refusal(t.templates.publish(t.publisher, { reviewId }))).toMatchObject({ code: "reviews.not-approved" });
  });

  test("names a digest, and one digest has one text in a review: the first that was saved, whatever was there in between", async () => {
    await using t = await openReviewing();
    const { draftId, reviewId } = await t.inReview();
    const seen = await t.seen(1);
    const words = [`# before\n${t.source()}`, t.source({ "30s": "40s" }), `# after\n${t.source()}`];
    for (const [at, source] of words.entries()) await t.templates.drafts.save(t.editor, { draftId, expectedRevision: at + 1, source });
    expect((await t.page(1)).head.content).toBe(t.source());
    await t.reviews.approve(t.reviewer, seen);
    await t.templates.publish(t.publisher, { reviewId });
    expect(await t.templates.getVersion(t.editor, { name: "echo", semver: "1.0.0" })).toMatchObject({ source: t.source() });
  });

  test("survives other words for the same, and those are not published", async () => {
    await using t = await openReviewing();
    const { draftId, reviewId } = await t.inReview();
    await t.reviews.approve(t.reviewer, await t.seen(1));
    const commented = `# a remark\n${t.source()}`;
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: commented });
    expect(await t.page(1)).toMatchObject({ state: "approved", revision: 1 });
    await t.templates.publish(t.publisher, { reviewId });
    expect(await t.templates.getVersion(t.editor, { name: "echo", semver: "1.0.0" })).toMatchObject({ source: t.source() });
  });

  test("dies when the policy changes, and the next act finds the head judged anew", async () => {
    await using t = await openReviewing();
    await t.inReview(EGRESS);
    await t.reviews.approve(t.reviewer, await t.seen(1));
    const seen = await t.seen(1);
    await t.changePolicies("reviews", (data: { approvals: { requiredMax: number } }) => {
      data.approvals.requiredMax = 1;
    });
    expect((await t.page(1)).checks[1]).toMatchObject({
      name: "policy",
      state: "warning",
      message: { en: expect.stringMatching(/changed/) },
    });
    expect(await refusal(t.reviews.approve(t.admin, seen))).toMatchObject({ code: "reviews.policy-changed" });
    expect(await t.page(1)).toMatchObject({
      revision: 2,
      approvals: { given: 0, required: 1 },
      decisions: [{ killedReason: "policy-changed" }],
    });
    expect(await t.reviews.approve(t.admin, await t.seen(1))).toMatchObject({ state: "approved", given: 1, required: 1 });
  });

  test("of what today's template policy refuses is not taken", async () => {
    await using t = await openReviewing();
    await t.inReview();
    await t.changePolicies("templates", (data: { bounds: { timeoutMs: number } }) => {
      data.bounds.timeoutMs = 1_000;
    });
    expect(await refusal(t.reviews.approve(t.reviewer, await t.seen(1)))).toMatchObject({ code: "reviews.policy-changed" });
    expect(await refusal(t.reviews.approve(t.reviewer, await t.seen(1)))).toMatchObject({
      code: "reviews.not-sound",
      details: { checks: [{ name: "policy", state: "failed" }] },
    });
    expect((await t.page(1)).mine.approve).toEqual({ allowed: false, reason: "not-sound" });
  });

  test("is not taken for text that is no manifest, nor for one whose code is not there", async () => {
    await using t = await openReviewing();
    const { draftId, reviewId } = await t.inReview();
    const policyRevision = t.reviews.policyRevision("template");
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: "metadata: [" });
    expect(await t.page(1)).toMatchObject({ digest: null, checks: [{ name: "manifest", state: "failed" }, {}, {}, {}] });
    expect(await refusal(t.reviews.approve(t.reviewer, { reviewId, digest: "", baseDigest: null, policyRevision }))).toMatchObject({
      code: "reviews.stale",
    });
    const elsewhere = t.source({ [t.code]: `sha256:${"0".repeat(64)}` });
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 2, source: elsewhere });
    expect(await refusal(t.reviews.approve(t.reviewer, await t.seen(1)))).toMatchObject({
      code: "reviews.not-sound",
      details: { checks: [{ name: "code", state: "failed" }] },
    });
  });

  test("of a permission takes two, by different people; the same twice is one", async () => {
    await using t = await openReviewing();
    await t.inReview(EGRESS);
    expect((await t.page(1)).approvals).toMatchObject({ required: 2, rules: ["reviews.permission", "reviews.egress"] });
    expect(await t.reviews.approve(t.reviewer, await t.seen(1))).toMatchObject({ state: "open", given: 1 });
    expect(await t.reviews.approve(t.reviewer, await t.seen(1))).toMatchObject({ state: "open", given: 1 });
    expect((await t.page(1)).mine.approve).toEqual({ allowed: false, reason: "already" });
    expect((await t.page(1)).whoCan).toEqual([{ id: t.admin.id, name: t.admin.name }]);
    expect(await t.reviews.approve(t.admin, await t.seen(1))).toMatchObject({ state: "approved", given: 2 });
    const topics = (await t.topics()).map(({ topic }) => topic);
    expect(topics.filter((topic) => topic === "review.approved")).toHaveLength(1);
  });

  test("counts for the head it was given for alone, whatever else is alive", async () => {
    await using t = await openReviewing();
    const { reviewId } = await t.inReview(EGRESS);
    await t.reviews.approve(t.reviewer, await t.seen(1));
    // As if a later head had come without killing what was for the one before.
    await t.sql((client) =>
      client.query(
        `with head as (
           insert into review_revisions (tenant_id, review_id, revision, content, digest, changes, demands, next_ref, findings, facts,
             policy_revision, created_by, created_by_name)
           select tenant_id, review_id, 2, content, $2, changes, demands, next_ref, findings, facts, policy_revision, created_by, created_by_name
             from review_revisions where review_id = $1 returning revision, digest
         ) update reviews r set revision = head.revision, digest = head.digest from head where r.id = $1`,
        [reviewId, `sha256:${"0".repeat(64)}`],
      ),
    );
    expect(await t.page(1)).toMatchObject({ revision: 2, approvals: { given: 0 }, decisions: [{ revision: 1, killedAt: null }] });
    expect((await t.view.list(t.reviewer, { filter: "open" })).items[0]?.approvals).toBe(0);
    expect(await t.reviews.approve(t.admin, await t.seen(1))).toMatchObject({ state: "open", given: 1, required: 2 });
  });

  test("may become a no by the same person, which ends the review", async () => {
    await using t = await openReviewing();
    await t.inReview(EGRESS);
    await t.reviews.approve(t.reviewer, await t.seen(1));
    await t.reviews.reject(t.reviewer, { ...(await t.seen(1)), note: NO });
    expect(await t.page(1)).toMatchObject({
      state: "rejected",
      decisions: [
        { verdict: "approve", killedReason: "withdrawn" },
        { verdict: "reject", killedAt: null },
      ],
    });
  });
});

describe("whoever contributed", () => {
  test("cannot decide: who wrote, who saved once, and who wrote the draft it was copied from", async () => {
    await using t = await openReviewing();
    const both = await t.join("both", ["editor", "reviewer"]);
    const copier = await t.join("copier", ["editor", "reviewer"]);
    const { draftId: first } = await t.templates.create(both, { source: t.source() });
    const { draftId } = await t.templates.drafts.create(copier, { templateName: "echo" });
    await t.templates.drafts.save(t.admin, { draftId, expectedRevision: 1, source: t.source({ "30s": "31s" }) });
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 2, source: t.source({ "30s": "32s" }) });
    await t.templates.drafts.discard(t.editor, { draftId: first });
    await t.templates.requestReview(t.editor, { draftId, expectedRevision: 3, title: "Copied" });
    const seen = await t.seen(1);
    for (const contributor of [both, copier, t.admin]) {
      expect(await refusal(t.reviews.approve(contributor, seen)), contributor.name).toMatchObject({ code: "reviews.contributor" });
      expect(await refusal(t.reviews.reject(contributor, { ...seen, note: NO }))).toMatchObject({ code: "reviews.contributor" });
      expect((await t.page(1, contributor)).mine).toMatchObject({
        part: "contributor",
        approve: { allowed: false, reason: "contributor" },
      });
    }
    expect((await t.page(1)).whoCan).toEqual([{ id: t.reviewer.id, name: t.reviewer.name }]);
  });

  test("by code alone cannot decide either: who brought an archive that the base does not name", async () => {
    await using t = await openReviewing();
    await t.templates.archives.upload(t.admin, CODE);
    const { draftId, reviewId } = await t.inReview();
    expect(await refusal(t.reviews.approve(t.admin, await t.seen(1)))).toMatchObject({ code: "reviews.contributor" });
    await t.reviews.approve(t.reviewer, await t.seen(1));
    await t.templates.publish(t.publisher, { reviewId });
    expect(draftId).toBeDefined();
    // The base names that code now: bringing it once does not make every later text theirs.
    await t.inReviewAgain({ "30s": "40s" });
    expect(await t.reviews.approve(t.admin, await t.seen(2))).toMatchObject({ state: "approved" });
  });

  test("after approving is a contributor for good, and the approval dies", async () => {
    await using t = await openReviewing();
    const both = await t.join("both", ["editor", "reviewer"]);
    const { draftId } = await t.inReview(EGRESS);
    await t.reviews.approve(both, await t.seen(1));
    await t.reviews.approve(t.reviewer, await t.seen(1));
    await t.templates.drafts.save(both, { draftId, expectedRevision: 1, source: t.source({ ...EGRESS, "30s": "40s" }) });
    expect(await t.page(1)).toMatchObject({
      state: "open",
      decisions: [
        { userId: both.id, killedReason: "contributed" },
        { userId: t.reviewer.id, killedReason: "content-changed" },
      ],
    });
    expect(await refusal(t.reviews.approve(both, await t.seen(1)))).toMatchObject({ code: "reviews.contributor" });
  });

  test("by other words for the same after approving loses the approval as well", async () => {
    await using t = await openReviewing();
    const both = await t.join("both", ["editor", "reviewer"]);
    const { draftId } = await t.inReview();
    expect(await t.reviews.approve(both, await t.seen(1))).toMatchObject({ state: "approved" });
    await t.templates.drafts.save(both, { draftId, expectedRevision: 1, source: `# mine now\n${t.source()}` });
    expect(await t.page(1)).toMatchObject({ state: "open", approvals: { given: 0 }, decisions: [{ killedReason: "contributed" }] });
  });

  test("is kept from approving by the database, whatever writes", async () => {
    await using t = await openReviewing();
    const both = await t.join("both", ["editor", "reviewer"]);
    const { draftId, reviewId } = await t.inReview(EGRESS);
    await t.templates.drafts.save(both, { draftId, expectedRevision: 1, source: t.source({ ...EGRESS, "30s": "31s" }) });
    await t.reviews.approve(t.reviewer, await t.seen(1));
    const { digest, policyRevision } = await t.seen(1);
    await t.sql(async (client) => {
      const decide = (userId: string, part: string | null, change: Partial<{ digest: string; revision: number; policy: string }> = {}) =>
        client.query(
          `insert into review_decisions (tenant_id, review_id, revision, user_id, user_name, verdict, digest, policy_revision, part)
           values ($1, $2, $3, $4, 'x', 'approve', $5, $6, $7::review_part)`,
          [t.acme.id, reviewId, change.revision ?? 1, userId, change.digest ?? digest, change.policy ?? policyRevision, part],
        );
      const part = (userId: string) =>
        client.query("insert into review_participants (tenant_id, review_id, user_id, part) values ($1, $2, $3, 'approver')", [
          t.acme.id,
          reviewId,
          userId,
        ]);
      await expect(decide(both.id, "approver"), "a contributor").rejects.toThrow(/foreign key/);
      await expect(decide(both.id, "contributor"), "as contributor").rejects.toThrow(/live_by_approvers/);
      await expect(decide(both.id, null), "a living decision without a part").rejects.toThrow(/live_by_approvers/);
      await expect(part(both.id), "a second part").rejects.toThrow(/duplicate key/);
      await expect(client.query("update review_participants set part = 'approver' where user_id = $1", [both.id])).rejects.toThrow();
      await expect(client.query("delete from review_participants")).rejects.toThrow(/permission denied/);
      await expect(client.query("update review_participants set part = 'contributor' where user_id = $1", [t.reviewer.id])).rejects.toThrow(
        /foreign key/,
      );
      await expect(part("00000000-0000-0000-0000-000000000000"), "a token, a host: no member").rejects.toThrow(/foreign key/);
      await expect(decide(t.reviewer.id, "approver"), "a second living one").rejects.toThrow(/one_live/);
      await part(t.admin.id);
      await expect(decide(t.admin.id, "approver", { digest: "sha256:other" }), "another digest").rejects.toThrow(/newest revision/);
      await expect(decide(t.admin.id, "approver", { revision: 7 }), "another revision").rejects.toThrow(/newest revision/);
      await expect(decide(t.admin.id, "approver", { policy: "other" }), "another policy").rejects.toThrow(/newest revision/);
      await expect(client.query("update review_decisions set killed_at = now(), part = null, killed_reason = 'x'")).resolves.toBeDefined();
      await expect(client.query("update review_decisions set killed_at = null, part = 'approver'"), "raising the dead").rejects.toThrow();
      await expect(client.query("update review_revisions set content = 'x'"), "a head that was decided on").rejects.toThrow(/immutable/);
    });
  });

  test("as a token, a host or a loop can never approve: the table of actions says no, and no member row is theirs", async () => {
    await using t = await openReviewing();
    const { reviewId } = await t.inReview();
    const seen = await t.seen(1);
    const token: TokenActor = { kind: "token", id: t.reviewer.id, name: "ci", tenantId: t.acme.id, roles: ["ci", "reviewer", "admin"] };
    const host = { kind: "host" as const, id: t.reviewer.id, name: "host", tenantId: t.acme.id, roles: ["host"] as const };
    for (const actor of [token, host, systemActor("reviews", t.acme.id)]) {
      expect(await refusal(t.reviews.approve(actor, seen)), actor.kind).toMatchObject({ code: "access.denied" });
      expect(await refusal(t.reviews.reject(actor, { ...seen, note: NO })), actor.kind).toMatchObject({ code: "access.denied" });
    }
    for (const actor of [token, host, t.admin])
      expect(await refusal(t.templates.publish(actor as never, { reviewId })), actor.kind).toMatchObject({ code: "access.denied" });
    expect((await t.page(1)).decisions).toEqual([]);
  });
});

describe("a comment", () => {
  test("stands at its pointer when lines move, also when the value is gone; replies are one thread; a thread is resolved and reopened", async () => {
    await using t = await openReviewing();
    const { draftId, reviewId } = await t.inReview();
    const { commentId } = await t.reviews.comment(t.reviewer, { reviewId, pointer: "/spec/limits/timeout", body: "Why so long?" });
    const reply = await t.reviews.comment(t.editor, { reviewId, threadId: commentId, body: "It reads a lot." });
    await t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: t.source({ "  limits: { timeout: 30s }\n": "" }) });
    expect(await t.page(1)).toMatchObject({
      revision: 2,
      threads: [
        {
          id: commentId,
          revision: 1,
          pointer: "/spec/limits/timeout",
          authorName: t.reviewer.name,
          resolvedAt: null,
          replies: [{ id: reply.commentId, body: "It reads a lot.", authorId: t.editor.id }],
        },
      ],
    });
    const { resolvedAt } = await t.reviews.resolve(t.editor, { commentId, resolved: true });
    expect((await t.page(1)).threads).toMatchObject([{ resolvedAt, resolvedByName: t.editor.name }]);
    expect(await t.view.list(t.editor, { filter: "open" })).toMatchObject({ items: [{ comments: 2, unresolved: 0 }] });
    expect(await t.reviews.resolve(t.reviewer, { commentId, resolved: false })).toEqual({ resolvedAt: null });
    expect((await t.page(1)).threads).toMatchObject([{ resolvedAt: null, resolvedByName: null }]);
    const told = (await t.topics()).filter(({ topic }) => topic === "review.commented").map(({ payload }) => payload["audience"]);
    expect(told).toEqual([[t.editor.id], [t.reviewer.id]]);
  });

  test("is told with its first words, also where they end inside of a character", async () => {
    await using t = await openReviewing();
    const { reviewId } = await t.inReview();
    await t.reviews.comment(t.reviewer, { reviewId, body: `${"x".repeat(199)}😀 and more` });
    const [told] = (await t.topics()).filter(({ topic }) => topic === "review.commented");
    expect(told?.payload["excerpt"]).toBe(`${"x".repeat(199)}\ufffd`);
    expect((await t.page(1)).threads[0]?.body).toContain("😀");
  });

  test("is refused in a review that is full of them", async () => {
    await using t = await openReviewing();
    const { reviewId } = await t.inReview();
    const { commentId } = await t.reviews.comment(t.reviewer, { reviewId, body: "First" });
    await t.sql((client) =>
      client.query(
        `insert into review_comments (tenant_id, review_id, revision, body, author_id, author_name)
         select $1, $2, 1, 'Hm', 'x', 'x' from generate_series(2, $3::int)`,
        [t.acme.id, reviewId, COMMENTS_MAX],
      ),
    );
    const full = { kind: "limit", code: "reviews.comments-full", details: { max: COMMENTS_MAX } };
    expect(await refusal(t.reviews.comment(t.reviewer, { reviewId, body: "One more" }))).toMatchObject(full);
    expect(await refusal(t.reviews.comment(t.reviewer, { reviewId, threadId: commentId, body: "Or here" }))).toMatchObject(full);
    expect((await t.page(1)).threads).toHaveLength(COMMENTS_MAX);
  });

  test("belongs to a thread of its own review, and only a thread's first is resolved", async () => {
    await using t = await openReviewing();
    const { reviewId } = await t.inReview();
    const { commentId } = await t.reviews.comment(t.reviewer, { reviewId, body: "Here" });
    const reply = await t.reviews.comment(t.editor, { reviewId, threadId: commentId, body: "There" });
    const inReply = t.reviews.comment(t.editor, { reviewId, threadId: reply.commentId, body: "?" });
    expect(await refusal(inReply)).toMatchObject({ code: "reviews.comment-missing" });
    expect(await refusal(t.reviews.resolve(t.editor, { commentId: reply.commentId, resolved: true }))).toMatchObject({
      code: "reviews.comment-missing",
    });
    await t.reviews.withdraw(t.editor, { reviewId });
    const { draftId } = await t.page(1);
    const second = await t.templates.requestReview(t.editor, { draftId, expectedRevision: 1, title: "Second" });
    const across = t.reviews.comment(t.editor, { reviewId: second.reviewId, threadId: commentId, body: "?" });
    expect(await refusal(across)).toMatchObject({ code: "reviews.comment-missing" });
  });

  test("makes its revision a record: saves replace a head that nobody looked at, and come after one that was spoken about", async () => {
    await using t = await openReviewing();
    const { draftId, reviewId } = await t.inReview();
    for (let seconds = 31; seconds < 36; seconds += 1)
      await t.templates.drafts.save(t.editor, { draftId, expectedRevision: seconds - 30, source: t.source({ "30s": `${seconds}s` }) });
    expect((await t.page(1)).revisions).toHaveLength(1);
    await t.reviews.comment(t.reviewer, { reviewId, body: "I saw this" });
    for (let seconds = 36; seconds < 40; seconds += 1)
      await t.templates.drafts.save(t.editor, { draftId, expectedRevision: seconds - 30, source: t.source({ "30s": `${seconds}s` }) });
    expect(await t.page(1)).toMatchObject({ revision: 2, head: { content: t.source({ "30s": "39s" }) }, threads: [{ revision: 1 }] });
    expect(await t.view.revision(t.reviewer, { number: 1, revision: 1 })).toMatchObject({ content: t.source({ "30s": "35s" }) });
  });
});

describe("at the same moment", () => {
  const RACES = 8;

  /** Both acts on a fresh review, again and again; says how each pair ended. */
  async function race(act: (t: Awaited<ReturnType<typeof openReviewing>>) => Promise<unknown>): Promise<void> {
    await using t = await openReviewing();
    for (let round = 0; round < RACES; round += 1) await act(t);
  }

  async function freshReview(t: Awaited<ReturnType<typeof openReviewing>>) {
    const name = `echo-${Math.random().toString(36).slice(2, 10)}`;
    const { draftId } = await t.templates.create(t.editor, { source: t.source({ "name: echo": `name: ${name}` }) });
    const opened = await t.templates.requestReview(t.editor, { draftId, expectedRevision: 1, title: "Race" });
    return { ...opened, draftId, name, seen: await t.seen(opened.number) };
  }

  const codeOf = (result: PromiseSettledResult<unknown>) =>
    result.status === "fulfilled" ? "done" : result.reason instanceof Failure ? result.reason.code : String(result.reason);

  test("two approve: one completes it, the other comes too late, and it is told once", () =>
    race(async (t) => {
      const { number, reviewId, seen } = await freshReview(t);
      const results = await Promise.allSettled([t.reviews.approve(t.reviewer, seen), t.reviews.approve(t.admin, seen)]);
      expect(results.map(codeOf).toSorted()).toEqual(["done", "reviews.closed"]);
      expect((await t.page(number)).decisions).toHaveLength(1);
      const told = (await t.topics()).filter(({ topic, payload }) => topic === "review.approved" && payload["reviewId"] === reviewId);
      expect(told).toHaveLength(1);
    }));

  test("one approves and one saves: what is approved is what was looked at, or nothing", () =>
    race(async (t) => {
      const { number, draftId, seen, name } = await freshReview(t);
      const source = t.source({ "name: echo": `name: ${name}`, "30s": "40s" });
      const results = await Promise.allSettled([
        t.reviews.approve(t.reviewer, seen),
        t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source }),
      ]);
      expect(codeOf(results[1] as PromiseSettledResult<unknown>)).toBe("done");
      expect(["done", "reviews.stale"]).toContain(codeOf(results[0] as PromiseSettledResult<unknown>));
      expect(await t.page(number)).toMatchObject({ state: "open", head: { content: source }, approvals: { given: 0 } });
    }));

  test("one approves and one withdraws: nothing approved is left", () =>
    race(async (t) => {
      const { number, reviewId, seen } = await freshReview(t);
      const results = await Promise.allSettled([t.reviews.approve(t.reviewer, seen), t.reviews.withdraw(t.editor, { reviewId })]);
      expect(["done", "reviews.closed"]).toContain(codeOf(results[0] as PromiseSettledResult<unknown>));
      expect(codeOf(results[1] as PromiseSettledResult<unknown>)).toBe("done");
      const page = await t.page(number);
      expect(page.state).toBe("withdrawn");
      expect(page.decisions.every(({ killedReason }) => killedReason === "withdrawn")).toBe(true);
    }));

  test("it is published and the draft is saved: either the reviewed text is the version, or there is none", () =>
    race(async (t) => {
      const { number, reviewId, draftId, seen, name } = await freshReview(t);
      const before = t.source({ "name: echo": `name: ${name}` });
      await t.reviews.approve(t.reviewer, seen);
      const [published, saved] = (await Promise.allSettled([
        t.templates.publish(t.publisher, { reviewId }),
        t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: before.replace("30s", "40s") }),
      ])) as [PromiseSettledResult<unknown>, PromiseSettledResult<unknown>];
      const { state, outcome } = await t.page(number);
      const { versions } = await t.templates.get(t.editor, { name });
      if (codeOf(published) === "done") {
        expect(codeOf(saved)).toBe("drafts.closed");
        expect([state, outcome]).toEqual(["approved", "1.0.0"]);
        expect(await t.templates.getVersion(t.editor, { name, semver: "1.0.0" })).toMatchObject({ source: before });
      } else {
        expect([codeOf(published), codeOf(saved)]).toEqual(["reviews.not-approved", "done"]);
        expect([state, versions]).toEqual(["open", []]);
      }
    }));

  test("an approver saves while they approve: their approval does not count", () =>
    race(async (t) => {
      const both = await t.join(`both-${Math.random().toString(36).slice(2)}`, ["editor", "reviewer"]);
      const { number, draftId, seen, name } = await freshReview(t);
      const same = `# other words\n${t.source({ "name: echo": `name: ${name}` })}`;
      await Promise.allSettled([
        t.reviews.approve(both, seen),
        t.templates.drafts.save(both, { draftId, expectedRevision: 1, source: same }),
      ]);
      expect(await t.page(number, both)).toMatchObject({ state: "open", approvals: { given: 0 }, mine: { part: "contributor" } });
    }));
});
