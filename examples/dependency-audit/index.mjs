/**
 * Reads an npm lockfile and says what is in it: how many packages and for what, under which licences, which are there twice,
 * which run a script when they are installed, and how deep the tree goes. Asks nothing of the network.
 */
import { countLicences, countPurposes, findDuplicates, findInstallScripts, measureDepth, spreadOfVersions } from "./findings.mjs";
import { readLockfile } from "./lockfile.mjs";

/**
 * @param {unknown} input the content of a package-lock.json
 * @param {{ log(text: string): void, emit(partial: unknown): void, signal: AbortSignal }} context
 */
export default async function auditDependencies(input, { log, emit, signal }) {
  const lockfile = readLockfile(input);
  const { installed, version, project } = lockfile;
  log(`Lockfile version ${version}${project === null ? "" : ` of ${project}`}: ${installed.length} packages`);

  const report = {
    lockfileVersion: version,
    project,
    packages: { total: installed.length, names: new Set(installed.map(({ name }) => name)).size, ...countPurposes(installed) },
  };
  const steps = {
    licences: () => countLicences(installed),
    duplicates: () => findDuplicates(installed),
    versionSpread: () => spreadOfVersions(installed),
    installScripts: () => findInstallScripts(installed),
    depth: () => measureDepth(lockfile),
  };
  const of = Object.keys(steps).length;
  let done = 0;
  // How far it is, not what it found: a partial result is small (8 KiB at most), the report of a large project is not.
  emit({ done, of, packages: installed.length });
  for (const [step, find] of Object.entries(steps)) {
    signal.throwIfAborted();
    report[step] = find();
    log(sentences[step](report[step]));
    done += 1;
    emit({ done, of, step });
  }
  return report;
}

const sentences = {
  licences: ({ known, unknown }) => `Licences: ${known} known, ${unknown} unknown`,
  duplicates: ({ total }) => `Duplicates: ${total} names in more than one version`,
  versionSpread: (spread) => `Version spread: at most ${spread.at(-1)?.versions ?? 0} versions of one name`,
  installScripts: ({ known, total }) =>
    known ? `Install scripts: ${total} packages` : "Install scripts: this lockfile does not record them",
  depth: ({ deepest }) => `Depth: ${deepest?.depth ?? 0} levels`,
};
