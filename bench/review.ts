/**
 * What a reviewer waits for on the server: the whole page of a review, as it is sent, against the same rows read bare.
 *
 * `content-ms`: `reviews.get` through the door that the router calls (authorised, in the tenant's transaction under row-level security),
 * to the JSON text of its answer; a manifest of 200 KB and 3,000 values beside its base, 300 comments in 100 threads, two decisions. The
 * peer reads the same rows with prepared statements on one connection and makes JSON of them. In turns, median.
 */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { createLogger } from "@agent-factory/process/logger";
import { startRedis } from "@agent-factory/testkit/redis";
import pg from "pg";
import { createAccess } from "../apps/bff/src/domain/access/access.ts";
import { systemActor, type UserActor } from "../apps/bff/src/domain/actor.ts";
import { createAudit } from "../apps/bff/src/domain/audit/audit.ts";
import { createDecisions } from "../apps/bff/src/domain/decisions/decisions.ts";
import { createReviews } from "../apps/bff/src/domain/reviews/reviews.ts";
import { packArchive } from "../apps/bff/src/domain/templates/archive.ts";
import { createTemplateSubject } from "../apps/bff/src/domain/templates/subject.ts";
import { createTemplates } from "../apps/bff/src/domain/templates/templates.ts";
import { createTenants } from "../apps/bff/src/domain/tenants/tenants.ts";
import { openBlobs } from "../apps/bff/src/platform/blobs.ts";
import { systemClock } from "../apps/bff/src/platform/clock.ts";
import { openDatabase } from "../apps/bff/src/platform/database.ts";
import { openFastDatabase } from "../apps/bff/src/platform/fast-database.ts";
import { openRedis } from "../apps/bff/src/platform/redis.ts";
import { createReviewsView, type ReviewsView } from "../apps/bff/src/views/reviews.ts";
import type { Bench, Row } from "../scripts/bench.ts";
import { median } from "./figures.ts";
import { BASE, CHANGED, largeManifest, REPLIES, SOURCE_BYTES, THREADS, threadOf } from "./large-review.ts";
import { onLedger } from "./ledger.ts";

const WARM_UPS = 30;
const ROUNDS = 200;

type Opened = {
  readonly view: ReviewsView;
  readonly reader: UserActor;
  readonly number: number;
  readonly reviewId: string;
  readonly tenantUrl: string;
  close(): Promise<void>;
};

