import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findCommand } from "./machine.ts";

/** What our own engines are compared with, and built by. Pinned; installed once into .cache/peers. */
const peers = [{ name: "opa", module: "github.com/open-policy-agent/opa", version: "v1.22.2" }] as const;
const bin = join(import.meta.dirname, "../.cache/peers/bin");
/** Packages that only benchmarks need: pinned here, installed there, apart from what the product is made of. */
const [pinned, packages] = [join(import.meta.dirname, "../bench/peers"), join(import.meta.dirname, "../.cache/peers/node")];

/** Where a peer's program is: installed by us, on the PATH, or in Go's own directory; null when it is nowhere. */
export function findPeer(name: string): string | null {
  const go = join(process.env.GOPATH ?? join(homedir(), "go"), "bin", name);
  return [join(bin, name), go].find((file) => existsSync(file)) ?? findCommand(name);
}

/** A peer that is an npm package, as `T`; null, said on standard error, when it is not installed. */
export async function importPeer<T>(name: string): Promise<T | null> {
  try {
    const file = createRequire(join(packages, "package.json")).resolve(name);
    return (await import(pathToFileURL(file).href)) as T;
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "MODULE_NOT_FOUND") throw error;
    console.error(`${name} is not installed, so nothing is compared with it: npm run peers`);
    return null;
  }
}

/** Scripts of these packages are not run: none of them needs one. */
function installPackages(): void {
  const lock = "package-lock.json";
  const wanted = readFileSync(join(pinned, lock), "utf8");
  const names = Object.keys((JSON.parse(wanted) as { packages: { "": { dependencies: object } } }).packages[""].dependencies).join(", ");
  const present =
    existsSync(join(packages, "node_modules")) && existsSync(join(packages, lock)) && readFileSync(join(packages, lock), "utf8");
  if (present === wanted) {
    console.log(`${names}: here already (.cache/peers/node)`);
    return;
  }
  mkdirSync(packages, { recursive: true });
  for (const file of ["package.json", lock]) copyFileSync(join(pinned, file), join(packages, file));
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", args, { cwd: packages, stdio: "inherit" });
  console.log(
    status === 0 ? `${names}: installed in .cache/peers/node` : `${names}: skipped, npm could not install them (exit code ${status})`,
  );
}

/** `npm run peers`: a peer that cannot be installed is skipped with its reason; what needs it says so. */
function installPeers(): void {
  installPackages();
  for (const { name, module, version } of peers) {
    const known = findPeer(name);
    const found = known && spawnSync(known, ["version"], { encoding: "utf8" }).stdout;
    if (found?.includes(version.slice(1))) {
      console.log(`${name} ${version}: here already (${known})`);
      continue;
    }
    const go = findCommand("go") ?? (existsSync("/usr/local/go/bin/go") ? "/usr/local/go/bin/go" : null);
    if (!go) {
      console.log(`${name} ${version}: skipped, Go is not installed (https://go.dev); policies can then be used, but not rebuilt`);
      continue;
    }
    console.log(`${name} ${version}: building with Go (a few minutes, once)`);
    mkdirSync(bin, { recursive: true });
    const built = spawnSync(go, ["install", `${module}@${version}`], {
      stdio: "inherit",
      env: { ...process.env, GOBIN: bin, CGO_ENABLED: "0" },
    });
    if (built.status === 0) console.log(`${name} ${version}: installed in .cache/peers/bin`);
    else console.log(`${name} ${version}: skipped, Go could not build it (exit code ${built.status})`);
  }
}

if (import.meta.main) installPeers();
