import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

const script = path.resolve(import.meta.dirname, "../../scripts/traffic.ts");
/** The console's port without an offset; every port of a product is moved by the same. */
const CONSOLE_PORT = 4000;
const STOPS_MS_MAX = 60_000;

export type Traffic = {
  /** Resolves when every request was answered, with how many runs were accepted. Throws when one was refused or had no answer. */
  stop(): Promise<number>;
};

/** `npm run traffic` on the running product: real inputs for one template, through the public REST API with a service token. */
export function startTraffic({ template, rate }: { template: string; rate: number }): Traffic {
  const { E2E_CONSOLE_URL, E2E_DATA_DIR } = process.env;
  if (!E2E_CONSOLE_URL || !E2E_DATA_DIR)
    throw new Error("E2E_CONSOLE_URL and E2E_DATA_DIR are not set: e2e/support/global-setup.ts sets them");
  const offset = Number(new URL(E2E_CONSOLE_URL).port) - CONSOLE_PORT;
  const args = [script, "--template", template, "--rate", String(rate), "--people", "1000000"];
  const child: ChildProcess = spawn(process.execPath, [...args, "--port-offset", String(offset), "--data-dir", E2E_DATA_DIR]);
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(child, "exit") as Promise<[number | null]>;
  return {
    async stop() {
      child.kill("SIGINT");
      const killing = setTimeout(() => child.kill("SIGKILL"), STOPS_MS_MAX);
      const [code] = await ended;
      clearTimeout(killing);
      if (code !== 0) throw new Error(`the traffic ended with ${code}: ${said.slice(-2_000)}`);
      return acceptedOf(said.trim().split("\n").at(-1) ?? "", template);
    },
  };
}

/** `dependency-audit 1.0.0: 210   dependency-audit 1.1.0: 24`: accepted runs by template and version, and whatever else was answered. */
function acceptedOf(line: string, template: string): number {
  const counts = line
    .trim()
    .split(/ {3,}/)
    .map((part) => /^(.*): (\d+)$/.exec(part));
  if (counts.some((count) => !count?.[1]?.startsWith(`${template} `))) throw new Error(`not every run was accepted: ${line}`);
  return counts.reduce((sum, count) => sum + Number(count?.[2]), 0);
}
