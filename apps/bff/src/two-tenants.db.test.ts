import { readFile } from "node:fs/promises";
import path from "node:path";
import { createLogger } from "@agent-factory/process/logger";
import pg from "pg";
import { expect, test } from "vitest";
import type { Context, Domain } from "./api/context.ts";
import { appRouter } from "./api/root.ts";
import { systemActor, type UserActor } from "./domain/actor.ts";
import { createFleet } from "./domain/fleet/fleet.ts";
import { openHostAuthority } from "./domain/fleet/host-authority.ts";
import { createNotices } from "./domain/notices/notices.ts";
import { createRuns } from "./domain/runs/runs.ts";
import { packDirectory } from "./domain/templates/archive.ts";
import { EXAMPLES_DIR } from "./seed/demo.ts";
import { openTestKernel, type TestTenant } from "./seed/test-kernel.ts";
import { openTestTemplates, publishReviewed } from "./seed/test-templates.ts";
import { createAuditView } from "./views/audit.ts";
import { createFleetView } from "./views/fleet.ts";
import { createNoticesView } from "./views/notices.ts";
import { createReviewsView } from "./views/reviews.ts";
import { createRunActivity } from "./views/run-activity.ts";
import { createRunWatch } from "./views/run-watch.ts";
import { createRunsView } from "./views/runs.ts";
import { createSigningView } from "./views/signing.ts";
import { createTemplatesView } from "./views/templates.ts";

async function openTwoTenants() {
  const kernel = await openTestKernel();
  const { access, audit, fastDatabase } = kernel;
  const factory = await openTestTemplates(kernel);
  const { dir, blobs, redis, clock, reviews, signing, templates } = factory;
  const authority = await openHostAuthority({ stateDir: path.join(dir, "state"), trustDomain: "test.local", clock });
  const fleet = createFleet({ access, audit, fastDatabase, authority, redis, clock, gatewayUrl: "https://localhost:1" });
  const runs = createRuns({ access, fastDatabase, blobs, redis, clock, templates, fleet });
  const notices = createNotices({ access, fastDatabase, redis, clock, logger: createLogger({ app: "test", level: "silent" }) });
  const runsView = createRunsView({ access, blobs, clock });
  const views = {
    audit: createAuditView({ access }),
    reviews: createReviewsView({ access, reviews, redis, clock }),
    templates: createTemplatesView({ access, templates }),
    fleet: createFleetView({ access, redis }),
    runs: runsView,
    watchRun: createRunWatch({ view: runsView, redis }),
    notices: createNoticesView({ access, redis }),
    signing: createSigningView({ access, signing, blobs }),
    runActivity: createRunActivity({ access, clock }),
  };
  const domain: Domain = { access, tenants: kernel.tenants, signing, reviews, templates, fleet, runs, notices, views };
  return {
    kernel,
    domain,
    contextOf: (tenant: TestTenant, actor: UserActor): Context => ({
      actor,
      traceId: "0".repeat(32),
      domain,
      session: { actor, user: { id: actor.id, name: actor.name, email: "" }, tenant, tenants: [{ slug: tenant.slug, name: tenant.name }] },
    }),
    [Symbol.asyncDispose]: async () => {
      await factory[Symbol.asyncDispose]();
      await kernel[Symbol.asyncDispose]();
    },
  };
}

type World = {
  templateName: string;
  draftId: string;
  digest: string;
  hostId: string;
  runId: string;
  templateId: string;
  source: string;
  noticeId: string;
  keyId: string;
  reviewId: string;
  reviewNumber: number;
  commentId: string;
  manifestDigest: string;
  policyRevision: string;
};

