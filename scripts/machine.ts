import { spawnSync } from "node:child_process";
import { existsSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, dirname, join, resolve } from "node:path";
import { Problem } from "./terminal.ts";

/** The first of these commands that is on the PATH, as a full path. */
export function findCommand(...names: string[]): string | null {
  const directories = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
  for (const name of names) {
    for (const directory of directories) {
      if (directory && existsSync(join(directory, name))) return join(directory, name);
    }
  }
  return null;
}

export type Tool = { readonly commands: readonly string[]; readonly apt: string; readonly brew: string; readonly why: string };

export const tools = {
  redis: { commands: ["redis-server", "valkey-server"], apt: "redis-server", brew: "redis", why: "carries doorbells and live updates" },
  bubblewrap: { commands: ["bwrap"], apt: "bubblewrap", brew: "", why: "is the sandbox that agents run in" },
  chromium: {
    // The first is Chromium without a window at all: a fifth quicker on a small machine than one that hides its window.
    commands: ["chromium-headless-shell", "chromium", "google-chrome", "google-chrome-stable", "chromium-browser"],
    apt: "chromium-headless-shell",
    brew: "chromium",
    why: "is the browser of the end-to-end tests",
  },
} as const satisfies Record<string, Tool>;

/**
 * Makes sure that a tool is on the PATH: else through apt (as root, or with sudo that asks no password) or Homebrew, else a
 * sentence that says what to install. Returns its path.
 */
export function ensureTool(tool: Tool, say: (text: string) => void = () => {}): string {
  const found = findCommand(...tool.commands);
  if (found) return found;
  const ways: string[][][] = [];
  if (findCommand("apt-get")) {
    const become = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
    const apt = [...become, "env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "-qq"];
    ways.push([[...apt, "install", "-y", "--no-install-recommends", tool.apt]]);
    ways.push([
      [...apt, "update"],
      [...apt, "install", "-y", "--no-install-recommends", tool.apt],
    ]);
  }
  if (tool.brew && findCommand("brew")) ways.push([["brew", "install", "--quiet", tool.brew]]);
  for (const way of ways) {
    say(`installing ${tool.apt}`);
    const done = way.every(([command = "", ...args]) => spawnSync(command, args, { stdio: ["ignore", "ignore", "ignore"] }).status === 0);
    const installed = done ? findCommand(...tool.commands) : null;
    if (installed) return installed;
  }
  const hint = [`sudo apt-get install ${tool.apt}`, ...(tool.brew ? [`brew install ${tool.brew}`] : [])].join("  or  ");
  throw new Problem(
    `${tool.commands[0]} is missing and could not be installed; it ${tool.why}.\nInstall it, then run the command again:  ${hint}`,
  );
}

/** Ports of our range that browsers refuse to open (Fetch standard, "bad ports"). */
const REFUSED_BY_BROWSERS = [4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080];

/** Whether this port of 127.0.0.1 can be used: a browser would open it, and nobody listens there now. */
export async function portIsFree(port: number): Promise<boolean> {
  if (REFUSED_BY_BROWSERS.includes(port)) return false;
  const server = createServer();
  try {
    await new Promise<void>((done, reject) => server.once("error", reject).listen(port, "127.0.0.1", done));
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((done) => server.close(done));
  }
}

/** Refuses with the first busy ports, who holds them where the system tells, and what to do. */
export async function requirePorts(ports: { readonly [name: string]: number }): Promise<void> {
  const busy: string[] = [];
  for (const [name, port] of Object.entries(ports)) {
    if (!(await portIsFree(port)))
      busy.push(`  port ${port} (${name})${REFUSED_BY_BROWSERS.includes(port) ? ", which browsers refuse" : holderOf(port)}`);
  }
  if (busy.length > 0) {
    throw new Problem(
      `These ports of 127.0.0.1 cannot be used:\n${busy.join("\n")}\nStop what uses them, or choose others:  npm start -- --port-offset 100`,
    );
  }
}

function holderOf(port: number): string {
  const asked = spawnSync("ss", ["-Hltnp", `sport = :${port}`], { encoding: "utf8" });
  const [, name, pid] = /users:\(\("([^"]+)",pid=(\d+)/.exec(asked.stdout ?? "") ?? [];
  return name && pid ? `, used by ${name} (process ${pid})` : "";
}

/** Refuses early when the disk that holds `path` has less than `megabytes` left: a database must not meet a full disk first. */
export function requireDisk(path: string, megabytes: number): void {
  let place = resolve(path);
  while (!existsSync(place)) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  const free = Math.floor((bavail * bsize) / 1024 / 1024);
  if (free < megabytes)
    throw new Problem(
      `The disk is nearly full: ${free} MB are free at ${place}, ${megabytes} MB are needed. Free some space and run the command again.`,
    );
}
