/**
 * An npm lockfile, whatever its version, as one flat list of installed packages.
 *
 * Version 3 (npm 7 and newer) and version 2 say where each package lies in `packages`, keyed by path; version 1 (npm 5 and 6)
 * nests `dependencies`. Version 1 records neither licences nor install scripts: those are null, which means unknown.
 *
 * @typedef {object} InstalledPackage
 * @property {string} path            where it lies, such as `node_modules/a/node_modules/b`
 * @property {string} name            its own name, also when it is installed under an alias
 * @property {string} version
 * @property {string | null} licence  as the package says; null when the lockfile does not tell
 * @property {boolean | null} installScript  whether it runs a script at installation; null when the lockfile does not tell
 * @property {"production" | "development" | "optional" | "development or optional"} purpose
 * @property {readonly string[]} needs  names it depends on
 *
 * @typedef {object} Lockfile
 * @property {number} version
 * @property {string | null} project
 * @property {readonly InstalledPackage[]} installed
 * @property {readonly { path: string, needs: readonly string[] }[]} local  the project itself and its workspaces
 * @property {ReadonlyMap<string, string>} links  path of a link to the path it leads to
 */

const NESTED = "node_modules/";

/** @param {unknown} input @returns {Lockfile} */
export function readLockfile(input) {
  if (!isRecord(input)) throw new TypeError("This is not an npm lockfile: expected the object that package-lock.json holds.");
  const version = input.lockfileVersion;
  if (isRecord(input.packages) && (version === 2 || version === 3)) return readPackages(input, version);
  if (version === 1) return readNested(input);
  if (version === undefined)
    throw new TypeError(
      "This is not an npm lockfile: it has no lockfileVersion. Pass the content of package-lock.json, not of package.json.",
    );
  if (version === 2 || version === 3) throw new TypeError(`This lockfile says version ${version} but has no packages: it is damaged.`);
  throw new TypeError(`Lockfile version ${JSON.stringify(version)} is not known here; versions 1, 2 and 3 are.`);
}

function readPackages(input, version) {
  const installed = [];
  const local = [];
  const links = new Map();
  for (const [path, entry] of Object.entries(input.packages)) {
    if (!isRecord(entry)) throw new TypeError(`The lockfile is damaged: packages[${JSON.stringify(path)}] is not an object.`);
    if (entry.link === true) {
      links.set(path, String(entry.resolved ?? ""));
      continue;
    }
    const at = path.lastIndexOf(NESTED);
    if (at === -1) {
      // The project and its workspaces are ours; their development dependencies are installed too.
      local.push({ path, needs: namesOf(entry, ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]) });
      continue;
    }
    installed.push({
      path,
      name: typeof entry.name === "string" ? entry.name : path.slice(at + NESTED.length),
      version: String(entry.version ?? "unknown"),
      licence: licenceOf(entry.license),
      installScript: entry.hasInstallScript === true,
      purpose: purposeOf(entry),
      needs: namesOf(entry, ["dependencies", "optionalDependencies", "peerDependencies"]),
    });
  }
  return { version, project: typeof input.name === "string" ? input.name : null, installed, local, links };
}

function readNested(input) {
  const installed = [];
  const pending = [{ prefix: "", dependencies: input.dependencies }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.dependencies === undefined) continue;
    if (!isRecord(next.dependencies)) throw new TypeError("The lockfile is damaged: dependencies is not an object.");
    for (const [name, entry] of Object.entries(next.dependencies)) {
      if (!isRecord(entry)) throw new TypeError(`The lockfile is damaged: ${name} is not an object.`);
      const path = `${next.prefix}${NESTED}${name}`;
      // An alias is written `npm:real-name@1.2.3`.
      const alias = /^npm:(@?[^@]+)@(.+)$/.exec(String(entry.version ?? ""));
      installed.push({
        path,
        name: alias?.[1] ?? name,
        version: alias?.[2] ?? String(entry.version ?? "unknown"),
        licence: null,
        installScript: null,
        purpose: purposeOf(entry),
        needs: isRecord(entry.requires) ? Object.keys(entry.requires) : [],
      });
      pending.push({ prefix: `${path}/`, dependencies: entry.dependencies });
    }
  }
  // Version 1 does not say what the project itself asks for: all that lies at the top may be.
  const top = isRecord(input.dependencies) ? Object.keys(input.dependencies) : [];
  return {
    version: 1,
    project: typeof input.name === "string" ? input.name : null,
    installed,
    local: [{ path: "", needs: top }],
    links: new Map(),
  };
}

function purposeOf(entry) {
  if (entry.devOptional === true || (entry.dev === true && entry.optional === true)) return "development or optional";
  if (entry.dev === true) return "development";
  return entry.optional === true ? "optional" : "production";
}

/** Old packages wrote `{ type: "MIT" }` or a list of such. */
function licenceOf(value) {
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  if (isRecord(value)) return licenceOf(value.type);
  if (Array.isArray(value)) {
    const known = value.map(licenceOf).filter((licence) => licence !== null);
    return known.length > 0 ? known.join(" OR ") : null;
  }
  return null;
}

function namesOf(entry, fields) {
  return [...new Set(fields.flatMap((field) => (isRecord(entry[field]) ? Object.keys(entry[field]) : [])))];
}

function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
