/**
 * Builds `policies/<noun>.rego` (those with an entrypoint annotation) to `policies/dist/<noun>.wasm`, their data to
 * `policies/dist/<noun>.json`, and the table of actions to `apps/bff/src/domain/access/actions.ts`.
 *
 *   npm run policies             builds
 *   npm run policies -- --check  runs the Rego tests, builds elsewhere and compares byte by byte; changes nothing
 *
 * `opa` is searched on the PATH and in Go's bin directory. Where it is missing, `--check` still proves the generated table and
 * data current, and says that it skipped the rest.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "..");
const POLICIES = path.join(ROOT, "policies");
const DIST = path.join(POLICIES, "dist");
const ACTIONS = path.join(ROOT, "apps/bff/src/domain/access/actions.ts");

/** Where `opa` is, or null. */
export function findOpa(): string | null {
  const directories = [
    ...(process.env.PATH ?? "").split(path.delimiter),
    path.join(process.env.GOPATH ?? path.join(homedir(), "go"), "bin"),
  ];
  return directories.map((directory) => path.join(directory, "opa")).find((file) => existsSync(file)) ?? null;
}

/** The policies that are built: every Rego file, tests aside, that declares an entrypoint. */
export function policyNames(): string[] {
  return readdirSync(POLICIES)
    .filter((file) => file.endsWith(".rego") && !file.endsWith("_test.rego"))
    .filter((file) => /^#\s*entrypoint:\s*true/m.test(readFileSync(path.join(POLICIES, file), "utf8")))
    .map((file) => path.basename(file, ".rego"))
    .sort();
}

/** What `opa` is given for one policy: its source, and its data under the name of the policy. */
export function sourcesOf(name: string): string[] {
  const data = path.join(POLICIES, name, "data.json");
  return [path.join(POLICIES, `${name}.rego`), ...(existsSync(data) ? [`${name}:${data}`] : [])];
}

function buildWasm(opa: string, name: string): Buffer {
  const scratch = mkdtempSync(path.join(tmpdir(), "policy-"));
  try {
    const archive = path.join(scratch, "bundle.tar.gz");
    execFileSync(
      opa,
      ["build", "--target", "wasm", "--entrypoint", `${name}/decision`, "--output", archive, `${name}.rego`],
      // The names of the sources stand in the result: relative ones, so that it is the same wherever the project lies.
      { cwd: POLICIES, stdio: ["ignore", "inherit", "inherit"] },
    );
    execFileSync("tar", ["--absolute-names", "--transform=s,^/,,", "-xzf", archive, "-C", scratch, "/policy.wasm"]);
    return readFileSync(path.join(scratch, "policy.wasm"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The data document the engine gets: the same bytes whatever the formatting of the source. */
function buildData(name: string): string {
  const file = path.join(POLICIES, name, "data.json");
  const own: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  return `${JSON.stringify({ [name]: own })}\n`;
}

function buildActions(): string {
  const { actions } = JSON.parse(readFileSync(path.join(POLICIES, "access/data.json"), "utf8")) as { actions: Record<string, string[]> };
  const rows = Object.entries(actions).map(([action, roles]) => `  "${action}": [${roles.map((role) => `"${role}"`).join(", ")}],`);
  return [
    "// Generated from policies/access/data.json by `npm run policies`.",
    "",
    "/** Every action and the roles that may do it. Decisions are made by the policy; this table types actions and names who could. */",
    "export const ACTIONS = {",
    ...rows,
    "} as const satisfies Record<string, readonly string[]>;",
    "",
    "export type Action = keyof typeof ACTIONS;",
    "",
  ].join("\n");
}

function outputs(opa: string | null): Map<string, Buffer> {
  const files = new Map<string, Buffer>([[ACTIONS, Buffer.from(buildActions())]]);
  for (const name of policyNames()) {
    files.set(path.join(DIST, `${name}.json`), Buffer.from(buildData(name)));
    if (opa) files.set(path.join(DIST, `${name}.wasm`), buildWasm(opa, name));
  }
  return files;
}

function check(opa: string | null): boolean {
  if (opa) execFileSync(opa, ["test", "--fail-on-empty", POLICIES, "--ignore", "dist"], { stdio: "inherit" });
  else process.stdout.write("policies: opa is not installed (npm run peers); Rego tests and the comparison of the wasm were skipped\n");
  const stale = [...outputs(opa)]
    .filter(([file, bytes]) => !existsSync(file) || !readFileSync(file).equals(bytes))
    .map(([file]) => path.relative(ROOT, file));
  if (stale.length > 0) process.stderr.write(`policies: not current, run npm run policies: ${stale.join(", ")}\n`);
  return stale.length === 0;
}

function build(opa: string | null): boolean {
  if (!opa) {
    process.stderr.write("policies: opa is not installed; npm run peers installs it\n");
    return false;
  }
  mkdirSync(DIST, { recursive: true });
  for (const [file, bytes] of outputs(opa)) writeFileSync(file, bytes);
  process.stdout.write(`policies: built ${policyNames().join(", ")}\n`);
  return true;
}

if (import.meta.main) {
  const opa = findOpa();
  const done = process.argv.includes("--check") ? check(opa) : build(opa);
  if (!done) process.exitCode = 1;
}
