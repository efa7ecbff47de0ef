import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { awaitReady } from "./ready.ts";
import type { SandboxExit } from "./sandbox.ts";

function readyFrame(): Buffer {
  const header = Buffer.from('{"t":"ready"}');
  const frame = Buffer.alloc(24 + header.length);
  frame.writeUInt32LE(20 + header.length, 0);
  frame.writeUInt32LE(header.length, 20);
  header.copy(frame, 24);
  return frame;
}

describe("waiting for a sandbox", () => {
  it("leaves the channel alone once it was ready, so that its last words can be read", async () => {
    const channel = new PassThrough();
    const exited = Promise.withResolvers<SandboxExit>();
    const ready = awaitReady(channel, exited.promise, 1000);
    channel.write(readyFrame());
    await ready;
    expect(channel.isPaused()).toBe(true);
    channel.resume();
    exited.resolve({ code: 0, signal: null, stderrTail: "" });
    await exited.promise;
    expect(channel.isPaused()).toBe(false);
  });

  it("fails when the sandbox ends or says something else first", async () => {
    const exit = { code: 1, signal: null, stderrTail: "bwrap: no permission" };
    await expect(awaitReady(new PassThrough(), Promise.resolve(exit), 1000)).rejects.toThrow("no permission");
    const channel = new PassThrough();
    const garbled = awaitReady(channel, new Promise(() => {}), 1000);
    channel.write(Buffer.alloc(64, 0xff));
    await expect(garbled).rejects.toThrow("frame");
  });
});
