import { styleText } from "node:util";
import { people } from "../apps/identity/src/people.ts";
import { defaultDataDir, moveDataAside, type Product, runningStarter, startProduct } from "./product.ts";
import { createProgress, fail, Problem } from "./terminal.ts";

/** How soon a second Ctrl-C counts as impatience and not as npm passing the first one on. */
const IMPATIENT_MS = 1500;

/**
 * `npm start` and `npm run dev`: the whole product on this machine until Ctrl-C.
 *
 *   --fresh            starts from empty data; the old data is moved aside
 *   --port-offset N    adds N to every port
 *   --data-dir PATH    keeps the data elsewhere
 */
export async function runProduct(mode: "start" | "dev", args: readonly string[]): Promise<void> {
  const started = performance.now();
  const { dataDir, portOffset, fresh } = readArguments(args);
  const progress = createProgress();
  const interrupted = new AbortController();
  let product: Product | undefined;
  let stoppingSince = 0;

  async function stopAll(code: number): Promise<void> {
    const now = Date.now();
    if (stoppingSince > 0) {
      if (now - stoppingSince < IMPATIENT_MS) return;
      process.stdout.write("  Not waiting any longer. The next start tidies up what is left.\n");
      process.exit(1);
    }
    stoppingSince = now;
    process.stdout.write("\n");
    if (!product) return interrupted.abort();
    await progress.step("Everything stopped", () => (product as Product).stop());
    process.exit(code);
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stopAll(0));
  process.on("disconnect", () => void stopAll(0));
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

  if (fresh) {
    const pid = runningStarter(dataDir);
    if (pid !== null) throw new Problem(`It runs (process ${pid}): stop it before starting from empty data.`);
    const aside = moveDataAside(dataDir);
    if (aside) progress.note(`The old data was moved to ${aside}`);
  }
  try {
    product = await startProduct({
      dataDir,
      portOffset,
      mode,
      progress,
      signal: interrupted.signal,
      onEnd(sentence, again) {
        const then = again ? "It is started again." : "It ended too often: everything is stopped.";
        process.stderr.write(`\n  ${styleText("yellow", "!")} ${sentence}\n    ${then}\n`);
        if (!again) void stopAll(1);
      },
    });
  } catch (error) {
    if (interrupted.signal.aborted) process.exit(0);
    throw error;
  }
  if (interrupted.signal.aborted) {
    await product.stop();
    process.exit(0);
  }
  welcome(product, (performance.now() - started) / 1000, dataDir, mode);
}

function welcome(product: Product, seconds: number, dataDir: string, mode: "start" | "dev"): void {
  const dim = (text: string) => styleText("dim", text);
  const lines = [
    "",
    `  ${styleText("bold", "Ready")} ${dim(`in ${seconds.toFixed(1)} s`)}   ${styleText(["bold", "blue"], product.urls.console)}`,
    "",
    `  Sign in as ${dim("(one click, no password: this is a demo)")}`,
    ...people.map((person) => `    ${person.email.padEnd(22)}${person.name.padEnd(16)}${dim(person.role.en)}`),
    "",
    ...(product.hostProblem
      ? [
          `  ${styleText("yellow", "!")} The local host does not serve, so nothing can be tried:`,
          `    ${product.hostProblem.replaceAll("\n", "\n    ")}`,
          "",
        ]
      : []),
    dim(`  Data and logs: ${dataDir}   ${mode === "dev" ? "Changes reload by themselves.   " : ""}Ctrl-C stops everything.`),
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function readArguments(args: readonly string[]): { dataDir: string; portOffset: number; fresh: boolean } {
  let dataDir = defaultDataDir();
  let portOffset = 0;
  let fresh = false;
  for (const argument of expand(args)) {
    const [name, value] = argument;
    if (name === "--fresh") fresh = true;
    else if (name === "--data-dir" && value) dataDir = value;
    else if (name === "--port-offset" && value && /^\d{1,4}$/.test(value)) portOffset = Number(value);
    else
      throw new Problem(
        `"${name}${value ? ` ${value}` : ""}" is not understood. What there is: --fresh, --port-offset N (0 to 9999), --data-dir PATH`,
      );
  }
  return { dataDir, portOffset, fresh };
}

/** `--name value` and `--name=value` alike. */
function expand(args: readonly string[]): [string, string | undefined][] {
  const pairs: [string, string | undefined][] = [];
  for (let index = 0; index < args.length; index += 1) {
    const [name = "", inline] = (args[index] ?? "").split("=", 2);
    const next = args[index + 1];
    if (inline !== undefined || name === "--fresh" || next === undefined || next.startsWith("--")) pairs.push([name, inline]);
    else {
      pairs.push([name, next]);
      index += 1;
    }
  }
  return pairs;
}

/** Runs a command of this kind and turns its end into an exit code. */
export function main(mode: "start" | "dev"): void {
  runProduct(mode, process.argv.slice(2)).catch(fail);
}

if (import.meta.main) main("start");
