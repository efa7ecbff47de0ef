import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureTool, findCommand, tools } from "./machine.ts";
import { fail, Problem } from "./terminal.ts";

const playwright = join(import.meta.dirname, "../node_modules/.bin/playwright");

/** The browser of the end-to-end tests: from the PATH, else apt or Homebrew, else Playwright's own. */
function ensureChromium(): void {
  if (findCommand(...tools.chromium.commands)) return;
  try {
    ensureTool(tools.chromium, console.log);
  } catch (error) {
    if (spawnSync(playwright, ["install", "chromium"], { stdio: "inherit" }).status !== 0) throw error;
  }
}

/** Runs Playwright; its global setup starts the product in the same way as `npm start`, on data and ports of its own. */
async function main(args: readonly string[]): Promise<void> {
  ensureChromium();
  const child = spawn(playwright, ["test", ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, FORCE_COLOR: "0" },
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill("SIGINT"));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", () => reject(new Problem("Playwright is not installed: run npm ci")));
    child.once("close", resolve);
  });
  process.exitCode = code ?? 1;
}

main(process.argv.slice(2)).catch(fail);
