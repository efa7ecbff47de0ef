import { expect, test } from "vitest";
import { EGRESS, openReviewing, type Reviewing } from "../domain/reviews/test-review.ts";
import { refusal } from "../domain/test-refusal.ts";
import { manualClock } from "../platform/clock.ts";
import { createReviewsView } from "./reviews.ts";

async function reviewOf(t: Reviewing, name: string, author = t.editor, changes: Record<string, string> = {}) {
  const { draftId } = await t.templates.create(author, { source: t.source({ "name: echo": `name: ${name}`, ...changes }) });
  return { ...(await t.templates.requestReview(author, { draftId, expectedRevision: 1, title: name })), draftId };
}

test("the list shows what waits for the reader, what is theirs, what is open and what is over", async () => {
  await using t = await openReviewing();
  const one = await reviewOf(t, "one");
  await reviewOf(t, "two", t.admin);
  const three = await reviewOf(t, "three", t.editor, EGRESS);
  const four = await reviewOf(t, "four");
  const five = await reviewOf(t, "five");
  await t.reviews.approve(t.reviewer, await t.seen(three.number));
  await t.reviews.withdraw(t.editor, four);
  await t.reviews.approve(t.reviewer, await t.seen(five.number));
  await t.templates.publish(t.publisher, five);
  await t.reviews.approve(t.reviewer, await t.seen(one.number));

  const titles = async (reader: typeof t.editor, filter: "waiting" | "mine" | "open" | "closed") =>
    (await t.view.list(reader, { filter })).items.map(({ title }) => title);
  expect(await titles(t.reviewer, "waiting"), "approved ones and those decided on wait no more").toEqual(["two"]);
  expect(await titles(t.admin, "waiting"), "never one's own").toEqual(["three"]);
  expect(await titles(t.editor, "waiting"), "who may not approve is not waited for").toEqual([]);
  expect(await titles(t.editor, "mine"), "two names code that the editor brought").toEqual(["three", "two", "one"]);
  expect(await titles(t.editor, "open")).toEqual(["three", "two", "one"]);
  expect(await titles(t.editor, "closed")).toEqual(["five", "four"]);
  expect((await t.view.list(t.admin, { filter: "open" })).counts).toEqual({ waiting: 1, mine: 1, open: 3 });
  expect((await t.view.list(t.reviewer, { filter: "open" })).items).toMatchObject([
    {
      title: "three",
      state: "open",
      required: 2,
      approvals: 1,
      mine: "approved",
      classes: ["permission"],
      nextSemver: "1.0.0",
      outcome: null,
      stale: false,
    },
    { title: "two", required: 1, approvals: 0, mine: null, classes: [] },
    { title: "one", state: "approved", approvals: 1, mine: "approved" },
  ]);
  expect((await t.view.list(t.editor, { filter: "closed" })).items).toMatchObject([{ outcome: "1.0.0" }, { outcome: null }]);
});

test("the list goes on where its page ends, and is another's own in another tenant", async () => {
  await using t = await openReviewing();
  await t.inReview();
  await t.sql(async (client) => {
    for (const table of ["reviews", "review_revisions"]) {
      const { rows } = await client.query<{ columns: string }>(
        `select string_agg(quote_ident(column_name), ', ') as columns from information_schema.columns
          where table_name = $1 and column_name not in ('id', 'number', 'source_ref', 'review_id')`,
        [table],
      );
      const [{ columns } = { columns: "" }] = rows;
      if (table === "reviews")
        await client.query(
          `insert into reviews (id, number, source_ref, ${columns})
           select uuidv7(), n, 'draft-' || n, ${columns} from reviews, generate_series(2, 61) n where number = 1`,
        );
      else
        await client.query(
          `insert into review_revisions (review_id, ${columns})
           select r.id, ${columns
             .replace("tenant_id", "v.tenant_id")
             .replace("digest", "v.digest")
             .replace(/\brevision\b/, "v.revision")}
             from review_revisions v, reviews r where r.number > 1`,
        );
    }
  });
  const first = await t.view.list(t.editor, { filter: "open" });
  expect([first.items.length, first.items[0]?.number, first.nextCursor]).toEqual([50, 61, 12]);
  const second = await t.view.list(t.editor, { filter: "open", cursor: first.nextCursor ?? undefined });
  expect([second.items.length, second.items[0]?.number, second.nextCursor]).toEqual([11, 11, null]);
  expect(first.counts.open).toBe(61);
  expect(await t.view.list(t.globex.as("admin"), { filter: "open" })).toEqual({
    items: [],
    nextCursor: null,
    counts: { waiting: 0, mine: 0, open: 0 },
  });
});

test("a review that nothing moved for three days is stale until something does", async () => {
  await using t = await openReviewing();
  const { reviewId } = await t.inReview();
  const clock = manualClock(new Date());
  const view = createReviewsView({ access: t.access, reviews: t.reviews, redis: t.redis, clock });
  const stale = async () => (await view.list(t.editor, { filter: "open" })).items.map((item) => item.stale);
  clock.advance(3 * 24 * 3_600_000 - 60_000);
  expect(await stale()).toEqual([false]);
  clock.advance(120_000);
  expect(await stale()).toEqual([true]);
  await t.sql((client) => client.query("update reviews set updated_at = updated_at + interval '1 day' where id = $1", [reviewId]));
  expect(await stale()).toEqual([false]);
});

