import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Entry = {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};
export type LockFile = { packages: Record<string, Entry> };

const CPUS: Record<string, string> = { "64": "x64", eabi: "arm", gnueabihf: "arm", musleabihf: "arm" };
const KNOWN_CPUS = ["arm64", "x64", "arm", "ia32", "riscv64", "s390x", "ppc64", "loong64"];
const SYSTEMS: Record<string, string> = { win: "win32", windows: "win32" };
const KNOWN_SYSTEMS = ["android", "darwin", "freebsd", "openharmony", "win32", "linux"];

/**
 * The platform packages (`@next/swc-darwin-arm64`) that the lock file names as optional dependencies but has no entry for. A registry
 * mirror that carries some platforms only makes npm write such a lock file, and `npm ci` then refuses it everywhere.
 */
export function missingPlatforms(lock: LockFile): { name: string; entry: Entry }[] {
  const missing = new Map<string, Entry>();
  for (const [path, parent] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
      if (isPresent(lock, path, name)) continue;
      const words = name.toLowerCase().split(/[-/_]/);
      const system = words.map((word) => SYSTEMS[word] ?? word).find((word) => KNOWN_SYSTEMS.includes(word));
      const cpu = words.map((word) => CPUS[word] ?? word).find((word) => KNOWN_CPUS.includes(word));
      missing.set(name, {
        version: range.replace(/^\^/, ""),
        optional: true,
        ...(parent.dev ? { dev: true } : {}),
        ...(words.includes("wasm32") ? { cpu: ["wasm32"] } : cpu ? { cpu: [cpu] } : {}),
        ...(system && !words.includes("wasm32") ? { os: [system] } : {}),
        ...(words.some((word) => word.startsWith("musl")) ? { libc: ["musl"] } : {}),
      });
    }
  }
  return [...missing].map(([name, entry]) => ({ name, entry }));
}

/** npm's own search: beside the parent, then upwards. */
function isPresent(lock: LockFile, path: string, name: string): boolean {
  for (let place = path; ; place = place.slice(0, Math.max(0, place.lastIndexOf("/node_modules/")))) {
    if (lock.packages[`${place ? `${place}/` : ""}node_modules/${name}`]) return true;
    if (place === "") return false;
    if (!place.includes("/node_modules/")) return lock.packages[`node_modules/${name}`] !== undefined;
  }
}

/** `node scripts/lock-file.ts` adds the missing entries to package-lock.json. */
function complete(file: string): void {
  const lock: LockFile = JSON.parse(readFileSync(file, "utf8"));
  const missing = missingPlatforms(lock);
  for (const { name, entry } of missing) lock.packages[`node_modules/${name}`] = entry;
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([one], [other]) => (one < other ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${missing.length} platform packages added to package-lock.json`);
}

if (import.meta.main) complete(join(import.meta.dirname, "../package-lock.json"));
