/**
 * A sandbox as the pool sees it: one process tree, started empty, given one run, then destroyed. It never serves a second run,
 * so nothing of one run can reach another.
 *
 * States: launching → warm (said `ready`) → armed (limits set) → ended (its processes are gone) → destroyed (nothing is left of it).
 */
import type { Duplex } from "node:stream";
import type { CgroupLimits, CgroupUsage } from "./cgroup.ts";

export type SandboxLimits = CgroupLimits;
export type SandboxUsage = CgroupUsage;

/** How the sandbox's process ended. `stderrTail`: what the runtime itself wrote at the end (at most 4 KiB), not the template's prints. */
export type SandboxExit = { readonly code: number | null; readonly signal: string | null; readonly stderrTail: string };

export type Sandbox = {
  readonly id: string;
  /** The only way in and out. Whatever comes from it may have been written by template code. */
  readonly channel: Duplex;
  /** Where inside it the code lies: what stack frames start with. */
  readonly codeDirectory: string;
  /** Resolves once, when the process has ended for whatever reason. */
  readonly exited: Promise<SandboxExit>;
  /** Sets the limits of the run. Synchronous: it stands in the hand-out. */
  arm(limits: SandboxLimits): void;
  /** What it used since it started, the kernel's count; readable until it is destroyed. */
  usage(): SandboxUsage;
  /** Processes of the sandbox as the host numbers them; empty where that is unknown. */
  pids(): number[];
  /** Ends every process in it, now. */
  kill(): void;
  /** Kills, and gives everything back: processes, cgroup, files. Safe to call twice. */
  destroy(): Promise<void>;
};

export type SandboxDriver = {
  readonly name: "bubblewrap" | "process";
  readonly cgroup: "v1" | "v2" | "none";
  /** The user id the sandbox's processes really have on this host. */
  readonly uid: number;
  /** Resolves when the sandbox is ready for a run. @throws when it did not start. */
  launch(): Promise<Sandbox>;
  /** Destroys what is left and ends the driver. */
  close(): Promise<void>;
  /** What it holds now; a closed or idle pool has none. For leak accounting. */
  held(): Promise<{ sandboxes: number; groups: string[] }>;
};
