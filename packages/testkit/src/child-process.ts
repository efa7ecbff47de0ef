import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Child processes that always come back. Each leads a process group of its own, so that Ctrl-C reaches only the starter, which
 * then stops its children in order. A record file (pid and start time) lets the next start find what a killed starter left
 * behind, and only that: a pid that was given to somebody else in the meantime has another start time.
 *
 *   starting -> running (ready() said so) -> stopping (signal sent) -> gone (whole group)
 */
export type ChildProcess = {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the leader ended, however it did. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  running(): boolean;
  /** Signals the leader, waits, then kills what is left of its group. Safe to call twice. */
  stop(options?: { signal?: NodeJS.Signals; graceMs?: number }): Promise<void>;
};

export type ChildSpec = {
  name: string;
  command: string;
  args: readonly string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  /** Standard output and error are appended here; without it they are dropped. */
  logFile?: string;
  /** Where pid and start time are kept while the child runs. */
  recordFile?: string;
};

/** Starts the child; throws a plain sentence when it cannot be started at all. */
export async function startChild(spec: ChildSpec): Promise<ChildProcess> {
  if (spec.logFile) mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = spec.logFile ? openSync(spec.logFile, "a", 0o600) : undefined;
  const child = spawn(spec.command, spec.args, {
    detached: true,
    stdio: ["ignore", log ?? "ignore", log ?? "ignore"],
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...(spec.env === undefined ? {} : { env: spec.env }),
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.gid === undefined ? {} : { gid: spec.gid }),
  });
  if (log !== undefined) closeSync(log);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => reject(new Error(`${spec.name}: cannot start ${spec.command}: ${error.message}`)));
  });
  const pid = child.pid as number;
  if (spec.recordFile) {
    mkdirSync(dirname(spec.recordFile), { recursive: true });
    writeFileSync(spec.recordFile, JSON.stringify({ name: spec.name, pid, started: processStart(pid) }));
  }
  let stopping: Promise<void> | undefined;
  const running = () => child.exitCode === null && child.signalCode === null;
  const stopOnce = async (signal: NodeJS.Signals, graceMs: number) => {
    if (running()) {
      child.kill(signal);
      await Promise.race([exited, delay(graceMs, undefined, { ref: false })]);
    }
    await endGroup(pid, Math.min(graceMs, GROUP_GRACE_MS));
    await exited;
    if (spec.recordFile) rmSync(spec.recordFile, { force: true });
  };
  return {
    name: spec.name,
    pid,
    exited,
    running,
    stop({ signal = "SIGTERM", graceMs = 10_000 } = {}) {
      stopping ??= stopOnce(signal, graceMs);
      return stopping;
    },
  };
}

/**
 * Ends what a record file names, when that very process still runs; removes the record. Returns the name of what was ended.
 * A record of a pid that now belongs to somebody else is only removed.
 */
export async function endRecorded(recordFile: string, graceMs = 10_000): Promise<string | null> {
  const record = readRecord(recordFile);
  if (record === null) return null;
  const alive = () => processStart(record.pid) === record.started;
  let ended: string | null = null;
  if (record.started !== null && alive()) {
    ended = record.name;
    process.kill(record.pid, "SIGTERM");
    for (const deadline = Date.now() + graceMs; alive() && Date.now() < deadline; ) await delay(25);
    await endGroup(record.pid, Math.min(graceMs, GROUP_GRACE_MS));
    while (alive()) await delay(10);
  }
  rmSync(recordFile, { force: true });
  return ended;
}

/** The process that a record file names; null when the file is missing or not ours. */
export function readRecord(recordFile: string): { name: string; pid: number; started: string | null } | null {
  try {
    const record: unknown = JSON.parse(readFileSync(recordFile, "utf8"));
    if (typeof record !== "object" || record === null || !("pid" in record) || !Number.isInteger(record.pid)) return null;
    return record as { name: string; pid: number; started: string | null };
  } catch {
    return null;
  }
}

/** When the process with this pid was started, in a form that only compares equal for the same process; null when none runs. */
export function processStart(pid: number): string | null {
  if (process.platform === "linux") {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? null : `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${fields[19]}`;
    } catch {
      return null;
    }
  }
  try {
    return (
      execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() || null
    );
  } catch {
    return null;
  }
}

/** How long the rest of a group may tidy up after its leader has gone (a watcher's child, say). */
const GROUP_GRACE_MS = 3000;

async function endGroup(leader: number, graceMs: number): Promise<void> {
  const signal = (name: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-leader, name);
    } catch {
      return false; // nobody is left in the group: what we want
    }
  };
  if (!signal("SIGTERM")) return;
  for (const deadline = Date.now() + graceMs; signal(0) && Date.now() < deadline; ) await delay(15);
  signal("SIGKILL");
}

/** A TCP port on 127.0.0.1 that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

/** Asks until `condition` holds; throws with `what` when it does not in time, or at once when `failed` gives a reason. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  options: { timeoutMs: number; everyMs?: number; failed?: () => string | null },
): Promise<void> {
  for (const deadline = Date.now() + options.timeoutMs; ; ) {
    if (await condition()) return;
    const reason = options.failed?.() ?? null;
    if (reason !== null) throw new Error(`${what}: ${reason}`);
    if (Date.now() > deadline) throw new Error(`${what}: not within ${options.timeoutMs / 1000} s`);
    await delay(options.everyMs ?? 20);
  }
}