function open(): Promise<Opened> {
  return onLedger("review", async ({ dir, opened, url }) => {
    const state = mkdtempSync(join(dir, "state-"));
    const redisServer = await startRedis({ dataDir: join(dir, "redis") });
    opened(redisServer.stop);
    const urls = { tenantUrl: url("af_tenant"), systemUrl: url("af_system") };
    const logger = createLogger({ app: "bench", level: "silent" });
    const [database, fastDatabase, redis, clock] = [
      openDatabase(urls),
      openFastDatabase(urls),
      openRedis(redisServer.url(), logger),
      systemClock,
    ];
    opened(database.close);
    opened(fastDatabase.close);
    opened(redis.close);
    const decisions = createDecisions();
    const access = createAccess({ database, fastDatabase, decisions, audit: createAudit(), logger });
    const blobs = openBlobs({ dir: join(state, "blobs"), fastDatabase });
    const kinds = { template: createTemplateSubject({ decisions, blobs }) };
    const reviews = createReviews({ access, decisions, redis, clock, kinds });
    const signing = { attest: () => Promise.reject(new Error("nothing is signed here")), distrusts: async () => false };
    const templates = createTemplates({ access, decisions, blobs, redis, reviews, signing });
    const tenants = createTenants({ database, access, logger });
    const tenant = await tenants.create(systemActor("seed"), { slug: "bench", name: "Bench" });
    const seed = systemActor("seed", tenant.id);
    const as = async (role: string): Promise<UserActor> => {
      const { userId } = await tenants.addMember(seed, { subject: role, email: `${role}@bench.test`, name: role, roles: [role] });
      return { kind: "user", id: userId, name: role, tenantId: tenant.id, roles: [role] };
    };
    const [editor, reviewer, second] = [await as("editor"), await as("reviewer"), await as("admin")];
    const { digest } = await templates.archives.upload(editor, packArchive([{ path: "index.mjs", bytes: Buffer.from("export {};\n") }]));

    const first = await templates.create(editor, { source: largeManifest(digest, BASE) });
    const asked = await templates.requestReview(editor, { draftId: first.draftId, expectedRevision: 1, title: "First" });
    const approve = async (approver: UserActor, reviewId: string, draftId: string) => {
      const draft = await templates.drafts.get(editor, { draftId });
      const policyRevision = reviews.policyRevision("template");
      await reviews.approve(approver, { reviewId, digest: draft.digest ?? "", baseDigest: draft.base?.digest ?? null, policyRevision });
    };
    await approve(reviewer, asked.reviewId, first.draftId);
    await templates.publish(systemActor("publisher", tenant.id), asked);

    const { draftId } = await templates.drafts.create(editor, { templateName: "large" });
    await templates.drafts.save(editor, { draftId, expectedRevision: 1, source: largeManifest(digest, CHANGED) });
    const { reviewId, number } = await templates.requestReview(editor, { draftId, expectedRevision: 2, title: "Second" });
    for (let thread = 0; thread < THREADS; thread += 1) {
      const { pointer, question, answer } = threadOf(thread);
      const { commentId } = await reviews.comment(reviewer, { reviewId, pointer, body: question });
      for (let reply = 0; reply < REPLIES; reply += 1) await reviews.comment(editor, { reviewId, threadId: commentId, body: answer });
    }
    await approve(second, reviewId, draftId);
    const view = createReviewsView({ access, reviews, redis, clock });
    return { view, reader: reviewer, number, reviewId, tenantUrl: urls.tenantUrl };
  });
}

const BARE = {
  review: "select * from reviews where id = $1",
  head: "select v.* from review_revisions v join reviews r on r.id = v.review_id and r.revision = v.revision where r.id = $1",
  revisions: "select revision, digest, created_by_name, created_at from review_revisions where review_id = $1 order by revision",
  decisions: "select * from review_decisions where review_id = $1 order by at",
  comments: "select * from review_comments where review_id = $1 order by at",
  participants: "select * from review_participants where review_id = $1",
  members: "select user_id, name, roles from members where $1::uuid is not null order by name",
};

async function readBare(client: pg.Client, reviewId: string): Promise<string> {
  const page: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(BARE)) page[name] = (await client.query({ name, text, values: [reviewId] })).rows;
  return JSON.stringify(page);
}

async function timed(work: () => Promise<string>): Promise<{ ms: number; bytes: number }> {
  const started = performance.now();
  const text = await work();
  return { ms: performance.now() - started, bytes: text.length };
}

async function run(): Promise<Row[]> {
  const { view, reader, number, reviewId, tenantUrl, close } = await open();
  const client = new pg.Client({ connectionString: tenantUrl });
  const [ours, bare]: [number[], number[]] = [[], []];
  try {
    await client.connect();
    await client.query("select set_config('app.tenant', $1, false)", [reader.tenantId]);
    for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) {
      const page = await timed(async () => JSON.stringify(await view.get(reader, { number })));
      const rows = await timed(() => readBare(client, reviewId));
      // Both carry the manifest and its base.
      if (Math.min(page.bytes, rows.bytes) < 2 * SOURCE_BYTES * 0.9) throw new Error(`${page.bytes} and ${rows.bytes} bytes are no page`);
      if (round < WARM_UPS) continue;
      ours.push(page.ms);
      bare.push(rows.ms);
    }
  } finally {
    await client.end();
    await close();
  }
  const [value, peerValue] = [round2(median(ours)), round2(median(bare))];
  return [
    {
      bench: "review",
      metric: "content-ms",
      ours: value,
      peer: "the same rows by prepared statements on one connection, as JSON",
      peerValue,
      ratio: round2(value / peerValue),
      unit: "ms",
      better: "lower",
    },
  ];
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

export const bench: Bench = { name: "review", run };
