import { expect, test } from "vitest";
import type { Context } from "./context.ts";
import { appRouter } from "./root.ts";

const reviewId = "01a21072-e6e6-75c4-9a3b-4421017e0a7e";

/** The edge alone: what passes it is recorded, not done. */
async function passes(procedure: "comment" | "reject" | "request", input: Record<string, unknown>): Promise<boolean> {
  const passed: unknown[] = [];
  const record = async (_actor: unknown, given: unknown) => passed.push(given);
  const domain = { reviews: { comment: record, reject: record }, templates: { requestReview: record } };
  const caller = appRouter.createCaller({ domain } as unknown as Context);
  await (caller.reviews[procedure] as (input: unknown) => Promise<unknown>)(input).catch((error: { code?: string }) => {
    if (error.code !== "BAD_REQUEST") throw error;
  });
  return passed.length > 0;
}

test.each(["", "/spec", "/spec/limits/timeout", "/spec/tools/0", "/a~1b/c~0d", "/spec/input/properties/é", null, undefined])(
  "a comment may stand at %o",
  async (pointer) => {
    expect(await passes("comment", { reviewId, body: "Hm", pointer })).toBe(true);
  },
);

test.each(["spec", "/a~2", "/a~", `/${"a".repeat(2_048)}`, "/a\0b", 7])(
  "a comment may not stand at %o: that is no JSON pointer",
  async (pointer) => {
    expect(await passes("comment", { reviewId, body: "Hm", pointer })).toBe(false);
  },
);

test.each(["", "   ", "\0", "half \ud83d", "x".repeat(10_001)])(
  "a comment says something PostgreSQL can hold, and not too much",
  async (body) => {
    expect(await passes("comment", { reviewId, body })).toBe(false);
  },
);

test("a no says why, a request says what", async () => {
  const judged = { reviewId, digest: "sha256:a", baseDigest: null, policyRevision: "sha256:b" };
  expect(await passes("reject", { ...judged, note: "too slow" })).toBe(true);
  expect(await passes("reject", { ...judged, note: "  " })).toBe(false);
  expect(await passes("reject", { ...judged, baseDigest: undefined, note: "too slow" }), "the base is part of what was seen").toBe(false);
  expect(await passes("request", { draftId: reviewId, expectedRevision: 1, title: "Next" })).toBe(true);
  expect(await passes("request", { draftId: reviewId, expectedRevision: 1, title: " " })).toBe(false);
});
