/**
 * The demo: two tenants, so that isolation can be seen, a person for every role (the development identity provider has the same
 * subjects), and the example templates published in the first tenant: written by its editor, approved by its reviewer, published and
 * signed by the loops' own doors; each is on the channel `production`, by a plan that was reviewed and signed too. So everything here is
 * authorised, reviewed and audited like anything else. Safe to run at every start: what is there stays as it is, and what was cut short
 * goes on.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { systemActor, type UserActor } from "../domain/actor.ts";
import type { Channels } from "../domain/channels/channels.ts";
import { Failure } from "../domain/failure.ts";
import type { Reviews } from "../domain/reviews/reviews.ts";
import { type Plans, readPlan } from "../domain/rollouts/plans.ts";
import type { Rollouts } from "../domain/rollouts/rollouts.ts";
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

/** Small enough for the traffic of a demo: a real plan asks for more samples and gives more time. */
export const DEMO_PLAN = `# How a version reaches the users of a channel: who is worse than the version before is taken back.
apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata: { name: standard, title: Standard }
spec:
  alpha: 0.01
  steps:
    - { weight: 10, minSamples: 5, deadline: 45s, onDeadline: proceed }
    - { weight: 50, minSamples: 20, deadline: 45s, onDeadline: proceed }
    - { weight: 100, deadline: 30s, onDeadline: proceed }
  metrics:
    - { name: failed, tolerance: 1.0, margin: 1.5, onBreach: rollback }
    - { name: slow, tolerance: 1.0, margin: 1.5, onBreach: pause }
    - { name: dear, tolerance: 1.0, margin: 1.5, onBreach: notify }
`;

/** Every example is asked for by this channel. */
const CHANNEL = "production";

export type DemoParts = {
  tenants: Tenants;
  reviews: Reviews;
  templates: Templates;
  plans: Plans;
  channels: Pick<Channels, "list" | "create">;
  rollouts: Pick<Rollouts, "start" | "promote">;
};

export async function seedDemo({ tenants, reviews, templates, plans, channels, rollouts }: DemoParts): Promise<void> {
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
    if (examples.length > 0) await publishPlan({ plans, reviews }, as);
    for (const example of examples) await openChannel({ templates, channels, rollouts }, as("operator"), example);
  }
}

/** Proposed by the operator, approved by the reviewer, published and signed by the loops' own doors: whatever of it is missing. */
async function publishPlan({ plans, reviews }: Pick<DemoParts, "plans" | "reviews">, as: (role: string) => UserActor): Promise<void> {
  const operator = as("operator");
  const { plan, digest } = readPlan(DEMO_PLAN);
  if (!plan) throw new Error("the demo's plan has errors");
  const signer = systemActor("signer", operator.tenantId);
  const known = (await plans.list(operator)).items.find(({ name }) => name === plan.name);
  if (known) {
    if (known.signature === "waiting") await plans.sign(signer, { planId: known.id });
    return;
  }
  const reviewId = await propose(plans, operator, plan);
  const approving = reviews.approve(as("reviewer"), { reviewId, digest, baseDigest: null, policyRevision: reviews.policyRevision("plan") });
  await approving.catch((error: unknown) => {
    // A seed that was cut short after the approval goes on from there.
    if (!(error instanceof Failure) || error.code !== "reviews.closed") throw error;
  });
  const published = await plans.publish(systemActor("publisher", operator.tenantId), { reviewId });
  if (published) await plans.sign(signer, published);
}

async function propose(plans: Plans, operator: UserActor, { name, title }: { name: string; title: string }): Promise<string> {
  try {
    return (await plans.propose(operator, { name, source: DEMO_PLAN, title })).reviewId;
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "plans.proposed") throw error;
    return String(error.details["reviewId"]);
  }
}

/** The channel, and its first version as the stable one. */
async function openChannel(
  { templates, channels, rollouts }: Pick<DemoParts, "templates" | "channels" | "rollouts">,
  operator: UserActor,
  templateName: string,
): Promise<void> {
  const { versions } = await templates.get(operator, { name: templateName });
  if (!versions.some(({ semver, state, signed }) => semver === "1.0.0" && state !== "revoked" && signed)) return;
  const find = async () => (await channels.list(operator, { templateName })).items.find(({ name }) => name === CHANNEL);
  if (!(await find())) await channels.create(operator, { templateName, name: CHANNEL, planName: "standard" });
  const channel = await find();
  if (!channel || channel.stable !== null) return;
  const { number } = channel.rollout ?? (await rollouts.start(operator, { templateName, channel: CHANNEL, semver: "1.0.0" }));
  await rollouts.promote(operator, { number, reason: "The first version of the demo" });
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
    state = (await reviews.approve(as(approver), { reviewId, digest: digest ?? "", baseDigest: base?.digest ?? null, policyRevision }))
      .state;
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
