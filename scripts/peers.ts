import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findCommand } from "./machine.ts";

/** What our own engines are compared with, and built by. Pinned; installed once into .cache/peers. */
const peers = [{ name: "opa", module: "github.com/open-policy-agent/opa", version: "v1.22.2" }] as const;
const bin = join(import.meta.dirname, "../.cache/peers/bin");

/** Where a peer's program is: installed by us, on the PATH, or in Go's own directory; null when it is nowhere. */
export function findPeer(name: string): string | null {
  const go = join(process.env.GOPATH ?? join(homedir(), "go"), "bin", name);
  return [join(bin, name), go].find((file) => existsSync(file)) ?? findCommand(name);
}

/** `npm run peers`: a peer that cannot be installed is skipped with its reason; what needs it says so. */
function installPeers(): void {
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
