/** What the sandbox tests share: whether they can run here, a driver that must be left empty, and a run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { bubblewrapUnavailable, createBubblewrapDriver } from "./bubblewrap-sandbox.ts";
import { type Ending, Execution, type Job, type PrintStream } from "./execution.ts";
import type { SandboxDriver } from "./sandbox.ts";

/** Null when the sandbox can be tested here; otherwise the reason, which is printed. */
export function sandboxMissing(): string | null {
  const reason = bubblewrapUnavailable() ?? (process.getuid?.() === 0 ? null : "the tests need root");
  if (reason !== null) process.stderr.write(`sandbox tests are skipped: ${reason}\n`);
  return reason;
}

export const LIMITS: Job["limits"] = {
  timeoutMs: 10_000,
  memoryBytes: 128 * 2 ** 20,
  cpuMillis: 1000,
  pids: 64,
  logBytes: 64 * 1024,
  outputBytes: 256 * 1024,
};

/** A driver of its own; at the end of the test it must hold nothing. */
export async function openDriver(options: { bubblewrap?: string; node?: string } = {}): Promise<SandboxDriver & AsyncDisposable> {
  const stateDir = mkdtempSync(join(tmpdir(), "sandbox-test-"));
  const driver = await createBubblewrapDriver({ stateDir, ...options });
  return {
    name: driver.name,
    cgroup: driver.cgroup,
    uid: driver.uid,
    launch: () => driver.launch(),
    close: () => driver.close(),
    held: () => driver.held(),
    [Symbol.asyncDispose]: async () => {
      const before = await driver.held();
      await driver.close();
      rmSync(stateDir, { recursive: true, force: true });
      expect(before, "the test gave back what it took").toEqual({ sandboxes: 0, groups: [] });
      expect(await driver.held()).toEqual({ sandboxes: 0, groups: [] });
    },
  };
}

export type Ran = Ending & {
  readonly printed: string;
  readonly value: unknown;
  /** Host pids the sandbox had shortly before its end. */
  readonly pids: number[];
};

/** Runs code in a fresh sandbox and destroys it. `files` is the text of `index.mjs`, or several files. */
export async function runCode(
  driver: SandboxDriver,
  files: string | Record<string, string | Buffer>,
  options: {
    input?: unknown;
    entry?: string;
    limits?: Partial<Job["limits"]>;
    during?: (execution: Execution, pids: () => number[]) => void | Promise<void>;
  } = {},
): Promise<Ran> {
  const sandbox = await driver.launch();
  let printed = "";
  const streams: PrintStream[] = [];
  const all = typeof files === "string" ? { "index.mjs": files } : files;
  let pids = sandbox.pids();
  try {
    const execution = new Execution(sandbox, {
      run: { id: "00000000-0000-4000-8000-000000000000", attempt: 1 },
      entry: options.entry ?? "default",
      files: Object.entries(all).map(([path, content]) => ({ path, bytes: Buffer.from(content) })),
      input: Buffer.from(JSON.stringify(options.input ?? null)),
      limits: { ...LIMITS, ...options.limits },
      onPrint: (stream, bytes) => {
        streams.push(stream);
        printed += bytes.toString("utf8");
      },
    });
    await options.during?.(execution, () => sandbox.pids());
    pids = [...new Set([...pids, ...sandbox.pids()])];
    const ending = await execution.ended;
    return { ...ending, printed, pids, value: ending.output === null ? undefined : JSON.parse(ending.output.toString("utf8")) };
  } finally {
    await sandbox.destroy();
  }
}
