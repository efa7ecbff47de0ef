import { expect, test } from "vitest";
import type { AuditEntry } from "./audit-entry.ts";
import { auditFile, gather } from "./audit-file.ts";

const entry = (id: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  id: String(id),
  at: "2026-11-25T10:00:00.000Z",
  actorKind: "user",
  actorId: "u-1",
  actorName: "Ada, of Acme",
  action: "tokens.create",
  resourceKind: "token",
  resourceId: "=1+1",
  outcome: "allowed",
  reason: null,
  before: null,
  after: { name: 'the "ci"' },
  traceId: null,
  ...more,
});
const NOW = new Date("2026-11-25T12:34:56.789Z");

test("a spreadsheet gets every column, with what changed as JSON in one cell, and no formula", () => {
  const { name, mediaType, text } = auditFile([entry(7)], "csv", NOW);
  expect([name, mediaType]).toEqual(["audit-2026-11-25T123456Z.csv", "text/csv;charset=utf-8"]);
  expect(text.split("\r\n")).toEqual([
    "id,at,actor_kind,actor_id,actor_name,action,resource_kind,resource_id,outcome,reason,trace_id,before,after",
    `7,2026-11-25T10:00:00.000Z,user,u-1,"Ada, of Acme",tokens.create,token,'=1+1,allowed,,,,"{""name"":""the \\""ci\\""""}"`,
    "",
  ]);
});

test("a program gets one object a line, as the API tells it", () => {
  const entries = [entry(2), entry(1, { outcome: "denied", reason: "role" })];
  const { text } = auditFile(entries, "jsonl", NOW);
  expect(text.endsWith("\n")).toBe(true);
  expect(
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual(entries);
});

const pages = (count: number, size: number) => {
  const all = Array.from({ length: count }, (_, at) => entry(count - at));
  return async (cursor: string | undefined) => {
    const from = cursor === undefined ? 0 : Number(cursor);
    const next = from + size;
    return { items: all.slice(from, next), nextCursor: next < count ? String(next) : null };
  };
};

test("pages are gathered to their end, or to the most that a file holds: then it is said that older ones were left", async () => {
  const told: number[] = [];
  const whole = await gather(pages(25, 10), 100, (count) => told.push(count));
  expect([whole.entries.length, whole.more, told]).toEqual([25, false, [10, 20]]);
  expect(await gather(pages(30, 10), 30, () => {})).toMatchObject({ more: false });
  const some = await gather(pages(31, 10), 30, () => {});
  expect([some.entries.length, some.entries.at(-1)?.id, some.more]).toEqual([30, "2", true]);
  const cut = await gather(pages(35, 10), 32, () => {});
  expect([cut.entries.length, cut.more]).toEqual([32, true]);
  await expect(
    gather(
      () => Promise.reject(new Error("away")),
      10,
      () => {},
    ),
  ).rejects.toThrow("away");
});