/** Something of every kind that belongs to the first tenant: a published template with a draft, code, a host, a token, a run. */
async function furnish({ kernel, domain }: Awaited<ReturnType<typeof openTwoTenants>>): Promise<World> {
  const editor = kernel.acme.as("editor");
  const directory = path.join(EXAMPLES_DIR, "dependency-audit");
  const { digest } = await domain.templates.archives.upload(editor, await packDirectory(directory));
  const manifest = await readFile(path.join(directory, "manifest.yaml"), "utf8");
  const source = manifest
    .replace(/(\barchive:\s*)sha256:[0-9a-f]{64}/, `$1${digest}`)
    .replace("title: Dependency audit", "title: Marker of the first tenant");
  const first = await domain.templates.create(editor, { source });
  const { templateId, name: templateName } = first;
  await publishReviewed(domain, kernel.acme, first.draftId);
  const { draftId } = await domain.templates.drafts.create(editor, { templateName });
  const next = source.replace("Marker of the first tenant", "Marker of the first tenant, again");
  const saved = await domain.templates.drafts.save(editor, { draftId, expectedRevision: 1, source: next });
  const review = await domain.templates.requestReview(editor, { draftId, expectedRevision: 2, title: "Marker of the first tenant" });
  const { commentId } = await domain.reviews.comment(editor, { reviewId: review.reviewId, body: "Marker of the first tenant" });
  await domain.fleet.createJoinToken(kernel.acme.as("operator"), { hostName: "acme-host", labels: {}, expiresInMinutes: 5 });
  const { rows } = await kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ id: string }>(
      "insert into hosts (tenant_id, serves, name, state, isolation, slots_total, slots_free, last_seen_at) values ($1, array[$1::uuid], 'acme-host', 'ready', 'proven', 4, 4, now()) returning id",
      [kernel.acme.id],
    ),
  );
  const { runId } = await domain.runs.try(editor, {
    draftId,
    expectedRevision: 2,
    input: JSON.stringify({ lockfileVersion: 3, packages: {} }),
  });
  const noticed = await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) =>
    tx.query<{ id: string }>(
      `insert into notices (tenant_id, user_id, key, kind, href, data) values ($1, $2, 'k', 'version.signed', '/templates/x', '{"templateName": "Acme"}') returning id`,
      [kernel.acme.id, kernel.acme.as("admin").id],
    ),
  );
  const { keyId } = await domain.signing.rotate(kernel.acme.as("admin"));
  await domain.signing.sequenceAudit(systemActor("audit-sequencer"));
  return {
    templateName,
    draftId,
    digest,
    hostId: rows[0]?.id ?? "",
    runId,
    templateId,
    source,
    noticeId: noticed.rows[0]?.id ?? "",
    keyId,
    reviewId: review.reviewId,
    reviewNumber: review.number,
    commentId,
    manifestDigest: saved.digest ?? "",
    policyRevision: domain.reviews.policyRevision("template"),
  };
}

function deciding({ reviewId, manifestDigest: digest, policyRevision }: World) {
  return { reviewId, digest, policyRevision };
}

type Drive = { input?: (world: World) => unknown; refused?: string | RegExp };

/**
 * How every procedure is driven by the other tenant, with the first one's names and ids. `refused`: the code it must answer.
 * Without it the answer must hold nothing of the first tenant. A procedure that is missing here fails the test.
 */
