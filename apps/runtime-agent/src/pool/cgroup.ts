/**
 * Control groups: what bounds and measures a sandbox from outside, and the handle by which all its processes are killed.
 *
 * Two kinds of host: v1 (one tree a controller) and v2 (one tree). Ours is `<base>/agent-factory/<owner>/<sandbox>`; the owner is
 * the agent's process, named so that a later agent can tell a dead one's leavings from a living neighbour's
 * (pid namespace, pid, start time, number: a pid alone is reused). Sources: cgroup-v1/*.rst and cgroup-v2.rst of the kernel.
 */
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export type CgroupLayout =
  | { readonly version: "v1"; readonly memory: string; readonly cpu: string; readonly cpuacct: string; readonly pids: string }
  | { readonly version: "v2"; readonly unified: string };

/** `memoryBytes` counts RAM and swap together; `cpuMillis` is thousandths of a core; `pids` counts threads. */
export type CgroupLimits = { readonly memoryBytes: number; readonly cpuMillis: number; readonly pids: number };

export type CgroupUsage = {
  readonly cpuMs: number;
  readonly memoryBytesPeak: number;
  /** Processes that the kernel ended because the group was over its memory. */
  readonly oomKills: number;
  /** Forks and threads refused because the group was at its limit. */
  readonly pidsRefused: number;
  readonly cpuPeriodsThrottled: number;
};

const FAMILY = "agent-factory";
const CPU_PERIOD_US = 100_000;
/** The kernel's least quota. */
const CPU_QUOTA_US_MIN = 1000;
/** Warming must not take the processor from what already runs. */
const WARMING_SHARE = 0.05;

/** Finds the controllers in the text of `/proc/self/mountinfo` and `/proc/self/cgroup`; null when a needed one is missing. */
export function findCgroups(mountinfo: string, ownCgroup: string, controllersOf: (mount: string) => string): CgroupLayout | null {
  const v1 = new Map<string, string>();
  let unified: string | null = null;
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const mountPoint = before?.split(" ")[4];
    const [kind, , options] = after?.split(" ") ?? [];
    if (mountPoint === undefined || kind === undefined) continue;
    if (kind === "cgroup2") unified = mountPoint;
    if (kind === "cgroup") for (const controller of options?.split(",") ?? []) if (!v1.has(controller)) v1.set(controller, mountPoint);
  }
  const [memory, cpu, cpuacct, pids] = ["memory", "cpu", "cpuacct", "pids"].map((name) => v1.get(name));
  if (memory !== undefined && cpu !== undefined && cpuacct !== undefined && pids !== undefined)
    return { version: "v1", memory, cpu, cpuacct, pids };
  if (unified === null) return null;
  const own = /^0::(.*)$/m.exec(ownCgroup)?.[1] ?? "/";
  const base = join(unified, own.includes("..") ? "" : own).replace(/\/$/, "");
  const controllers = controllersOf(base).split(/\s+/);
  return ["memory", "cpu", "pids"].every((name) => controllers.includes(name)) ? { version: "v2", unified: base } : null;
}

export function detectCgroups(): CgroupLayout | null {
  try {
    return findCgroups(readFileSync("/proc/self/mountinfo", "utf8"), readFileSync("/proc/self/cgroup", "utf8"), (base) => {
      try {
        return readFileSync(join(base, "cgroup.controllers"), "utf8");
      } catch {
        return "";
      }
    });
  } catch {
    return null;
  }
}

/** The trees of a layout; the first is the one whose members are listed and killed. */
export function treesOf(layout: CgroupLayout): readonly string[] {
  if (layout.version === "v2") return [layout.unified];
  return [...new Set([layout.pids, layout.memory, layout.cpu, layout.cpuacct])];
}

/** Field 22 of `/proc/<pid>/stat`; null when there is no such process. The name before it may hold spaces and brackets. */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
}

let owners = 0;

/** A name under which this process (or another) owns cgroups; each call gives a new one. */
export function ownerName(pid = process.pid): string {
  owners += 1;
  return `${pidNamespace()}-${pid}-${startTimeOf(pid) ?? "0"}-${owners}`;
}

