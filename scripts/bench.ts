import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { generateClient } from "./generate.ts";
import { fail, Problem } from "./terminal.ts";

/**
 * One figure beside its peer or physical limit, measured in the same run. `ratio` is ours / peerValue; `better` says which way is
 * good. Every `bench/<name>.ts` exports `bench: Bench`.
 */
export type Row = {
  readonly bench: string;
  readonly metric: string;
  readonly ours: number;
  readonly peer: string;
  readonly peerValue: number;
  readonly ratio: number;
  readonly unit: string;
  readonly better: "lower" | "higher";
};
export type Bench = { readonly name: string; run(): Promise<readonly Row[]> };

/** `npm run bench [-- NAME …]`: one JSON line a figure on standard output, everything else on standard error. */
async function run(names: readonly string[]): Promise<void> {
  const dir = join(import.meta.dirname, "../bench");
  const files = readdirSync(dir).filter((file) => file.endsWith(".ts") && !file.includes(".test."));
  const known: Bench[] = [];
  for (const file of files) {
    const module: { bench?: Bench } = await import(pathToFileURL(join(dir, file)).href);
    if (module.bench) known.push(module.bench);
  }
  const unknown = names.filter((name) => !known.some((bench) => bench.name === name));
  if (unknown.length > 0)
    throw new Problem(`There is no bench ${unknown.join(", ")}. There is: ${known.map(({ name }) => name).join(", ")}`);
  generateClient();
  for (const bench of known.filter(({ name }) => names.length === 0 || names.includes(name))) {
    console.error(`── ${bench.name}`);
    for (const row of await bench.run()) console.log(JSON.stringify(row));
  }
}

if (import.meta.main) run(process.argv.slice(2)).then(() => process.exit(), fail);