const DRIVES: Record<string, Drive> = {
  "session.me": {},
  "members.list": {},
  "audit.list": { input: ({ draftId }) => ({ resourceId: draftId }) },
  "templates.list": { input: () => ({}) },
  "templates.get": { input: ({ templateName: name }) => ({ name }), refused: "templates.missing" },
  "templates.getVersion": { input: ({ templateName: name }) => ({ name, semver: "1.0.0" }), refused: /^templates\./ },
  "templates.starter": {},
  "templates.resolve": { input: ({ templateName: name }) => ({ name, range: "latest" }), refused: "templates.missing" },
  "templates.revocation": { input: ({ templateName: name }) => ({ name, semver: "1.0.0" }), refused: "templates.version-missing" },
  "templates.deprecate": {
    input: ({ templateName: name }) => ({ name, semver: "1.0.0", reason: "because" }),
    refused: "templates.version-missing",
  },
  "templates.undeprecate": { input: ({ templateName: name }) => ({ name, semver: "1.0.0" }), refused: "templates.version-missing" },
  "templates.revoke": {
    input: ({ templateName: name }) => ({ name, semver: "1.0.0", reason: "because" }),
    refused: "templates.version-missing",
  },
  "templates.create": { input: () => ({ source: STARTER }) },
  "drafts.create": { input: ({ templateName }) => ({ templateName }), refused: "templates.missing" },
  "drafts.list": { input: () => ({}) },
  "drafts.get": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "drafts.save": { input: ({ draftId }) => ({ draftId, expectedRevision: 1, source: "stolen" }), refused: "drafts.missing" },
  "drafts.discard": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "drafts.restore": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "drafts.rebase": { input: ({ draftId }) => ({ draftId, expectedRevision: 1 }), refused: "drafts.missing" },
  "reviews.request": {
    input: ({ draftId }) => ({ draftId, expectedRevision: 1, title: "Mine" }),
    refused: "drafts.missing",
  },
  "reviews.list": { input: () => ({ filter: "open" }) },
  "reviews.get": { input: ({ reviewNumber: number }) => ({ number }), refused: "reviews.missing" },
  "reviews.revision": { input: ({ reviewNumber: number }) => ({ number, revision: 1 }), refused: "reviews.missing" },
  "reviews.comment": { input: ({ reviewId }) => ({ reviewId, body: "Hello" }), refused: "reviews.missing" },
  "reviews.resolve": { input: ({ commentId }) => ({ commentId, resolved: true }), refused: "reviews.comment-missing" },
  "reviews.approve": { input: deciding, refused: "reviews.missing" },
  "reviews.reject": { input: (world) => ({ ...deciding(world), note: "no" }), refused: "reviews.missing" },
  "reviews.withdraw": { input: ({ reviewId }) => ({ reviewId }), refused: "reviews.missing" },
  "reviews.watch": { input: ({ reviewNumber: number }) => ({ number }), refused: "reviews.missing" },
  "drafts.compare": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "drafts.watch": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "archives.get": { input: ({ digest }) => ({ digest }), refused: "archives.missing" },
  "archives.readFile": { input: ({ digest }) => ({ digest, path: "index.mjs" }), refused: "archives.missing" },
  "runs.try": { input: ({ draftId }) => ({ draftId, expectedRevision: 1, input: "{}" }), refused: "drafts.missing" },
  "runs.submit": { input: ({ templateName }) => ({ templateName, input: "{}" }), refused: /^templates\./ },
  "runs.get": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "runs.list": { input: ({ templateName }) => ({ templateName }) },
  "runs.activity": { input: ({ templateName }) => ({ span: "day", templateName }) },
  "runs.cancel": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "runs.explain": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "runs.readOutput": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "runs.watch": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "fleet.list": {},
  "fleet.createJoinToken": { input: () => ({ hostName: "mine", labels: {}, expiresInMinutes: 5 }) },
  "fleet.cordon": { input: ({ hostId }) => ({ hostId, reason: "because" }), refused: "fleet.host-missing" },
  "fleet.uncordon": { input: ({ hostId }) => ({ hostId }), refused: "fleet.host-missing" },
  "fleet.drain": { input: ({ hostId }) => ({ hostId, reason: "because" }), refused: "fleet.host-missing" },
  "fleet.revoke": { input: ({ hostId }) => ({ hostId }), refused: "fleet.host-missing" },
  "fleet.watch": {},
  "notices.list": { input: () => ({}) },
  "notices.unread": {},
  "notices.markRead": { input: ({ noticeId }) => ({ ids: [noticeId] }) },
  "notices.watch": {},
  "signing.proof": { input: ({ templateName: name }) => ({ name, semver: "1.0.0" }), refused: "templates.version-missing" },
  "signing.keys": {},
  "signing.rotate": {},
  "signing.distrustImpact": { input: ({ keyId }) => ({ keyId, from: "2026-01-01T00:00:00Z" }), refused: "signing.key-missing" },
  "signing.distrust": {
    input: ({ keyId }) => ({ keyId, from: "2026-01-01T00:00:00Z", reason: "because" }),
    refused: "signing.key-missing",
  },
  "signing.log": { input: () => ({}) },
  "signing.logEntry": { input: () => ({ index: 0 }) },
  "signing.consistency": { input: () => ({ first: 1 }) },
  "signing.verifyTrail": { input: () => ({}) },
};

