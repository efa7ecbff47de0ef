/**
 * The real sandbox: bubblewrap under a real unprivileged user, with its own user, mount, pid, network, IPC, UTS and cgroup
 * namespaces, a system-call allow-list, no capabilities, a read-only root that holds nothing but Node and its libraries,
 * a bounded tmpfs at /tmp, and a cgroup around it all. Its one way out is the channel.
 *
 * `bwrap --uid` is not enough: started by root it stays root in the kernel's eyes and could write the host's `core_pattern`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Cgroup,
  type CgroupLayout,
  detectCgroups,
  listCgroups,
  ownerName,
  prepareCgroups,
  releaseCgroups,
  sweepCgroups,
} from "./cgroup.ts";
import type { LauncherNews, LauncherOrder, LauncherSettings } from "./launcher-main.ts";
import { awaitReady } from "./ready.ts";
import { prepareRuntimeFiles, type RuntimeFiles } from "./runtime-files.ts";
import type { Sandbox, SandboxDriver, SandboxExit } from "./sandbox.ts";

const NOBODY = 65534;
/** Room for code (32 MiB at most) and scratch; counted against the run's memory as it fills. */
const TMP_BYTES = 64 * 1024 * 1024;
const CODE_DIRECTORY = "/tmp/code";
const LAUNCH_TIMEOUT_MS = 20_000;
const DESTROY_TIMEOUT_MS = 15_000;

/** Why this machine cannot run it, as a sentence; null when it can, as far as one can see without trying. */
export function bubblewrapUnavailable(): string | null {
  if (process.platform !== "linux") return `bubblewrap needs Linux; this is ${process.platform}.`;
  if (process.arch !== "x64" && process.arch !== "arm64") return `There is no system-call list for ${process.arch}.`;
  if (findBubblewrap() === null) return "bubblewrap (bwrap) is not installed.";
  if (detectCgroups() === null) return "No cgroup controllers for memory, cpu and pids are mounted.";
  return null;
}

/** Only where system packages put it: whoever may set PATH must not choose what confines template code. */
function findBubblewrap(): string | null {
  return (
    ["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap", "/run/current-system/sw/bin/bwrap"].find((path) => existsSync(path)) ?? null
  );
}