/** True when the owner surely is a dead process of this machine's view; anything unknown is not abandoned. */
export function isAbandoned(owner: string, namespace = pidNamespace(), startTime = startTimeOf): boolean {
  const match = /^(\d+)-(\d+)-(\d+)-\d+$/.exec(owner);
  if (!match || match[1] !== namespace) return false;
  return startTime(Number(match[2])) !== match[3];
}

/** Makes the trees ready to hold sandboxes of `owner`. On v2 the processes of the base move to a leaf: only leaves hold processes. */
export function prepareCgroups(layout: CgroupLayout, owner: string): void {
  for (const tree of treesOf(layout)) mkdirSync(join(tree, FAMILY, owner), { recursive: true });
  if (layout.version === "v1") return;
  const enable = (directory: string): void => writeFileSync(join(directory, "cgroup.subtree_control"), "+cpu +memory +pids");
  try {
    enable(layout.unified);
  } catch {
    const leaf = join(layout.unified, `${FAMILY}-supervisor`);
    mkdirSync(leaf, { recursive: true });
    for (const pid of pidsIn(layout.unified)) {
      try {
        writeFileSync(join(leaf, "cgroup.procs"), String(pid));
      } catch {
        // It ended meanwhile, or it is a kernel thread; if it still stands in the way, the next line says so.
      }
    }
    enable(layout.unified);
  }
  enable(join(layout.unified, FAMILY));
  enable(join(layout.unified, FAMILY, owner));
}

/** Removes what dead agents left: their sandboxes' processes are killed first. Returns how many groups and processes that were. */
export async function sweepCgroups(layout: CgroupLayout): Promise<{ groups: number; processes: number }> {
  const swept = { groups: 0, processes: 0 };
  const [members = ""] = treesOf(layout);
  const owners = new Set(treesOf(layout).flatMap((tree) => directoriesIn(join(tree, FAMILY))));
  for (const owner of owners) {
    if (!isAbandoned(owner)) continue;
    const names = new Set(treesOf(layout).flatMap((tree) => directoriesIn(join(tree, FAMILY, owner))));
    for (const name of names) {
      swept.groups += 1;
      swept.processes += pidsIn(join(members, FAMILY, owner, name)).length;
      await new Cgroup(layout, owner, name).remove();
    }
    for (const tree of treesOf(layout)) removeDirectory(join(tree, FAMILY, owner));
  }
  return swept;
}

/** Gives the owner's own (empty) directories back. The family directory stays: a neighbour may be about to use it. */
export function releaseCgroups(layout: CgroupLayout, owner: string): void {
  for (const tree of treesOf(layout)) removeDirectory(join(tree, FAMILY, owner));
}

/** The names of the groups that the owner has now: what the leak accounting counts. */
export function listCgroups(layout: CgroupLayout, owner: string): string[] {
  return [...new Set(treesOf(layout).flatMap((tree) => directoriesIn(join(tree, FAMILY, owner))))];
}

/** One sandbox's group in every tree. All calls are synchronous and take tens of microseconds, except {@link Cgroup.remove}. */
export class Cgroup {
  readonly name: string;
  readonly #layout: CgroupLayout;
  readonly #owner: string;

  constructor(layout: CgroupLayout, owner: string, name: string) {
    this.#layout = layout;
    this.#owner = owner;
    this.name = name;
  }

