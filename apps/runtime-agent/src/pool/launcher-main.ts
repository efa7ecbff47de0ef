/**
 * A small process whose only work is to start and end sandboxes: a fork stops the process that makes it, for longer the
 * larger it is, and the agent is busy handing out.
 *
 * It answers `launch` with the sandbox's channel (the socket itself, passed over) and later `exited`; `destroy` with
 * `destroyed`, when neither process nor cgroup is left. When the agent goes away, however it went, everything here ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Cgroup, type CgroupLayout, releaseCgroups } from "./cgroup.ts";

export type LauncherSettings = {
  readonly bubblewrap: string;
  /** Everything up to the command; descriptors: 3 channel, 4 information, 5 block, 9 seccomp. */
  readonly arguments: readonly string[];
  readonly command: readonly string[];
  readonly seccomp: string;
  readonly uid: number;
  readonly gid: number;
  readonly layout: CgroupLayout;
  readonly owner: string;
};
/** `received`: the channel has arrived, so this process no longer reads from it. */
export type LauncherOrder = { readonly t: "launch" | "received" | "destroy"; readonly id: string } | { readonly t: "close" };
export type LauncherNews =
  | { readonly t: "channel"; readonly id: string }
  | { readonly t: "failed"; readonly id: string; readonly message: string }
  | { readonly t: "exited"; readonly id: string; readonly code: number | null; readonly signal: string | null; readonly stderrTail: string }
  | { readonly t: "destroyed"; readonly id: string; readonly problem: string | null };

const STDERR_TAIL_BYTES = 4096;
const STDERR_WAIT_MS = 100;
const MONITOR_EXIT_MS = 500;

const settings = JSON.parse(process.argv[2] ?? "") as LauncherSettings;
type Held = {
  readonly cgroup: Cgroup;
  child: ChildProcess | null;
  /** The sandbox's process is in its cgroup; before that only bubblewrap itself can be killed. */
  inside: boolean;
  /** The agent has the channel, and this process has closed its own end of it. */
  received: boolean;
  /** Lets the sandbox begin. */
  begin: () => void;
};
const running = new Map<string, Held>();

/**
 * The sandbox begins when it is in its cgroup and its channel has been passed over: Node reads from a socket until the other
 * process confirms that it has it, and throws away what it reads.
 */
function beginWhenReady(held: Held): void {
  if (held.inside && held.received) held.begin();
}

function tell(news: LauncherNews, socket?: Socket): void {
  if (!process.connected) return;
  process.send?.(news, socket, {}, () => {});
}

function launch(id: string): void {
  const cgroup = new Cgroup(settings.layout, settings.owner, id);
  const held: Held = { cgroup, child: null, inside: false, received: false, begin: () => {} };
  running.set(id, held);
  try {
    cgroup.create();
    const seccomp = openSync(settings.seccomp, "r");
    const child = spawn(settings.bubblewrap, [...settings.arguments, ...settings.command], {
      // Really this user, not only inside: a root-owned process that escapes its namespaces would be root.
      ...(process.getuid?.() === 0 ? { uid: settings.uid, gid: settings.gid } : {}),
      cwd: "/",
      env: {},
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", "pipe", "ignore", "ignore", "ignore", seccomp],
    });
    closeSync(seccomp);
    held.child = child;
    follow(id, held, child);
  } catch (error) {
    tell({ t: "failed", id, message: error instanceof Error ? error.message : String(error) });
  }
}

function follow(id: string, held: Held, child: ChildProcess): void {
  let stderrTail = Buffer.alloc(0);
  child.on("error", (error) => tell({ t: "failed", id, message: error.message }));
  // Not `close`: that waits for the channel too, which is no longer ours.
  const stderrEnded = Promise.withResolvers<void>();
  child.on("exit", async (code, signal) => {
    await Promise.race([stderrEnded.promise, delay(STDERR_WAIT_MS)]);
    tell({ t: "exited", id, code, signal, stderrTail: stderrTail.toString("utf8") });
  });
  if (child.pid === undefined) return;
  const [, , stderr, channel, information, block] = child.stdio as unknown as [null, null, Readable, Socket, Readable, Writable];
  stderr.on("data", (chunk: Buffer) => {
    stderrTail = Buffer.concat([stderrTail, chunk]).subarray(-STDERR_TAIL_BYTES);
  });
  stderr.on("close", stderrEnded.resolve);
  block.on("error", () => {});
  channel.on("error", () => {});
  held.begin = () => block.end("1");
  tell({ t: "channel", id }, channel);
  let text = "";
  information.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
    const pid = /"child-pid": (\d+)/.exec(text)?.[1];
    if (pid === undefined) return;
    text = "";
    try {
      held.cgroup.attach(Number(pid));
      held.inside = true;
      beginWhenReady(held);
    } catch (error) {
      tell({
        t: "failed",
        id,
        message: `cannot put the sandbox into its cgroup: ${error instanceof Error ? error.message : String(error)}`,
      });
      child.kill("SIGKILL");
    }
  });
}

async function destroy(id: string): Promise<void> {
  const held = running.get(id);
  let problem: string | null = null;
  try {
    await held?.cgroup.remove();
    const child = held?.child;
    // bubblewrap's own process ends, and takes its child off the process table, once nothing is left inside; killed before,
    // it would leave that to the machine's init.
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      const force = setTimeout(() => child.kill("SIGKILL"), held?.inside ? MONITOR_EXIT_MS : 0);
      await exit;
      clearTimeout(force);
    }
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  running.delete(id);
  tell({ t: "destroyed", id, problem });
}

async function close(): Promise<void> {
  await Promise.all([...running.keys()].map(destroy));
  releaseCgroups(settings.layout, settings.owner);
  process.exit(0);
}

process.on("message", (order: LauncherOrder) => {
  if (order.t === "launch") launch(order.id);
  else if (order.t === "received") {
    const held = running.get(order.id);
    if (held) {
      held.received = true;
      beginWhenReady(held);
    }
  } else if (order.t === "destroy") void destroy(order.id);
  else void close();
});
process.on("disconnect", () => void close());
// A terminal's Ctrl-C reaches the whole group; the agent decides the order of ending.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
