/**
 * The demo: two tenants, so that isolation can be seen, a person for every role (the development identity provider has the same
 * subjects), and the example templates published in the first tenant: written by its editor, approved by its reviewer, published and
 * signed by the loops' own doors. So everything here is authorised, reviewed and audited like anything else. Safe to run at every
 * start: what is there stays as it is, and what was cut short goes on.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { systemActor, type UserActor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import type { Reviews } from "../domain/reviews/reviews.ts";
import { packDirectory } from "../domain/templates/archive.ts";
import type { Templates, TemplateView } from "../domain/templates/templates.ts";
import type { Tenants } from "../domain/tenants/tenants.ts";

export const EXAMPLES_DIR = path.resolve(import.meta.dirname, "../../../../examples");

type DemoTenant = {
  readonly slug: string;
  readonly name: string;
  readonly people: readonly { readonly role: string; readonly name: string }[];
  /** Directories of `examples/`, each published as its first version. */
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

export type DemoParts = { tenants: Tenants; reviews: Reviews; templates: Templates };

export async function seedDemo({ tenants, reviews, templates }: DemoParts): Promise<void> {
  const known = new Map((await tenants.list()).map((tenant) => [tenant.slug, tenant]));
  for (const { slug, name, people, examples } of TENANTS) {
    const tenant = known.get(slug) ?? (await tenants.create(systemActor("seed"), { slug, name }));
    const seed = systemActor("seed", tenant.id);
    const members = new Set((await tenants.listMembers(seed)).map((member) => member.email));
    for (const person of people) {
      const email = `${person.role}@${slug}.test`;
      if (!members.has(email))
        await tenants.addMember(seed, { subject: `${slug}-${person.role}`, email, name: person.name, roles: [person.role] });
    }
    const team = await tenants.listMembers(seed);
    const as = (role: string): UserActor => {
      const member = team.find(({ email }) => email === `${role}@${slug}.test`);
      if (!member) throw new Error(`the demo tenant ${slug} has no ${role}`);
      return { kind: "user", id: member.userId, name: member.name, tenantId: tenant.id, roles: member.roles };
    };
    for (const example of examples) await publishExample({ templates, reviews }, as, example);
  }
}

/** Draft, review, approval, version, signature: whatever of it is missing, by the people whose part it is. */
async function publishExample(
  { templates, reviews }: Pick<DemoParts, "templates" | "reviews">,
  as: (role: string) => UserActor,
  name: string,
): Promise<void> {
  const editor = as("editor");
  const { tenantId } = editor;
  const draftId = await findOrCreate(templates, editor, name);
  const versionId = draftId === null ? null : await publishDraft({ templates, reviews }, as, draftId);
  const unsigned = versionId ?? (await firstUnsigned(templates, editor, name));
  if (unsigned !== null) await templates.sign(systemActor("signer", tenantId), { versionId: unsigned });
}

async function publishDraft(
  { templates, reviews }: Pick<DemoParts, "templates" | "reviews">,
  as: (role: string) => UserActor,
  draftId: string,
): Promise<string> {
  const editor = as("editor");
  const { title, revision, digest, base, review } = await templates.drafts.get(editor, { draftId });
  const { reviewId } = review ?? (await templates.requestReview(editor, { draftId, expectedRevision: revision, title }));
  for (let approvers = ["reviewer", "admin"], state = review?.state ?? "open"; state === "open"; ) {
    const approver = approvers.shift();
    if (approver === undefined) throw new Error("the demo has too few people to approve its examples");
    const policyRevision = reviews.policyRevision("template");
    state = (await reviews.approve(as(approver), { reviewId, digest: digest ?? "", baseDigest: base?.digest ?? null, policyRevision })).state;
  }
  return (await templates.publish(systemActor("publisher", editor.tenantId), { reviewId })).versionId;
}

/**
 * The draft that is to become the first version; null when there is one already, or nothing but other people's texts. Also goes on from a
 * seed that was cut short. What anybody else wrote is not approved in people's names.
 */
async function findOrCreate(templates: Templates, editor: UserActor, name: string): Promise<string | null> {
  const template = await findTemplate(templates, editor, name);
  if (template !== null && template.versions.length > 0) return null;
  const source = await bringExample(templates, editor, name);
  if (template === null) return (await templates.create(editor, { source })).draftId;
  for (const { id: draftId } of template.drafts) {
    if ((await templates.drafts.get(editor, { draftId })).source === source) return draftId;
  }
  return null;
}

async function findTemplate(templates: Templates, editor: UserActor, name: string): Promise<TemplateView | null> {
  try {
    return await templates.get(editor, { name });
  } catch (error) {
    if (error instanceof Failure && error.kind === "missing") return null;
    throw error;
  }
}

/** The example's manifest, with its code in the registry: the code on disk, also when somebody is just working on the example. */
async function bringExample(templates: Templates, editor: UserActor, name: string): Promise<string> {
  const directory = path.join(EXAMPLES_DIR, name);
  const { digest } = await templates.archives.upload(editor, await packDirectory(directory));
  const manifest = await readFile(path.join(directory, "manifest.yaml"), "utf8");
  return manifest.replace(/(\barchive:\s*)sha256:[0-9a-f]{64}/, `$1${digest}`);
}

async function firstUnsigned(templates: Templates, editor: UserActor, name: string): Promise<string | null> {
  return (await templates.get(editor, { name })).versions.find(({ signed }) => !signed)?.id ?? null;
}
