import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Trust, verifyBundle } from "@agent-factory/gate";
import { isManifest } from "@agent-factory/gate/artefact";
import { readDocument } from "@agent-factory/manifest/document";

/**
 * Whether a version may run, by its files alone: no registry, no network.
 *
 *     npm run -s verify-bundle -- NAME-1.0.0.bundle.json NAME-1.0.0.yaml NAME-1.0.0.trust.json
 *
 * The files are those of a version's proof page. Says every check and ends with 0 when all held, 1 when one did not, 2 when the
 * files could not be read.
 */
type Trusted = {
  readonly tenant: { readonly id: string };
  readonly subject: { readonly name: string; readonly digest: string };
  readonly predicateType: string;
  readonly trust: Trust;
};

async function verify(bundleFile: string, manifestFile: string, trustFile: string): Promise<boolean> {
  const bundle: unknown = JSON.parse(readFileSync(bundleFile, "utf8"));
  const { tenant, subject, predicateType, trust } = JSON.parse(readFileSync(trustFile, "utf8")) as Trusted;
  const same = isManifest(readDocument(readFileSync(manifestFile, "utf8")).data, subject.digest);
  const verdict = await verifyBundle(bundle, { tenantId: tenant.id, predicateType, subject, now: new Date() }, trust);
  say(same, "manifest", { digest: subject.digest });
  for (const { check, held, facts } of verdict.steps) say(held, check, facts);
  const allowed = same && verdict.allowed;
  console.log(`\n${subject.name} ${allowed ? "may run" : `may not run: ${same ? verdict.refusedBy : "manifest"}`}`);
  return allowed;
}

function say(held: boolean, check: string, facts: Readonly<Record<string, string | number>>): void {
  const words = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  console.log(`${held ? "held   " : "refused"}  ${check.padEnd(22)} ${words.join(", ")}`);
}

// npm runs its commands in the project's root; the files are named from where it was called.
const { npm_lifecycle_event: command, INIT_CWD: calledFrom = "." } = process.env;
const place = command === "verify-bundle" ? calledFrom : ".";
const [bundleFile, manifestFile, trustFile] = process.argv.slice(2).map((file) => resolve(place, file));
if (bundleFile === undefined || manifestFile === undefined || trustFile === undefined) {
  console.error("Usage: npm run -s verify-bundle -- BUNDLE.json MANIFEST.yaml TRUST.json");
  process.exitCode = 2;
} else {
  try {
    process.exitCode = (await verify(bundleFile, manifestFile, trustFile)) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
