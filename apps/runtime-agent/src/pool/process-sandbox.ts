/**
 * The weaker choice for machines without bubblewrap (macOS): a plain child process. It separates memory and gives a kill switch,
 * and enforces nothing else: the proof says so, and the agent serves with it only after an explicit opt-out.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { awaitReady } from "./ready.ts";
import { inspectRuntime } from "./runtime-files.ts";
import type { Sandbox, SandboxDriver, SandboxExit } from "./sandbox.ts";

const STDERR_TAIL_BYTES = 4096;
const LAUNCH_TIMEOUT_MS = 20_000;

export function createProcessDriver(): SandboxDriver {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "agent-factory-process-")));
  const main = join(directory, "sandbox-main.mjs");
  writeFileSync(main, inspectRuntime().program);
  const alive = new Set<Sandbox>();

  async function launch(): Promise<Sandbox> {
    const id = randomUUID();
    const home = join(directory, id);
    const codeDirectory = join(home, "code");
    mkdirSync(codeDirectory, { recursive: true });
    // Its own process group, so that its children die with it.
    const child = spawn(process.execPath, ["--disable-sigusr1", "--no-warnings", main, codeDirectory], {
      cwd: home,
      env: { HOME: home, TMPDIR: home, TZ: "UTC", NODE_ENV: "production" },
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      detached: true,
    });
    const [, , stderr, channel] = child.stdio as unknown as [null, null, Readable, Socket];
    let stderrTail = Buffer.alloc(0);
    stderr.on("data", (chunk: Buffer) => {
      stderrTail = Buffer.concat([stderrTail, chunk]).subarray(-STDERR_TAIL_BYTES);
    });
    channel.on("error", () => {});
    const exited = new Promise<SandboxExit>((resolve) => {
      child.once("error", (error) => resolve({ code: null, signal: null, stderrTail: error.message }));
      child.once("exit", (code, signal) => resolve({ code, signal, stderrTail: stderrTail.toString("utf8") }));
    });
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // The group is gone.
      }
    };
    const sandbox: Sandbox = {
      id,
      channel,
      codeDirectory,
      exited,
      arm: () => {},
      usage: () => ({ cpuMs: 0, memoryBytesPeak: 0, oomKills: 0, pidsRefused: 0, cpuPeriodsThrottled: 0 }),
      pids: () => [],
      kill,
      destroy: async () => {
        kill();
        channel.destroy();
        await exited;
        rmSync(home, { recursive: true, force: true });
        alive.delete(sandbox);
      },
    };
    alive.add(sandbox);
    try {
      await awaitReady(channel, exited, LAUNCH_TIMEOUT_MS);
      return sandbox;
    } catch (error) {
      await sandbox.destroy();
      throw error;
    }
  }

  return {
    name: "process",
    cgroup: "none",
    uid: process.getuid?.() ?? 0,
    launch,
    close: async () => {
      await Promise.all([...alive].map((sandbox) => sandbox.destroy()));
      rmSync(directory, { recursive: true, force: true });
    },
    held: async () => ({ sandboxes: alive.size, groups: [] }),
  };
}
