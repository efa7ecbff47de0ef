/**
 * A template in review, people to review it, and policies that a test may change. Imported by tests only.
 *
 *     await using t = await openReviewing();
 *     const { reviewId } = await t.inReview();
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { openTestKernel } from "../../seed/test-kernel.ts";
import { openTestTemplates } from "../../seed/test-templates.ts";
import { createReviewsView } from "../../views/reviews.ts";
import { systemActor, type UserActor } from "../actor.ts";
import { createDecisions, type Decisions, POLICIES_DIR } from "../decisions/decisions.ts";
import { packArchive } from "../templates/archive.ts";

export const CODE = packArchive([{ path: "index.mjs", bytes: Buffer.from("export default (input) => input;\n") }]);

const MANIFEST = `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: echo, title: Echo, description: Says it again., owner: team-one }
spec:
  driver: node
  code: { archive: "CODE", entry: default }
  input: { type: object, properties: { text: { type: string } }, additionalProperties: false }
  output: { type: object }
  limits: { timeout: 30s }
`;

/** Beside MANIFEST: asks for more than before, so two must approve. */
export const EGRESS = { "  limits:": "  sandbox: { network: { egress: [api.example.com] } }\n  limits:" };

export type Reviewing = Awaited<ReturnType<typeof openReviewing>>;

export async function openReviewing() {
  const kernel = await openTestKernel();
  const policies = await openPolicies();
  const factory = await openTestTemplates(kernel, { decisions: policies.decisions });
  const { templates, reviews, redis, clock } = factory;
  const editor = kernel.acme.as("editor");
  const { digest: code } = await templates.archives.upload(editor, CODE);
  const view = createReviewsView({ access: kernel.access, reviews, redis, clock });
  const publisher = systemActor("publisher", kernel.acme.id);

  const source = (changes: Record<string, string> = {}) =>
    Object.entries(changes).reduce((text, [from, to]) => text.replace(from, to), MANIFEST.replace("CODE", code));

  const inDraft = async (changes: Record<string, string>) => {
    const { draftId } = await templates.drafts.create(editor, { templateName: "echo" });
    await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: source(changes) });
    return { draftId };
  };

  const page = (number: number, reader: UserActor = kernel.acme.as("reviewer")) => view.get(reader, { number });

  return {
    ...kernel,
    ...factory,
    code,
    view,
    page,
    source,
    publisher,
    editor,
    reviewer: kernel.acme.as("reviewer"),
    admin: kernel.acme.as("admin"),
    /** Another member of the first tenant. */
    join: async (name: string, roles: string[]): Promise<UserActor> => {
      const member = { subject: name, email: `${name}@acme.test`, name, roles };
      const { userId } = await kernel.tenants.addMember(systemActor("seed", kernel.acme.id), member);
      return { kind: "user", id: userId, name, tenantId: kernel.acme.id, roles };
    },
    setRoles: async ({ name }: UserActor, subject: string, roles: string[]) => {
      await kernel.tenants.addMember(systemActor("seed", kernel.acme.id), { subject, email: `${subject}@acme.test`, name, roles });
    },
    /** From now on the other policies judge, as after a restart with new ones. */
    changePolicies: policies.change,
    /** A new template, and a review of its first draft. */
    inReview: async (changes: Record<string, string> = {}) => {
      const { draftId } = await templates.create(editor, { source: source(changes) });
      const opened = await templates.requestReview(editor, { draftId, expectedRevision: 1, title: "First" });
      return { ...opened, draftId };
    },
    /** A draft on the latest version, changed. */
    inDraft,
    /** The same, and its review. */
    inReviewAgain: async (changes: Record<string, string>) => {
      const { draftId } = await inDraft(changes);
      const opened = await templates.requestReview(editor, { draftId, expectedRevision: 2, title: "Next" });
      return { ...opened, draftId };
    },
    /** What somebody who looks at the page now would approve. */
    seen: async (number: number) => {
      const { id, head } = await page(number);
      return { reviewId: id, digest: head.digest ?? "", baseDigest: head.base?.digest ?? null, policyRevision: head.policyRevision };
    },
    /** On a connection of the tenant's own role, past every door. */
    sql: async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
      const client = new pg.Client({ connectionString: kernel.db.tenantUrl });
      await client.connect();
      try {
        await client.query("select set_config('app.tenant', $1, false)", [kernel.acme.id]);
        return await work(client);
      } finally {
        await client.end();
      }
    },
    topics: async () => {
      const { rows } = await kernel.fastDatabase.asSystem((tx) =>
        tx.query<{ topic: string; payload: Record<string, unknown> }>("select topic, payload from outbox_events order by id"),
      );
      return rows;
    },
    [Symbol.asyncDispose]: async () => {
      await factory[Symbol.asyncDispose]();
      await kernel[Symbol.asyncDispose]();
      await policies.close();
    },
  };
}

/** The product's policies; `change` rewrites their data and has the next judgement made by the result. */
async function openPolicies() {
  const directory = await mkdtemp(path.join(tmpdir(), "policies-"));
  await cp(POLICIES_DIR, directory, { recursive: true });
  let current = createDecisions({ directory });
  const decisions: Decisions = {
    decide: (policy, input) => current.decide(policy, input),
    revision: (policy) => current.revision(policy),
    record: (tx, decision) => current.record(tx, decision),
  };
  return {
    decisions,
    change: async (policy: "templates" | "reviews", rewrite: (data: never) => void) => {
      const file = path.join(directory, `${policy}.json`);
      const data = JSON.parse(await readFile(file, "utf8")) as Record<string, never>;
      rewrite(data[policy] as never);
      await writeFile(file, JSON.stringify(data));
      current = createDecisions({ directory });
    },
    close: () => rm(directory, { recursive: true }),
  };
}