test("followers hear of every act, each a moment of its own, also without Redis", async () => {
  await using t = await openReviewing();
  const { reviewId, draftId } = await t.inReview();
  const leave = new AbortController();
  const deaf = { subscriber: { on: async () => async () => undefined } };
  const followed = [t.view, createReviewsView({ access: t.access, reviews: t.reviews, redis: deaf, clock: t.clock })].map((view) =>
    view.watch(t.reviewer, { number: 1 }, leave.signal),
  );
  const acts = [
    () => t.reviews.comment(t.reviewer, { reviewId, body: "Hm" }),
    () => t.templates.drafts.save(t.editor, { draftId, expectedRevision: 1, source: t.source({ "30s": "40s" }) }),
    async () => t.reviews.approve(t.reviewer, await t.seen(1)),
    () => t.templates.publish(t.publisher, { reviewId }),
  ];
  const moments = (await Promise.all(followed.map((news) => news.next()))).map(({ value }) => value?.updatedAt);
  expect(new Set(moments).size).toBe(1);
  let last = moments[0] ?? "";
  for (const act of acts) {
    await act();
    const told = await Promise.all(followed.map((news) => news.next()));
    const now = (await t.page(1)).updatedAt;
    expect(told.map(({ value }) => value?.updatedAt)).toEqual([now, now]);
    expect(now > last).toBe(true);
    last = now;
  }
  const ends = followed.map((news) => news.next());
  leave.abort();
  expect(await Promise.all(ends)).toMatchObject([{ done: true }, { done: true }]);
});

test("a page brings those who take part or may approve, the reader, and the newest revisions: not the whole tenant", async () => {
  await using t = await openReviewing();
  const { reviewId } = await t.inReview();
  const bystander = await t.join("operator-two", ["operator"]);
  expect(await t.page(1, bystander)).toMatchObject({ mine: { part: null, approve: { allowed: false, reason: "no-role" } } });
  await t.sql((client) =>
    client.query(
      `insert into review_revisions (tenant_id, review_id, revision, content, digest, changes, demands, next_ref, findings, facts,
         policy_revision, created_by, created_by_name)
       select tenant_id, review_id, n, content, digest, changes, demands, next_ref, findings, facts, policy_revision, created_by, created_by_name
         from review_revisions, generate_series(2, 230) n where review_id = $1`,
      [reviewId],
    ),
  );
  await t.sql((client) => client.query("update reviews set revision = 230 where id = $1", [reviewId]));
  const page = await t.page(1);
  expect([page.revisions.length, page.revisions[0]?.revision, page.revisions.at(-1)?.revision]).toEqual([200, 31, 230]);
  expect(page.whoCan.map(({ id }) => id).toSorted()).toEqual([t.admin.id, t.reviewer.id].toSorted());
});

test("a page takes as many queries for a busy review as for a quiet one", async () => {
  await using t = await openReviewing();
  const { reviewId, draftId } = await t.inReview(EGRESS);
  const queriesOf = async (): Promise<number> => {
    let queries = 0;
    const counting: typeof t.access = {
      ...t.access,
      read: (request, work) =>
        t.access.read(request, (tx) =>
          work(
            new Proxy(tx, {
              get: (target, name: string) => {
                const model: unknown = Reflect.get(target, name);
                if (typeof model === "function") {
                  queries += 1;
                  return model.bind(target);
                }
                return new Proxy(model as object, {
                  get: (methods, method: string) => {
                    queries += 1;
                    return Reflect.get(methods, method);
                  },
                });
              },
            }),
          ),
        ),
    };
    await createReviewsView({ access: counting, reviews: t.reviews, redis: t.redis, clock: t.clock }).get(t.reviewer, { number: 1 });
    return queries;
  };
  const quiet = await queriesOf();
  for (let n = 0; n < 5; n += 1) {
    const { commentId } = await t.reviews.comment(t.reviewer, { reviewId, pointer: "/spec", body: `No ${n}` });
    await t.reviews.comment(t.editor, { reviewId, threadId: commentId, body: "Why?" });
    await t.reviews.approve(t.admin, await t.seen(1));
    await t.templates.drafts.save(t.editor, {
      draftId,
      expectedRevision: n + 1,
      source: t.source({ ...EGRESS, "30s": `${40 + n}s` }),
    });
  }
  expect(await t.page(1)).toMatchObject({ revision: 6 });
  expect(quiet).toBeGreaterThan(2);
  expect(await queriesOf()).toBe(quiet);
});

test("a review that is not there is missing, whoever asks and however", async () => {
  await using t = await openReviewing();
  await t.inReview();
  const stranger = t.globex.as("admin");
  for (const ask of [
    () => t.view.get(t.editor, { number: 7 }),
    () => t.view.revision(t.editor, { number: 1, revision: 9 }),
    () => t.view.get(stranger, { number: 1 }),
    () => t.view.revision(stranger, { number: 1, revision: 1 }),
    () => t.view.watch(stranger, { number: 1 }, new AbortController().signal).next(),
  ])
    expect(await refusal(ask())).toMatchObject({ kind: "missing", code: "reviews.missing" });
});