  create(): void {
    for (const tree of treesOf(this.#layout)) mkdirSync(this.#in(tree), { recursive: true });
    this.#weigh(WARMING_SHARE);
  }

  /** Moves a process, with its threads; children it had already stay where they were. */
  attach(pid: number): void {
    for (const tree of treesOf(this.#layout)) writeFileSync(join(this.#in(tree), "cgroup.procs"), String(pid));
  }

  limit(limits: CgroupLimits): void {
    const layout = this.#layout;
    const quota = Math.max(CPU_QUOTA_US_MIN, Math.round((limits.cpuMillis * CPU_PERIOD_US) / 1000));
    if (layout.version === "v2") {
      this.#write(layout.unified, "memory.max", limits.memoryBytes);
      this.#writeIfThere(layout.unified, "memory.swap.max", 0);
      this.#write(layout.unified, "memory.oom.group", 1);
      this.#write(layout.unified, "cpu.max", `${quota} ${CPU_PERIOD_US}`);
      this.#write(layout.unified, "pids.max", limits.pids);
    } else {
      this.#write(layout.memory, "memory.limit_in_bytes", limits.memoryBytes);
      // Without swap accounting there is no such file; then the group may not swap at all.
      if (!this.#writeIfThere(layout.memory, "memory.memsw.limit_in_bytes", limits.memoryBytes))
        this.#write(layout.memory, "memory.swappiness", 0);
      this.#write(layout.cpu, "cpu.cfs_period_us", CPU_PERIOD_US);
      this.#write(layout.cpu, "cpu.cfs_quota_us", quota);
      this.#write(layout.pids, "pids.max", limits.pids);
    }
    this.#weigh(1);
  }

  usage(): CgroupUsage {
    const layout = this.#layout;
    if (layout.version === "v2") {
      const cpu = this.#read(layout.unified, "cpu.stat");
      const peak = this.#read(layout.unified, "memory.peak") || this.#read(layout.unified, "memory.current");
      return {
        cpuMs: counter(cpu, "usage_usec") / 1000,
        memoryBytesPeak: Number(peak) || 0,
        oomKills: counter(this.#read(layout.unified, "memory.events"), "oom_kill"),
        pidsRefused: counter(this.#read(layout.unified, "pids.events"), "max"),
        cpuPeriodsThrottled: counter(cpu, "nr_throttled"),
      };
    }
    return {
      cpuMs: (Number(this.#read(layout.cpuacct, "cpuacct.usage")) || 0) / 1e6,
      memoryBytesPeak: Number(this.#read(layout.memory, "memory.max_usage_in_bytes")) || 0,
      oomKills: counter(this.#read(layout.memory, "memory.oom_control"), "oom_kill"),
      pidsRefused: counter(this.#read(layout.pids, "pids.events"), "max"),
      cpuPeriodsThrottled: counter(this.#read(layout.cpu, "cpu.stat"), "nr_throttled"),
    };
  }

  /** Processes in the group, as this pid namespace numbers them. */
  pids(): number[] {
    const [members = ""] = treesOf(this.#layout);
    return pidsIn(this.#in(members));
  }

  /** Ends every process in the group at once. A group that forks cannot outrun it: new processes are forbidden first. */
  kill(): void {
    const layout = this.#layout;
    if (layout.version === "v2" && this.#writeIfThere(layout.unified, "cgroup.kill", 1)) return;
    this.#writeIfThere(layout.version === "v2" ? layout.unified : layout.pids, "pids.max", 0);
    for (const pid of this.pids()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended meanwhile.
      }
    }
  }

  /** Kills what is left and removes the group from every tree. @throws when the kernel does not let go within five seconds. */
  async remove(): Promise<void> {
    const deadline = performance.now() + 5000;
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
      this.kill();
      const left = treesOf(this.#layout).filter((tree) => !removeDirectory(this.#in(tree)));
      if (left.length === 0) return;
      if (performance.now() > deadline)
        throw new Error(`cgroup ${this.name} is still busy: ${left.map((tree) => this.#in(tree)).join(", ")}`);
      await delay(waitMs);
    }
  }

  #in(tree: string): string {
    return join(tree, FAMILY, this.#owner, this.name);
  }

  /** Weight against neighbours, 1 being the ordinary one. */
  #weigh(share: number): void {
    if (this.#layout.version === "v2") this.#writeIfThere(this.#layout.unified, "cpu.weight", Math.max(1, Math.round(100 * share)));
    else this.#write(this.#layout.cpu, "cpu.shares", Math.max(2, Math.round(1024 * share)));
  }

  #write(tree: string, file: string, value: number | string): void {
    writeFileSync(join(this.#in(tree), file), String(value));
  }

  #writeIfThere(tree: string, file: string, value: number | string): boolean {
    try {
      writeFileSync(join(this.#in(tree), file), String(value), { flag: "r+" });
      return true;
    } catch {
      return false;
    }
  }

  /** Empty when the file is not there: a group that is gone used nothing more. */
  #read(tree: string, file: string): string {
    try {
      return readFileSync(join(this.#in(tree), file), "utf8").trim();
    } catch {
      return "";
    }
  }
}

function counter(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}

function pidsIn(directory: string): number[] {
  try {
    return readFileSync(join(directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function directoriesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** True when it is gone. A cgroup's directory holds only the kernel's files, so rmdir is enough. */
function removeDirectory(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
