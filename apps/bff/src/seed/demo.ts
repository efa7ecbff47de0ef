/**
 * The demo: two tenants, so that isolation can be seen, a person for every role (the development identity provider has the same
 * subjects), and the example templates published in the first tenant. Drives the domain's doors as `system:seed`, so everything
 * here is authorised and audited like anything else. Safe to run at every start: what is there stays as it is.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type SystemActor, systemActor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import { packDirectory } from "../domain/templates/archive.ts";
import type { Templates } from "../domain/templates/templates.ts";
import type { Tenants } from "../domain/tenants/tenants.ts";

export const EXAMPLES_DIR = path.resolve(import.meta.dirname, "../../../../examples");

type DemoTenant = {
  readonly slug: string;
  readonly name: string;
  readonly people: readonly { readonly role: string; readonly name: string }[];
  /** Directories of `examples/`, each published as 1.0.0. */
  readonly examples: readonly string[];
};

const TENANTS: readonly DemoTenant[] = [
  {
    slug: "acme",
    name: "Acme Finance",
    people: [
      { role: "editor", name: "Emma Laurent" },
      { role: "reviewer", name: "Rui Costa" },
      { role: "manager", name: "Mina Okafor" },
      { role: "operator", name: "Otto Berg" },
      { role: "admin", name: "Ada Novak" },
    ],
    examples: ["dependency-audit", "log-digest"],
  },
  { slug: "globex", name: "Globex Claims", people: [{ role: "editor", name: "Gil Moreau" }], examples: [] },
];

const FIRST_SEMVER = "1.0.0";

export async function seedDemo({ tenants, templates }: { tenants: Tenants; templates: Templates }): Promise<void> {
  const known = new Map((await tenants.list()).map((tenant) => [tenant.slug, tenant]));
  for (const { slug, name, people, examples } of TENANTS) {
    const tenant = known.get(slug) ?? (await tenants.create(systemActor("seed"), { slug, name }));
    const actor = systemActor("seed", tenant.id);
    const members = new Set((await tenants.listMembers(actor)).map((member) => member.email));
    for (const person of people) {
      const email = `${person.role}@${slug}.test`;
      if (!members.has(email))
        await tenants.addMember(actor, { subject: `${slug}-${person.role}`, email, name: person.name, roles: [person.role] });
    }
    for (const example of examples) await publishExample(templates, actor, example);
  }
}

async function publishExample(templates: Templates, actor: SystemActor, name: string): Promise<void> {
  const draft = await findOrCreate(templates, actor, name);
  if (draft) await templates.publish(actor, { draftId: draft.id, expectedRevision: draft.revision, semver: FIRST_SEMVER });
}

/** The draft that is to become 1.0.0, or null when the template has a version already. Also goes on from a seed that was cut short. */
async function findOrCreate(templates: Templates, actor: SystemActor, name: string): Promise<{ id: string; revision: number } | null> {
  try {
    const template = await templates.get(actor, { name });
    return template.versions.length > 0 ? null : (template.drafts.at(0) ?? null);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "missing") throw error;
    const directory = path.join(EXAMPLES_DIR, name);
    const { digest } = await templates.archives.upload(actor, await packDirectory(directory));
    const manifest = await readFile(path.join(directory, "manifest.yaml"), "utf8");
    // The code on disk is what is published, also when somebody is just working on the example.
    const source = manifest.replace(/(\barchive:\s*)sha256:[0-9a-f]{64}/, `$1${digest}`);
    const { draftId } = await templates.create(actor, { source });
    return { id: draftId, revision: 1 };
  }
}
