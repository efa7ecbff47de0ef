/**
 * Real work for the demo tenant through the public REST API, until Ctrl-C:
 *
 *   npm run traffic                          both examples on their channel `production`, 7 runs a second
 *   npm run traffic -- --rate 20 --minutes 5 --template dependency-audit --channel production --people 500
 *
 * The inputs are real: dependency trees cut from this project's own lockfile, and the logs that the running product writes.
 */
import { randomInt, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { portsFor } from "./product.ts";
import { fail, Problem } from "./terminal.ts";

type Input = { readonly template: string; readonly value: unknown };
type Refusal = { readonly code?: string; readonly title?: string };

const ROOT = resolve(import.meta.dirname, "..");
/** Requests under way at once, at most: a registry that is slow is not buried. */
const UNDER_WAY_MAX = 64;
const LOG_LINES_MAX = 400;

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rate: { type: "string", default: "7" },
      minutes: { type: "string" },
      template: { type: "string", multiple: true, default: ["dependency-audit", "log-digest"] },
      channel: { type: "string", default: "production" },
      people: { type: "string", default: "2000" },
      "port-offset": { type: "string", default: "0" },
      "data-dir": { type: "string", default: join(ROOT, ".data") },
    },
  });
  const rate = numberOf("rate", values.rate, 0.1, 200);
  const people = numberOf("people", values.people, 1, 10_000_000);
  const endsAt =
    values.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + numberOf("minutes", values.minutes, 0.01, 1_440) * 60_000;
  const origin = `http://127.0.0.1:${portsFor(Number(values["port-offset"])).registry}`;
  const token = tokenIn(values["data-dir"]);
  const inputs = realInputs(values["data-dir"]).filter(({ template }) => values.template.includes(template));
  if (inputs.length === 0) throw new Problem(`There are inputs for dependency-audit and log-digest, not for ${values.template.join(", ")}`);

  const templates = [...new Set(inputs.map(({ template }) => template))];
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  let underWay = 0;
  let stopped = false;
  process.once("SIGINT", () => {
    stopped = true;
  });
  process.once("SIGTERM", () => {
    stopped = true;
  });

  const submit = async (): Promise<void> => {
    // The template first: one has many more inputs than the other.
    const wanted = templates[randomInt(templates.length)];
    const choice = inputs.filter(({ template }) => template === wanted);
    const { template, value } = choice[randomInt(choice.length)] as Input;
    const response = await fetch(`${origin}/v1/runs`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": randomUUID() },
      body: JSON.stringify({ template, channel: values.channel, key: `person-${randomInt(people)}`, input: value }),
      signal: AbortSignal.timeout(30_000),
    });
    const body = (await response.json()) as { semver?: string } & Refusal;
    if (response.ok) return void count(`${template} ${body.semver}`);
    count(`refused: ${body.code}`);
    if (response.status === 401) throw new Problem("The token does not work any more: start the product again, it makes a new one.");
  };

  console.log(
    `  ${rate} runs a second on ${values.template.join(" and ")}, channel ${values.channel}, by ${people} people. Ctrl-C stops it.`,
  );
  let failure: unknown;
  const said = setInterval(() => console.log(`  ${summary(counts)}`), 5_000);
  const startedAt = Date.now();
  for (let sent = 0; !stopped && failure === undefined && Date.now() < endsAt; ) {
    const due = Math.floor(((Date.now() - startedAt) / 1_000) * rate);
    for (; sent < due && underWay < UNDER_WAY_MAX; sent++) {
      underWay += 1;
      submit()
        .catch((error: unknown) => {
          if (error instanceof Problem) failure = error;
          else count("no answer");
        })
        .finally(() => {
          underWay -= 1;
        });
    }
    await new Promise((wait) => setTimeout(wait, Math.min(250, 1_000 / rate)));
  }
  clearInterval(said);
  while (underWay > 0) await new Promise((wait) => setTimeout(wait, 50));
  console.log(`  ${summary(counts)}`);
  if (failure !== undefined) throw failure;
}

function summary(counts: ReadonlyMap<string, number>): string {
  const parts = [...counts].toSorted(([a], [b]) => a.localeCompare(b)).map(([what, count]) => `${what}: ${count}`);
  return parts.length === 0 ? "nothing was answered yet" : parts.join("   ");
}

function numberOf(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= min && value <= max))
    throw new Problem(`--${name} is a number from ${min} to ${max}, not "${text}"`);
  return value;
}

function tokenIn(dataDir: string): string {
  const file = join(dataDir, "state/bff/demo-token");
  if (!existsSync(file)) throw new Problem(`There is no token in ${file}: start the product first (npm start), or name its --data-dir`);
  return readFileSync(file, "utf8").trim();
}

/** At least one of each example, so that traffic begins with an empty log too. */
function realInputs(dataDir: string): Input[] {
  return [
    ...lockfiles().map((value) => ({ template: "dependency-audit", value })),
    ...logs(join(dataDir, "logs")).map((lines) => ({ template: "log-digest", value: { lines } })),
  ];
}

type Locked = {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly link?: boolean;
};
type Lockfile = { readonly lockfileVersion: number; readonly packages: Record<string, Locked> };

/** For each package that this project installs at the top: the lockfile of a project that has it alone, with all that it brings. */
function lockfiles(): unknown[] {
  const { lockfileVersion, packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lockfile;
  const roots = Object.keys(packages).filter((path) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && packages[path]?.link !== true);
  return roots.map((root) => {
    const name = root.slice("node_modules/".length);
    const taken = new Map<string, Locked>();
    const take = (path: string): void => {
      const locked = packages[path];
      if (!locked || taken.has(path)) return;
      taken.set(path, locked);
      for (const wanted of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })) take(placeOf(packages, path, wanted));
    };
    take(root);
    return {
      name: `uses-${name.replaceAll(/[^a-z0-9-]/g, "-")}`,
      version: "1.0.0",
      lockfileVersion,
      packages: { "": { dependencies: { [name]: "*" } }, ...Object.fromEntries(taken) },
    };
  });
}

/** Where Node would find `wanted` from a package at `path`: beside its own dependencies, else further up. */
function placeOf(packages: Lockfile["packages"], path: string, wanted: string): string {
  for (let at = path; at !== ""; at = at.includes("/node_modules/") ? at.slice(0, at.lastIndexOf("/node_modules/")) : "") {
    const place = `${at}/node_modules/${wanted}`;
    if (packages[place]) return place;
  }
  return `node_modules/${wanted}`;
}

/** Stretches of the product's own logs. */
function logs(dir: string): string[][] {
  const files = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".log")) : [];
  const stretches = files.flatMap((name) => {
    const lines = readFileSync(join(dir, name), "utf8")
      .split("\n")
      .filter((line) => line !== "" && line.length <= 20_000)
      .slice(-20 * LOG_LINES_MAX);
    return Array.from({ length: Math.ceil(lines.length / LOG_LINES_MAX) }, (_, n) =>
      lines.slice(n * LOG_LINES_MAX, (n + 1) * LOG_LINES_MAX),
    );
  });
  return stretches.length > 0 ? stretches : [["2026-01-01T00:00:00Z the log is empty"]];
}

run(process.argv.slice(2)).catch(fail);
