import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "./terminal.ts";

/**
 * `next build` of the console, through Turborepo, which knows by content whether the last build is still the one (turbo.json).
 * Nothing is cached or reported outside the project.
 */
export async function buildConsole(root: string, detail: (text: string) => void, signal?: AbortSignal): Promise<void> {
  const { status, output } = await run(root, signal);
  const built = existsSync(join(root, "apps/console/.next/BUILD_ID"));
  signal?.throwIfAborted();
  if (status !== 0 || !built) {
    if (/ENOSPC|no space left/i.test(output))
      throw new Problem("The disk is full: the console could not be built. Free some space and run the command again.");
    throw new Problem(`The console could not be built:\n${output.trim().split("\n").slice(-40).join("\n")}`);
  }
  detail(/FULL TURBO|cache hit/.test(output) ? "unchanged" : "built");
}

/** In a group of its own, so that an abort ends the compiler's workers too. */
function run(root: string, signal?: AbortSignal): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const args = ["run", "build", "--filter=@agent-factory/console", "--output-logs=new-only", "--no-color", "--cache=local:rw"];
    const child = spawn(join(root, "node_modules/.bin/turbo"), args, {
      cwd: root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", NEXT_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
    });
    const abort = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
    signal?.addEventListener("abort", abort, { once: true });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("error", reject);
    child.once("close", (status) => {
      signal?.removeEventListener("abort", abort);
      resolve({ status, output });
    });
  });
}
