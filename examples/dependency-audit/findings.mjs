/** What one wants to know of a list of installed packages. Pure functions; every list is bounded and says when it was cut. */
import { compareVersions, majorOf } from "./versions.mjs";

export const LISTED_MAX = 200;

/** @template T @param {readonly T[]} items */
export function listed(items) {
  return { total: items.length, items: items.slice(0, LISTED_MAX), cut: items.length > LISTED_MAX };
}

/** @param {readonly import("./lockfile.mjs").InstalledPackage[]} installed */
export function countPurposes(installed) {
  const counts = { production: 0, development: 0, optional: 0, developmentOrOptional: 0 };
  for (const { purpose } of installed) counts[purpose === "development or optional" ? "developmentOrOptional" : purpose] += 1;
  return counts;
}

/** Licences as written, most used first; packages whose licence the lockfile does not tell are counted apart, never guessed. */
export function countLicences(installed) {
  const byLicence = new Map();
  let unknown = 0;
  for (const { licence } of installed) {
    if (licence === null) unknown += 1;
    else byLicence.set(licence, (byLicence.get(licence) ?? 0) + 1);
  }
  const counts = [...byLicence]
    .map(([licence, count]) => ({ licence, count }))
    .sort((a, b) => b.count - a.count || (a.licence < b.licence ? -1 : 1));
  return { known: installed.length - unknown, unknown, counts: listed(counts) };
}

/** Names installed in more than one version, worst first, with where each version lies. */
export function findDuplicates(installed) {
  const byName = Map.groupBy(installed, ({ name }) => name);
  const duplicates = [];
  for (const [name, packages] of byName) {
    const byVersion = Map.groupBy(packages, ({ version }) => version);
    if (byVersion.size < 2) continue;
    const versions = [...byVersion]
      .map(([version, copies]) => ({
        version,
        paths: copies
          .map(({ path }) => path)
          .sort()
          .slice(0, 20),
      }))
      .sort((a, b) => compareVersions(a.version, b.version));
    duplicates.push({ name, versions, majors: new Set(versions.map(({ version }) => majorOf(version))).size });
  }
  return listed(duplicates.sort((a, b) => b.versions.length - a.versions.length || (a.name < b.name ? -1 : 1)));
}

/** How many names there are in one version, in two, and so on. */
export function spreadOfVersions(installed) {
  const byName = Map.groupBy(installed, ({ name }) => name);
  const names = new Map();
  for (const packages of byName.values()) {
    const versions = new Set(packages.map(({ version }) => version)).size;
    names.set(versions, (names.get(versions) ?? 0) + 1);
  }
  return [...names].map(([versions, count]) => ({ versions, names: count })).sort((a, b) => a.versions - b.versions);
}

/** Packages that run a script when they are installed; `known` is false when the lockfile does not record it. */
export function findInstallScripts(installed) {
  const known = installed.every(({ installScript }) => installScript !== null);
  const found = installed.filter(({ installScript }) => installScript === true).map(({ name, version, path }) => ({ name, version, path }));
  return { known, ...listed(found.sort((a, b) => (a.path < b.path ? -1 : 1))) };
}

/**
 * How far each package is from the project, by breadth-first search along its dependencies. A name is looked up as Node does:
 * in the package's own `node_modules`, then in those above it.
 */
export function measureDepth({ installed, local, links }) {
  const needs = new Map([...installed, ...local].map(({ path, needs: names }) => [path, names]));
  const depths = new Map(local.map(({ path }) => [path, 0]));
  let level = local.map(({ path }) => path);
  const packagesByDepth = [];
  let deepest = null;
  for (let depth = 1; level.length > 0; depth++) {
    const next = [];
    for (const path of level) {
      for (const name of needs.get(path) ?? []) {
        const found = resolve(path, name, needs, links);
        if (found === null || depths.has(found)) continue;
        depths.set(found, depth);
        next.push(found);
      }
    }
    if (next.length > 0) {
      packagesByDepth.push({ depth, packages: next.length });
      deepest = { depth, path: next.toSorted()[0] };
    }
    level = next;
  }
  return { packagesByDepth, deepest, unreached: installed.filter(({ path }) => !depths.has(path)).length };
}

function resolve(from, name, needs, links) {
  for (let base = from; ; base = parentOf(base)) {
    const candidate = base === "" ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (needs.has(candidate)) return candidate;
    const target = links.get(candidate);
    if (target !== undefined && needs.has(target)) return target;
    if (base === "") return null;
  }
}

/** The directory whose `node_modules` is asked next. */
function parentOf(path) {
  const at = path.lastIndexOf("node_modules/");
  if (at !== -1) return path.slice(0, Math.max(0, at - 1));
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "" : path.slice(0, slash);
}
