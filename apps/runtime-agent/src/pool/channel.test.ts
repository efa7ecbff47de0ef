import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BrokenChannel, FrameReader, TOKEN_BYTES } from "./channel.ts";

function frame(header: unknown, body = Buffer.alloc(0), token = Buffer.alloc(TOKEN_BYTES, 1)): Buffer {
  const head = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = Buffer.alloc(8 + TOKEN_BYTES);
  bytes.writeUInt32LE(TOKEN_BYTES + 4 + head.length + body.length, 0);
  token.copy(bytes, 4);
  bytes.writeUInt32LE(head.length, 4 + TOKEN_BYTES);
  return Buffer.concat([bytes, head, body]);
}

describe("reading frames", () => {
  it("gives the same frames however the bytes are cut", () => {
    const bodies = ["", "one", "x".repeat(5000), "é"].map((text) => Buffer.from(text));
    const stream = Buffer.concat(bodies.map((body) => frame({ t: "print", stream: "stdout" }, body)));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 30 }), (cuts) => {
        const reader = new FrameReader(10_000);
        const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        const read = edges.slice(1).flatMap((end, index) => [...reader.push(stream.subarray(edges[index], end))]);
        expect(read.map(({ body }) => body.toString())).toEqual(bodies.map(String));
      }),
    );
  });

  it.each([
    ["a length beyond the bound", Buffer.from([0xff, 0xff, 0xff, 0x7f, 0])],
    ["a length too small for a frame", Buffer.from([1, 0, 0, 0, 0])],
    ["a header that is not JSON", frame("nonsense")],
    ["an unknown report", frame({ t: "sudo" })],
    ["a print to no stream", frame({ t: "print", stream: "system" })],
    ["a failure the sandbox may not claim", frame({ t: "failed", kind: "timeout" })],
  ])("breaks on %s", (_, bytes) => {
    expect(() => [...new FrameReader(10_000).push(bytes)]).toThrow(BrokenChannel);
  });
});