const STARTER = `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: of-the-second, title: Of the second tenant, owner: team-b }
spec:
  driver: node
  code: { archive: "sha256:${"0".repeat(64)}", entry: default }
  input: { type: object }
  output: { type: object }
  limits: { timeout: 30s }
`;

/** Everything that a table holds for a tenant, as one text: equal before and after means untouched. */
async function contentsOf(ownerUrl: string, tenantId: string): Promise<string> {
  const url = new URL(process.env["TEST_POSTGRES_ADMIN_URL"] ?? "");
  url.pathname = new URL(ownerUrl).pathname;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id' order by 1",
    );
    const texts: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t where tenant_id = $1 order by 1`, [
        tenantId,
      ]);
      texts.push(`${name}: ${rows.map(({ row }) => row).join("\n")}`);
    }
    return texts.join("\n");
  } finally {
    await client.end();
  }
}

type Outcome = { refused: string } | { answered: string };

async function drive(context: Context, procedurePath: string, input: unknown): Promise<Outcome> {
  const [noun = "", verb = ""] = procedurePath.split(".");
  const signal = AbortSignal.timeout(300);
  const caller = appRouter.createCaller(context, { signal }) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >;
  try {
    const answer = await caller[noun]?.[verb]?.(input);
    const isStream = typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer;
    if (!isStream) return { answered: JSON.stringify(answer) ?? "" };
    const events: unknown[] = [];
    for await (const event of answer as AsyncIterable<unknown>) events.push(event);
    return { answered: JSON.stringify(events) };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = (cause ?? error) as { code?: unknown };
    return { refused: String(code.code ?? error) };
  }
}

test("driven through every procedure with the first tenant's names and ids, the second learns nothing and changes nothing there", async () => {
  await using t = await openTwoTenants();
  const world = await furnish(t);
  const { acme, globex } = t.kernel;
  const traces = [
    acme.id,
    world.draftId,
    world.runId,
    world.hostId,
    world.reviewId,
    world.commentId,
    world.templateId,
    world.digest,
    "Marker of the first tenant",
    "Acme",
    "acme",
  ];
  const procedures = Object.keys(appRouter._def.procedures).toSorted();
  expect(Object.keys(DRIVES).toSorted(), "every procedure is driven here").toEqual(procedures);

  const before = await contentsOf(t.kernel.db.ownerUrl, acme.id);
  const wrong: string[] = [];
  for (const procedurePath of procedures) {
    const { input, refused } = DRIVES[procedurePath] ?? {};
    const outcome = await drive(t.contextOf(globex, globex.as("admin")), procedurePath, input?.(world));
    if ("refused" in outcome) {
      const expected = refused !== undefined && (typeof refused === "string" ? outcome.refused === refused : refused.test(outcome.refused));
      if (!expected) wrong.push(`${procedurePath} was refused with ${outcome.refused}`);
    } else {
      if (refused !== undefined) wrong.push(`${procedurePath} was answered: ${outcome.answered.slice(0, 200)}`);
      const leak = traces.find((trace) => outcome.answered.includes(trace));
      if (leak) wrong.push(`${procedurePath} shows ${leak}: ${outcome.answered.slice(0, 400)}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(await contentsOf(t.kernel.db.ownerUrl, acme.id)).toBe(before);

  // The same drive by the first tenant finds what the second did not: the refusals above mean isolation, not absence.
  const owner = t.contextOf(acme, acme.as("admin"));
  const refusedToOwner: string[] = [];
  for (const procedurePath of [
    "templates.get",
    "templates.getVersion",
    "templates.resolve",
    "templates.revocation",
    "templates.deprecate",
    "templates.undeprecate",
    "templates.revoke",
    "drafts.get",
    "reviews.get",
    "reviews.revision",
    "reviews.comment",
    "reviews.resolve",
    "reviews.withdraw",
    "drafts.compare",
    "archives.get",
    "runs.get",
    "runs.explain",
    "runs.cancel",
    "fleet.cordon",
  ]) {
    const outcome = await drive(owner, procedurePath, DRIVES[procedurePath]?.input?.(world));
    if ("refused" in outcome) refusedToOwner.push(`${procedurePath}: ${outcome.refused}`);
  }
  expect(refusedToOwner).toEqual([]);
});
