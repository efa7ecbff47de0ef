/**
 * The few files of the host that a sandbox sees: the Node binary, the libraries it loads, our program for inside, and a passwd
 * line. All must be readable by the sandbox's unprivileged user wherever this project lies, also below /root: what that user
 * cannot reach is linked or copied to a directory it can.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { isAbandoned } from "./cgroup.ts";
import { type Architecture, seccompProgram } from "./seccomp.ts";

const PREFIX = "agent-factory-runtime-";

export type RuntimeFiles = {
  readonly directory: string;
  readonly node: string;
  readonly main: string;
  readonly passwd: string;
  readonly seccomp: string;
  /** Shared libraries as `[file, path the loader looks for]`. */
  readonly libraries: readonly (readonly [string, string])[];
  /** Removes what was made. */
  close(): void;
};

/** True when someone who is neither owner nor in the group may read the file and walk every directory to it. */
export function reachableByOthers(path: string): boolean {
  if ((statSync(path).mode & 0o004) === 0) return false;
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}

/**
 * The program for inside, as plain JavaScript (inside there is no time to strip types), and the libraries that a Node with nothing
 * else loads, as `[file, path the loader looks for]`. Both from a fresh Node: this one has loaded native addons that a sandbox
 * must not see, and would warn that stripping is experimental.
 */
export function inspectRuntime(node = process.execPath): { program: string; libraries: (readonly [string, string])[] } {
  const script = `process.stdout.write(JSON.stringify({
    program: require("node:module").stripTypeScriptTypes(require("node:fs").readFileSync(0, "utf8")),
    libraries: process.report.getReport().sharedObjects,
  }))`;
  const input = readFileSync(join(import.meta.dirname, "sandbox-main.ts"));
  const told = JSON.parse(execFileSync(node, ["--no-warnings", "-e", script], { input, encoding: "utf8" })) as {
    program: string;
    libraries: string[];
  };
  return { program: told.program, libraries: told.libraries.filter(isAbsolute).map((path) => [realpathSync(path), path] as const) };
}

/**
 * @param candidates directories to try, best first; the first that others can reach is used.
 * @param owner names the directory, so that a later agent can remove what a killed one left.
 */
export function prepareRuntimeFiles(options: { candidates: readonly string[]; owner: string; uid: number; node?: string }): RuntimeFiles {
  const base = options.candidates.find((candidate) => {
    try {
      mkdirSync(candidate, { recursive: true });
      return reachableByOthers(join(realpathSync(candidate), "."));
    } catch {
      return false;
    }
  });
  if (base === undefined)
    throw new Error(
      `No directory that the user id ${options.uid} can reach: tried ${options.candidates.join(", ")}. Set STATE_DIR to one.`,
    );
  for (const candidate of options.candidates) removeAbandoned(candidate);
  const { program, libraries } = inspectRuntime(options.node);
  const directory = join(realpathSync(base), PREFIX + options.owner);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const place = (name: string, content: string | Buffer): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    chmodSync(path, 0o444);
    return path;
  };
  chmodSync(directory, 0o755);
  return {
    directory,
    node: reachable(realpathSync(options.node ?? process.execPath), directory),
    main: place("sandbox-main.mjs", program),
    passwd: place("passwd", `sandbox:x:${options.uid}:${options.uid}::/tmp:/nonexistent\n`),
    seccomp: place("seccomp.bpf", seccompProgram(process.arch as Architecture)),
    libraries,
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function removeAbandoned(candidate: string): void {
  if (!existsSync(candidate)) return;
  for (const name of readdirSync(candidate))
    if (name.startsWith(PREFIX) && isAbandoned(name.slice(PREFIX.length))) rmSync(join(candidate, name), { recursive: true, force: true });
}

function reachable(file: string, directory: string): string {
  if (reachableByOthers(file)) return file;
  const path = join(directory, "node");
  try {
    linkSync(file, path);
  } catch {
    copyFileSync(file, path);
  }
  if ((statSync(path).mode & 0o005) !== 0o005) chmodSync(path, 0o755);
  return path;
}
