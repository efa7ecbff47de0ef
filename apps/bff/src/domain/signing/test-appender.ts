/**
 * A process that appends to the log and says each promise on standard output, and may kill itself at a step. Started by tests:
 * `node test-appender.ts '{"systemUrl": …}'`.
 */
import { writeSync } from "node:fs";
import { openFastDatabase } from "../../platform/fast-database.ts";
import { leaf, openTestLog } from "./test-log.ts";
import type { LogStep } from "./transparency-log.ts";

export type AppenderOrder = {
  readonly tenantUrl: string;
  readonly systemUrl: string;
  readonly stateDir: string;
  readonly name: string;
  readonly count: number;
  /** Appends under way at once. */
  readonly width: number;
  /** SIGKILL at this step, the time that it comes for the `killAt`th time. */
  readonly killStep?: LogStep | "after-answer";
  readonly killAt?: number;
};
export type Promised = { readonly text: string; readonly index: number; readonly size: number };

const order = JSON.parse(process.argv[2] ?? "") as AppenderOrder;
let passed = 0;
const strike = (step: LogStep | "after-answer") => {
  if (step !== order.killStep) return;
  passed += 1;
  if (passed === order.killAt) process.kill(process.pid, "SIGKILL");
};

const fastDatabase = openFastDatabase(order);
const log = await openTestLog({ fastDatabase, stateDir: order.stateDir, onStep: strike });
let next = 0;
await Promise.all(
  Array.from({ length: order.width }, async () => {
    while (next < order.count) {
      const text = `${order.name} ${next}`;
      next += 1;
      const { placed, proof } = await log.append(leaf(text));
      // Synchronous: a promise that was said has left the process before the kill.
      writeSync(1, `${JSON.stringify({ text, index: placed.index, size: proof.size } satisfies Promised)}\n`);
      strike("after-answer");
    }
  }),
);
await fastDatabase.close();
