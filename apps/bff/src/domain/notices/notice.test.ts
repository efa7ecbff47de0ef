import fc from "fast-check";
import { expect, test } from "vitest";
import { type Facts, namedIn, noticeOf, noticeTopics, settledBy } from "./notice.ts";

const nobody = "00000000-0000-7000-8000-000000000000";
const author = "00000000-0000-7000-8000-00000000000a";
const review = {
  reviewId: nobody,
  number: 7,
  title: "Raise the depth limit",
  templateName: "audit",
  actorName: "Emma",
  audience: [author],
};
const facts: Facts = {
  version: { templateName: "audit", semver: "1.1.0", reason: "leaks", authors: [author] },
  run: { finishedAt: new Date("2026-11-24T09:59:59Z") },
  key: { hint: "abc", from: new Date("2026-11-01T00:00:00Z"), reason: "lost" },
};
const none: Facts = { version: null, run: null, key: null };

const starter = "0190a000-0000-7000-8000-00000000000c";
const rollout = {
  number: 4,
  templateName: "audit",
  channel: "production",
  semver: "1.1.0",
  startedBy: starter,
  actorId: "system:rollouts",
};

const budget = {
  budgetId: nobody,
  templateId: nobody,
  templateName: "audit",
  month: "2026-11",
  amountMicros: 40_000_000,
  spentMicros: 33_000_000,
  currency: "EUR",
};

/** One good event of each topic, as the modules write them. */
const EVENTS: Record<(typeof noticeTopics)[number], unknown> = {
  "review.requested": review,
  "review.commented": { ...review, excerpt: "Why ten?" },
  "review.approved": review,
  "review.rejected": { ...review, note: "Too deep" },
  "review.revised": { ...review, reason: "content-changed" },
  "review.problem": { ...review, problem: { code: "templates.base-moved", message: "", details: {} } },
  "review.withdrawn": { ...review, audience: [] },
  "version.published": { versionId: nobody },
  "version.signed": { versionId: nobody },
  "version.revoked": { versionId: nobody, actorId: author, actorName: "Olga", reason: "It leaks" },
  "run.refused": { runId: nobody, templateName: "audit", semver: "1.1.0", check: "key-known", hostName: "local" },
  "rollout.paused": { ...rollout, reason: "too-few-samples" },
  "rollout.rolled-back": { ...rollout, reason: "breached:failed" },
  "rollout.completed": { ...rollout, reason: null },
  "budget.warned": { ...budget, percent: 80 },
  "budget.stopped": { ...budget, templateId: null, templateName: null, percent: 100 },
  "key.distrusted": { keyId: nobody },
};

test("every topic has its kind, its place and its people", () => {
  const made = noticeTopics.map((topic) => noticeOf({ id: 3, topic, payload: EVENTS[topic] }, facts));
  expect(made.map((notice) => notice && [notice.kind, notice.key, notice.href, notice.people])).toEqual([
    ...["requested", "commented", "approved", "rejected", "revised", "problem"].map((verb) => [
      `review.${verb}`,
      `review.${verb}:3`,
      "/reviews/7",
      { ids: [author], roles: [], except: [] },
    ]),
    null,
    ["version.published", `version:${nobody}`, "/templates/audit", { ids: [author], roles: [], except: [] }],
    ["version.signed", `version:${nobody}`, "/templates/audit", { ids: [author], roles: [], except: [] }],
    ["version.revoked", `version.revoked:${nobody}`, "/templates/audit", { ids: [author], roles: ["operator", "admin"], except: [author] }],
    ["run.refused", "run.refused:audit@1.1.0:2026-11-24T09", `/runs/${nobody}`, { ids: [], roles: ["operator", "admin"], except: [] }],
    ...["paused", "rolled-back", "completed"].map((verb) => [
      `rollout.${verb}`,
      `rollout.${verb}:3`,
      "/rollouts/4",
      // Whoever wrote what was taken back had been told that hosts run it.
      {
        ids: verb === "rolled-back" ? [starter, author] : [starter],
        roles: verb === "completed" ? [] : ["operator", "admin"],
        except: ["system:rollouts"],
      },
    ]),
    ...["warned", "stopped"].map((verb) => [
      `budget.${verb}`,
      `budget.${verb}:3`,
      "/costs",
      { ids: [], roles: ["manager", "admin"], except: [] },
    ]),
    ["key.distrusted", `key.distrusted:${nobody}:2026-11-01T00:00:00.000Z`, "/trust", { ids: [], roles: ["admin"], except: [] }],
  ]);
});

test("whatever an event lacks or holds instead, it makes a notice or none: it never throws", () => {
  const bent = fc.constantFrom(...noticeTopics).chain((topic) =>
    fc
      .record({
        dropped: fc.subarray(Object.keys(EVENTS[topic] as object)),
        bent: fc.dictionary(fc.constantFrom(...Object.keys(EVENTS[topic] as object)), fc.jsonValue()),
        whole: fc.option(fc.jsonValue()),
        known: fc.boolean(),
      })
      .map((change) => {
        const kept = Object.entries(EVENTS[topic] as object).filter(([name]) => !change.dropped.includes(name));
        return { topic, known: change.known, payload: change.whole ?? { ...Object.fromEntries(kept), ...change.bent } };
      }),
  );
  fc.assert(
    fc.property(bent, ({ topic, payload, known }) => {
      namedIn(payload);
      settledBy({ id: 1, topic, payload });
      const notice = noticeOf({ id: 1, topic, payload }, known ? facts : none);
      if (notice) expect(notice.href).toMatch(/^\/[a-z]+(\/[^/]+)?$/);
    }),
  );
});

test("what is optional may be missing", () => {
  const { audience: _, actorName: __, ...little } = review;
  expect(noticeOf({ id: 1, topic: "review.rejected", payload: little }, none)).toMatchObject({
    data: { number: 7, by: "", note: null },
    people: { ids: [] },
  });
  expect(noticeOf({ id: 1, topic: "version.revoked", payload: { versionId: nobody } }, facts)).toMatchObject({
    data: { semver: "1.1.0", by: null, reason: "leaks" },
    people: { except: [] },
  });
});

test("long words are cut at a whole character, on one line", () => {
  const excerpt = `one\n\n two\u0000 ${"😀".repeat(300)}`;
  const notice = noticeOf({ id: 1, topic: "review.commented", payload: { ...review, excerpt } }, none);
  const said = notice?.kind === "review.commented" ? (notice.data.excerpt ?? "") : "";
  expect(said).toMatch(/^one two 😀+…$/u);
  expect([...said]).toHaveLength(200);
});

test("a review that is decided or taken back settles what was asked for; nothing else does", () => {
  const settling = noticeTopics.filter((topic) => settledBy({ id: 1, topic, payload: EVENTS[topic] }) === "/reviews/7");
  expect(settling).toEqual(["review.approved", "review.rejected", "review.withdrawn"]);
  expect(settledBy({ id: 1, topic: "review.approved", payload: { number: "7" } })).toBeNull();
});
