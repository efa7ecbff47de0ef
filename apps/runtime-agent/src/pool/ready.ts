import type { Duplex } from "node:stream";
import { FrameReader } from "./channel.ts";
import type { SandboxExit } from "./sandbox.ts";

/** Waits for a new sandbox's `ready`; afterwards the channel stands still, with nothing read away. @throws when it ends or is late. */
export function awaitReady(channel: Duplex, exited: Promise<SandboxExit>, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader(4096);
    let settled = false;
    const settle = (error: Error | null): void => {
      // Its end comes later, when the channel is somebody else's: it must not be paused again.
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      channel.off("data", onData);
      channel.pause();
      if (error) reject(error);
      else resolve();
    };
    const onData = (chunk: Buffer): void => {
      try {
        for (const { report } of reader.push(chunk)) if (report.t === "ready") settle(null);
      } catch (error) {
        settle(error as Error);
      }
    };
    const timer = setTimeout(() => settle(new Error(`The sandbox was not ready after ${timeoutMs} ms.`)), timeoutMs);
    channel.on("data", onData);
    void exited.then((exit) =>
      settle(new Error(`The sandbox did not start (exit ${exit.code ?? exit.signal}): ${exit.stderrTail.trim() || "no reason given"}`)),
    );
  });
}
