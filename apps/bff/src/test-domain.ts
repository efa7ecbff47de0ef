/**
 * The whole domain on a database of its own, as main.ts puts it together, without loops and gateway: what tests of the edge drive.
 * Imported by tests only.
 *
 *     await using t = await openTestDomain();
 *     const world = await furnish(t);
 *     await drive(t.contextOf(t.kernel.acme, t.kernel.acme.as("admin")), "templates.get", { name: world.templateName });
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createLogger } from "@agent-factory/process/logger";
import type { Context, Domain } from "./api/context.ts";
import { appRouter } from "./api/root.ts";
import { systemActor, type UserActor } from "./domain/actor.ts";
import { createChannels } from "./domain/channels/channels.ts";
import { createFleet } from "./domain/fleet/fleet.ts";
import { openHostAuthority } from "./domain/fleet/host-authority.ts";
import { createNotices } from "./domain/notices/notices.ts";
import { createQuotas } from "./domain/quotas/quotas.ts";
import { createRequests } from "./domain/requests/requests.ts";
import { readPlan } from "./domain/rollouts/plan.ts";
import { createPlans } from "./domain/rollouts/plans.ts";
import { createRollouts } from "./domain/rollouts/rollouts.ts";
import { createRuns } from "./domain/runs/runs.ts";
import { packDirectory } from "./domain/templates/archive.ts";
import { createTokens } from "./domain/tokens/tokens.ts";
import { createUsage } from "./domain/usage/usage.ts";
import { createRateLimit } from "./platform/rate-limit.ts";
import { EXAMPLES_DIR } from "./seed/demo.ts";
import { openTestKernel, type TestTenant } from "./seed/test-kernel.ts";
import { approveBy, openTestTemplates, publishReviewed } from "./seed/test-templates.ts";
import { createAuditView } from "./views/audit.ts";
import { createFleetView } from "./views/fleet.ts";
import { createNoticesView } from "./views/notices.ts";
import { createReviewsView } from "./views/reviews.ts";
import { createRolloutsView } from "./views/rollouts.ts";
import { createRunActivity } from "./views/run-activity.ts";
import { createRunWatch } from "./views/run-watch.ts";
import { createRunsView } from "./views/runs.ts";
import { createSigningView } from "./views/signing.ts";
import { createTemplatesView } from "./views/templates.ts";
import { createUsageView } from "./views/usage.ts";

export type TestDomain = Awaited<ReturnType<typeof openTestDomain>>;

export async function openTestDomain() {
  const kernel = await openTestKernel();
  const { access, audit, fastDatabase } = kernel;
  const factory = await openTestTemplates(kernel);
  const { dir, blobs, redis, clock, reviews, signing, templates } = factory;
  const silent = createLogger({ app: "test", level: "silent" });
  const authority = await openHostAuthority({ stateDir: path.join(dir, "state"), trustDomain: "test.local", clock });
  const fleet = createFleet({ access, audit, fastDatabase, authority, redis, clock, gatewayUrl: "https://localhost:1" });
  const quotas = createQuotas({ access, clock });
  const channels = createChannels({ access, redis, clock });
  const runs = createRuns({ access, fastDatabase, blobs, redis, clock, templates, channels, quotas, fleet });
  const usage = createUsage({ access, quotas, fastDatabase, clock, logger: silent });
  const plans = createPlans({ access, reviews, signing });
  const rollouts = createRollouts({ access, audit, fastDatabase, channels, runs, counts: usage.counts, redis, clock });
  const notices = createNotices({ access, fastDatabase, redis, clock, logger: silent });
  const runsView = createRunsView({ access, blobs, clock });
  const views = {
    rollouts: createRolloutsView({ access, redis }),
    audit: createAuditView({ access }),
    reviews: createReviewsView({ access, reviews, redis, clock }),
    templates: createTemplatesView({ access, templates }),
    fleet: createFleetView({ access, redis }),
    runs: runsView,
    watchRun: createRunWatch({ view: runsView, redis }),
    notices: createNoticesView({ access, redis }),
    signing: createSigningView({ access, signing, blobs }),
    runActivity: createRunActivity({ access, clock }),
    usage: createUsageView({ access, clock }),
  };
  const tokens = createTokens({ access, fastDatabase, redis, clock });
  const rate = { limit: 60, windowSeconds: 3_600, burst: 60 };
  const requests = createRequests({ fastDatabase, clock, rateLimit: createRateLimit({ redis, logger: silent }), rate });
  const domain: Domain = {
    access,
    tokens,
    requests,
    tenants: kernel.tenants,
    signing,
    reviews,
    templates,
    fleet,
    channels,
    quotas,
    runs,
    usage,
    plans,
    rollouts,
    notices,
    views,
  };
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

export type World = {
  templateName: string;
  draftId: string;
  digest: string;
  hostId: string;
  runId: string;
  templateId: string;
  source: string;
  noticeId: string;
  holdId: string;
  rolloutNumber: number;
  budgetId: string;
  keyId: string;
  tokenId: string;
  reviewId: string;
  reviewNumber: number;
  commentId: string;
  manifestDigest: string;
  baseDigest: string;
  policyRevision: string;
};

/** Something of every kind that belongs to the first tenant: a published template with a draft, code, a host, a token, a run. */
export async function furnish({ kernel, domain }: Pick<TestDomain, "kernel" | "domain">): Promise<World> {
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
  const { base } = await domain.templates.drafts.get(editor, { draftId });
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
  await domain.channels.create(kernel.acme.as("operator"), { templateName, name: "production", planName: "standard" });
  const plan = `apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata: { name: standard, title: Marker of the first tenant }
spec:
  steps: [{ weight: 10, deadline: 1h }, { weight: 100, deadline: 1h }]
  metrics: [{ name: failed, onBreach: rollback }]
`;
  const proposed = await domain.plans.propose(kernel.acme.as("operator"), {
    name: "standard",
    source: plan,
    title: "Marker of the first tenant",
  });
  await approveBy(
    domain.reviews,
    { reviewId: proposed.reviewId, digest: readPlan(plan).digest ?? "", baseDigest: null },
    [kernel.acme.as("reviewer")],
    "plan",
  );
  const planned = await domain.plans.publish(systemActor("publisher", kernel.acme.id), { reviewId: proposed.reviewId });
  await domain.plans.sign(systemActor("signer", kernel.acme.id), { planId: planned?.planId ?? "" });
  const { number: rolloutNumber } = await domain.rollouts.start(kernel.acme.as("operator"), {
    templateName,
    channel: "production",
    semver: "1.0.0",
  });
  // Of another template than the one that is run here: it would refuse those runs.
  const { holdId } = await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) =>
    domain.quotas.hold(tx, {
      tenantId: kernel.acme.id,
      templateId: "00000000-0000-7000-8000-000000000000",
      source: "test",
      reason: "Marker of the first tenant",
    }),
  );
  const { keyId } = await domain.signing.rotate(kernel.acme.as("admin"));
  const { tokenId } = await domain.tokens.create(kernel.acme.as("admin"), { name: "acme-ci", roles: ["ci"], expiresInDays: 1 });
  const { budgetId } = await domain.usage.setBudget(kernel.acme.as("manager"), {
    templateName,
    amountMicros: 1_000_000,
    warnPercents: [80],
    stopPercent: null,
  });
  await domain.signing.sequenceAudit(systemActor("audit-sequencer"));
  return {
    templateName,
    draftId,
    digest,
    hostId: rows[0]?.id ?? "",
    runId,
    templateId,
    source,
    holdId,
    rolloutNumber,
    budgetId,
    noticeId: noticed.rows[0]?.id ?? "",
    keyId,
    tokenId,
    reviewId: review.reviewId,
    reviewNumber: review.number,
    commentId,
    manifestDigest: saved.digest ?? "",
    baseDigest: base?.digest ?? "",
    policyRevision: domain.reviews.policyRevision("template"),
  };
}

export type Outcome = { refused: string } | { answered: string };

/** Calls a procedure past the transport; a stream is followed for a moment. */
export async function drive(context: Context, procedurePath: string, input: unknown): Promise<Outcome> {
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