function bubblewrapArguments(files: RuntimeFiles): string[] {
  return [
    ...["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--clearenv"],
    ...["--hostname", "sandbox", "--seccomp", "9", "--info-fd", "4", "--block-fd", "5"],
    ...["--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp", "--setenv", "TZ", "UTC", "--setenv", "LANG", "C.UTF-8"],
    ...["--setenv", "NODE_ENV", "production"],
    ...files.libraries.flatMap(([file, path]) => ["--ro-bind", file, path]),
    ...["--ro-bind", files.node, "/app/node", "--ro-bind", files.main, "/app/sandbox-main.mjs", "--ro-bind", files.passwd, "/etc/passwd"],
    ...["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--size", String(TMP_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp"],
    ...["--remount-ro", "/", "--cap-drop", "ALL", "--"],
  ];
}

/** `--disable-sigusr1`: no debugger by signal. Few V8 threads: they count against the run's pids. */
const NODE_COMMAND = ["/app/node", "--disable-sigusr1", "--v8-pool-size=2", "--no-warnings", "/app/sandbox-main.mjs", CODE_DIRECTORY];

/**
 * @param bubblewrap the program to start; by default the one the system installed.
 * @param node the Node that runs inside; by default the one that runs the agent.
 * @throws when the machine lacks what it needs, with the sentence of {@link bubblewrapUnavailable}.
 */
export async function createBubblewrapDriver(options: { stateDir: string; bubblewrap?: string; node?: string }): Promise<SandboxDriver> {
  const unavailable = bubblewrapUnavailable();
  const layout = detectCgroups();
  if (unavailable !== null || layout === null) throw new Error(unavailable ?? "No cgroups.");
  const uid = process.getuid?.() === 0 ? NOBODY : (process.getuid?.() ?? NOBODY);
  const owner = ownerName();
  await sweepCgroups(layout);
  prepareCgroups(layout, owner);
  const files = prepareRuntimeFiles({
    candidates: [options.stateDir, "/var/tmp", tmpdir()],
    owner,
    uid,
    ...(options.node === undefined ? {} : { node: options.node }),
  });
  const settings: LauncherSettings = {
    bubblewrap: options.bubblewrap ?? findBubblewrap() ?? "bwrap",
    arguments: bubblewrapArguments(files),
    command: NODE_COMMAND,
    seccomp: files.seccomp,
    uid,
    gid: uid === NOBODY ? NOBODY : (process.getgid?.() ?? NOBODY),
    layout,
    owner,
  };
  return new BubblewrapDriver(settings, files);
}

type Pending = {
  channel: (socket: Socket) => void;
  exited: (exit: SandboxExit) => void;
  failed: (error: Error) => void;
  destroyed: (problem: string | null) => void;
};

class BubblewrapDriver implements SandboxDriver {
  readonly name = "bubblewrap";
  readonly cgroup: CgroupLayout["version"];
  readonly uid: number;
  readonly #settings: LauncherSettings;
  readonly #files: RuntimeFiles;
  readonly #pending = new Map<string, Pending>();
  #launcher: ChildProcess | null = null;
  #closing = false;
  /** Not ready yet, nor failed. */
  readonly #launches = new Set<Promise<Sandbox>>();

  constructor(settings: LauncherSettings, files: RuntimeFiles) {
    this.#settings = settings;
    this.#files = files;
    this.cgroup = settings.layout.version;
    this.uid = settings.uid;
  }

  launch(): Promise<Sandbox> {
    const launch = this.#launch();
    this.#launches.add(launch);
    const over = (): void => {
      this.#launches.delete(launch);
    };
    launch.then(over, over);
    return launch;
  }

  async #launch(): Promise<Sandbox> {
    if (this.#closing) throw new Error("The sandbox driver is closed.");
    const id = randomUUID();
    const cgroup = new Cgroup(this.#settings.layout, this.#settings.owner, id);
    const channelArrived = Promise.withResolvers<Socket>();
    const exited = Promise.withResolvers<SandboxExit>();
    const destroyed = Promise.withResolvers<void>();
    channelArrived.promise.catch(() => {});
    destroyed.promise.catch(() => {});
    let failure: Error | null = null;
    this.#pending.set(id, {
      channel: channelArrived.resolve,
      exited: (exit) => {
        // It may be dead before its channel could be passed over; then there is none.
        channelArrived.reject(
          new Error(`The sandbox did not start (exit ${exit.code ?? exit.signal}): ${exit.stderrTail.trim() || "no reason given"}`),
        );
        exited.resolve(exit);
      },
      failed: (error) => {
        failure = error;
        channelArrived.reject(error);
        exited.resolve({ code: null, signal: null, stderrTail: error.message });
      },
      destroyed: (problem) => (problem === null ? destroyed.resolve() : destroyed.reject(new Error(problem))),
    });
    let asked = false;
    const destroy = async (): Promise<void> => {
      if (!asked) {
        asked = true;
        channelArrived.promise.then((socket) => socket.destroy()).catch(() => {});
        if (!this.#order({ t: "destroy", id })) destroyed.resolve();
      }
      // A launcher that does not answer is ended; what it held dies with it and is cleared away.
      const launcher = this.#launcher;
      const unanswered = setTimeout(() => launcher?.kill("SIGKILL"), DESTROY_TIMEOUT_MS);
      await destroyed.promise.finally(() => clearTimeout(unanswered));
      this.#pending.delete(id);
    };
    this.#order({ t: "launch", id });
    try {
      const channel = await channelArrived.promise;
      channel.on("error", () => {});
      await awaitReady(channel, exited.promise, LAUNCH_TIMEOUT_MS);
      return {
        id,
        channel,
        codeDirectory: CODE_DIRECTORY,
        exited: exited.promise,
        arm: (limits) => cgroup.limit(limits),
        usage: () => cgroup.usage(),
        pids: () => cgroup.pids(),
        kill: () => cgroup.kill(),
        destroy,
      };
    } catch (error) {
      await destroy();
      throw failure ?? error;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    const launcher = this.#launcher;
    if (launcher?.connected) {
      const gone = new Promise((resolve) => launcher.once("exit", resolve));
      this.#order({ t: "close" });
      await gone;
    } else releaseCgroups(this.#settings.layout, this.#settings.owner);
    await Promise.allSettled([...this.#launches]);
    this.#files.close();
  }

  async held(): Promise<{ sandboxes: number; groups: string[] }> {
    return { sandboxes: this.#pending.size, groups: listCgroups(this.#settings.layout, this.#settings.owner) };
  }

  /** False when there is no launcher to hear it (it died, or was never needed). */
  #order(order: LauncherOrder): boolean {
    if (order.t === "launch" && !this.#launcher?.connected) this.#launcher = this.#start();
    if (!this.#launcher?.connected) return false;
    this.#launcher.send(order, () => {});
    return true;
  }

  #start(): ChildProcess {
    const program = join(import.meta.dirname, "launcher-main.ts");
    // No core dumps: the host's core_pattern may hand them to a program that runs as root.
    const launcher = spawn(
      "/bin/sh",
      ["-c", 'ulimit -c 0; exec "$0" "$@"', process.execPath, "--no-warnings", program, JSON.stringify(this.#settings)],
      { stdio: ["ignore", "inherit", "inherit", "ipc"], env: { PATH: "/usr/bin:/bin" } },
    );
    launcher.on("message", (news: LauncherNews, socket) => {
      const pending = this.#pending.get(news.id);
      if (news.t === "channel") {
        if (pending && socket) {
          pending.channel(socket as Socket);
          launcher.send({ t: "received", id: news.id } satisfies LauncherOrder, () => {});
        } else (socket as Socket | undefined)?.destroy();
      } else if (news.t === "exited") pending?.exited({ code: news.code, signal: news.signal, stderrTail: news.stderrTail });
      else if (news.t === "failed") pending?.failed(new Error(news.message));
      else pending?.destroyed(news.problem);
    });
    const lost = (): void => {
      if (this.#launcher !== launcher) return;
      this.#launcher = null;
      // Its sandboxes died with it (die-with-parent); only their empty cgroups are left.
      for (const [id, pending] of this.#pending) {
        pending.failed(new Error("The process that starts sandboxes died."));
        new Cgroup(this.#settings.layout, this.#settings.owner, id).remove().then(
          () => pending.destroyed(null),
          (error: Error) => pending.destroyed(error.message),
        );
      }
      if (!this.#closing) prepareCgroups(this.#settings.layout, this.#settings.owner);
    };
    launcher.on("exit", lost);
    launcher.on("error", lost);
    return launcher;
  }
}
