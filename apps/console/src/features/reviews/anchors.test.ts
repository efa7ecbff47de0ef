import { readDocument } from "@agent-factory/manifest/document";
import { expect, test } from "vitest";
import { anchor, quoteLine } from "./anchors.ts";
import { linesOf } from "./line-diff.ts";

const text = `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
spec:
  prompt:
    system: |
      You read invoices.
      Ask when unsure.
  tools:
    - { name: fetch }
`;
const place = (source: string, remarks: { pointer: string | null; body: string }[]) =>
  anchor(remarks, readDocument(source), linesOf(source));

test("a remark stays with its value when lines move", () => {
  const remark = { pointer: "/spec/tools/0/name", body: "Why?" };
  expect([...place(text, [remark]).byLine]).toEqual([[9, [remark]]]);
  expect([...place(`# one more line\n\n${text}`, [remark]).byLine]).toEqual([[11, [remark]]]);
});

test("within a long value the words it quotes say which line", () => {
  const remark = { pointer: "/spec/prompt/system", body: `${quoteLine("      Ask when unsure.")}Of whom?` };
  expect([...place(text, [remark]).byLine.keys()]).toEqual([7]);
  expect([...place(text.replace("Ask when unsure", "Ask always"), [remark]).byLine.keys()]).toEqual([5]);
});

test("a remark whose value is gone is kept apart, one about the whole too", () => {
  const gone = { pointer: "/spec/tools/0/name", body: "Why?" };
  const general = { pointer: null, body: "Nice" };
  const placed = place(text.replace("    - { name: fetch }\n", "    []\n"), [gone, general]);
  expect(placed).toMatchObject({ gone: [gone], general: [general] });
  expect(placed.byLine.size).toBe(0);
  expect(place("a: [", [gone]).gone).toEqual([gone]);
});
