import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Row } from "../scripts/bench.ts";
import { freePortOffset, portsFor } from "../scripts/product.ts";

/** What the first and the second start may take on two cores. */
const LIMITS = { first: 240, second: 15 };

/**
 * From `npm start` in a fresh clone until the console answers: npm ci, client, console build, databases, migrations, demo tenants,
 * host with a proven sandbox. npm's own download cache is whatever the machine has; tools (Redis, bubblewrap) are installed.
 * Then Ctrl-C, and the same again. The peer is the limit.
 */
export const bench: Bench = {
  name: "start",
  async run() {
    const clone = join(mkdtempSync(join(tmpdir(), "agent-factory-clone-")), "agent-factory");
    try {
      execFileSync("git", ["clone", "--quiet", "--no-hardlinks", join(import.meta.dirname, ".."), clone], { stdio: "inherit" });
      const offset = await freePortOffset();
      const first = await startAndStop(clone, offset);
      const second = await startAndStop(clone, offset);
      return [row("first-start-seconds", first, LIMITS.first), row("second-start-seconds", second, LIMITS.second)];
    } finally {
      rmSync(join(clone, ".."), { recursive: true, force: true });
    }
  },
};

function row(metric: string, ours: number, peerValue: number): Row {
  const rounded = Math.round(ours * 10) / 10;
  return {
    bench: "start",
    metric,
    ours: rounded,
    peer: "limit",
    peerValue,
    ratio: Math.round((ours / peerValue) * 1000) / 1000,
    unit: "s",
    better: "lower",
  };
}

async function startAndStop(clone: string, offset: number): Promise<number> {
  const started = performance.now();
  const child = spawn("npm", ["start", "--silent", "--", "--port-offset", String(offset)], {
    cwd: clone,
    stdio: ["ignore", "pipe", "inherit"],
    env: environmentOfAFreshShell(),
  });
  try {
    await readyLine(child);
    const seconds = (performance.now() - started) / 1000;
    const page = await fetch(`http://127.0.0.1:${portsFor(offset).console}/`);
    if (page.status >= 400) throw new Error(`the console answers with ${page.status}`);
    return seconds;
  } finally {
    const gone = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    await gone;
  }
}

/** Without what npm and this run have put into the environment: no Node 24 on the PATH, no npm settings. */
function environmentOfAFreshShell(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE|VITEST|TEST_|INIT_CWD)/.test(name));
  const path = (process.env.PATH ?? "").split(":").filter((place) => !place.includes("node_modules"));
  return { ...Object.fromEntries(kept), PATH: path.join(":") };
}

function readyLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      process.stderr.write(chunk);
      seen += chunk.toString();
      if (/^\s*Ready\b/m.test(seen)) resolve();
    });
    child.once("close", (code) => reject(new Error(`npm start ended with ${code} before it was ready`)));
  });
}
