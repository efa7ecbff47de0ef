import { randomUUID } from "node:crypto";
import {
  encodeFrame,
  FRAME_BYTES_MAX,
  type HostFrame,
  INLINE_BYTES_MAX,
  LOG_TEXT_BYTES_MAX,
  type RunResult,
} from "@agent-factory/protocol";
import { describe, expect, it } from "vitest";
import { NOTHING_USED } from "../meter/meter.ts";
import { LOG_QUEUE_BYTES_MAX, Outbox } from "./outbox.ts";
import { RunLog } from "./run-log.ts";

const hold = () => ({ runId: randomUUID(), attempt: 1, fence: 3 });
const result = (inline = "1"): RunResult => ({
  ...hold(),
  outcome: "succeeded",
  output: { inline },
  error: null,
  usage: NOTHING_USED,
  finishedAt: 1,
});
const entry = (text: string) => ({ ...hold(), seq: 0, at: 0, stream: "stdout" as const, text });

function drain(outbox: Outbox): HostFrame[] {
  const frames: HostFrame[] = [];
  for (let frame = outbox.next(); frame; frame = outbox.next()) frames.push(frame);
  return frames;
}

describe("the outbox", () => {
  it("says the lines of a run before its result", () => {
    const outbox = new Outbox();
    outbox.addResult(result());
    outbox.addLog(entry("last words"));
    expect(drain(outbox).map(({ t }) => t)).toEqual(["log", "result"]);
  });

  it("says a result once a connection, and again on the next, until it is acknowledged", () => {
    const outbox = new Outbox();
    const one = result();
    outbox.addResult(one);
    expect(drain(outbox)).toHaveLength(1);
    expect(drain(outbox)).toHaveLength(0);
    outbox.restart([]);
    expect(drain(outbox)).toHaveLength(1);
    outbox.acknowledge(one);
    outbox.restart([]);
    expect(drain(outbox)).toHaveLength(0);
    expect(outbox.empty).toBe(true);
  });

  it("makes no frame that is too large, whatever waits in it", () => {
    const outbox = new Outbox();
    for (let i = 0; i < 300; i += 1) {
      outbox.addResult(result("é".repeat(INLINE_BYTES_MAX / 2)));
      outbox.addLog(entry("é".repeat(LOG_TEXT_BYTES_MAX / 2)));
    }
    const frames = drain(outbox);
    for (const frame of frames) expect(encodeFrame(frame).length).toBeLessThan(FRAME_BYTES_MAX);
    expect(frames.flatMap((frame) => (frame.t === "result" ? frame.results : []))).toHaveLength(300);
    expect(frames.flatMap((frame) => (frame.t === "log" ? frame.entries : []))).toHaveLength(300);
  });

  it("holds a bounded amount of lines while there is no link", () => {
    const outbox = new Outbox();
    let taken = 0;
    while (outbox.addLog(entry("x".repeat(8000)))) taken += 1;
    expect(taken * 8000).toBeLessThanOrEqual(LOG_QUEUE_BYTES_MAX);
    drain(outbox);
    expect(outbox.addLog(entry("x"))).toBe(true);
  });
});

describe("a run's log", () => {
  function gather() {
    const entries: { seq: number; stream: string; text: string }[] = [];
    const log = new RunLog(hold(), ({ seq, stream, text }) => entries.push({ seq, stream, text }) > 0);
    return { log, entries };
  }

  it("gathers lines, keeps the order of streams, and numbers without gaps", () => {
    const { log, entries } = gather();
    log.print("stdout", Buffer.from("one\ntwo\n"));
    log.print("stdout", Buffer.from("three\n"));
    log.print("log", Buffer.from("four"));
    log.print("partial", Buffer.from('{"done":1}'));
    log.print("stdout", Buffer.from("five"));
    log.say("six");
    expect(entries).toEqual([
      { seq: 0, stream: "stdout", text: "one\ntwo\nthree" },
      { seq: 1, stream: "log", text: "four" },
      { seq: 2, stream: "partial", text: '{"done":1}' },
      { seq: 3, stream: "stdout", text: "five" },
      { seq: 4, stream: "system", text: "six" },
    ]);
  });

  it("cuts at line ends and within the size of an entry, and never through a character", () => {
    const { log, entries } = gather();
    const text = `${"é".repeat(5000)}\n${"😀".repeat(9000)}\n${"short\n".repeat(4000)}`;
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 1013) log.print("stdout", bytes.subarray(at, at + 1013));
    log.flush();
    for (const { text: piece } of entries) {
      expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(LOG_TEXT_BYTES_MAX);
      expect(piece).not.toContain("\ufffd");
    }
    expect(
      entries
        .map(({ text: piece }) => piece)
        .join("")
        .replaceAll("\n", ""),
    ).toBe(text.replaceAll("\n", ""));
  });

  it("counts what found no place", () => {
    const log = new RunLog(hold(), () => false);
    log.print("partial", Buffer.from("12345"));
    expect(log.bytesDropped).toBe(5);
  });
});
