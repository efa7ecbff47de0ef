import { createLogger } from "@agent-factory/process/logger";
import { testRedisUrl } from "@agent-factory/testkit/redis";
import { expect, test } from "vitest";
import { manualClock } from "../../platform/clock.ts";
import { openRedis } from "../../platform/redis.ts";
import { openTestKernel, type PersonalRole, type TestTenant } from "../../seed/test-kernel.ts";
import { createNoticesView } from "../../views/notices.ts";
import { systemActor } from "../actor.ts";
import { addToOutbox, deliverOutbox } from "../audit/outbox.ts";
import { Failure } from "../failure.ts";
import { createQuotas } from "../quotas/quotas.ts";
import { saidOf, say, silent } from "../usage/test-usage.ts";
import { createUsage } from "../usage/usage.ts";
import { createNotices, noticesDoorbell } from "./notices.ts";

async function open() {
  const kernel = await openTestKernel();
  const lines: string[] = [];
  const logger = createLogger({ app: "test", level: "warn", destination: { write: (line) => lines.push(line) } });
  const redis = openRedis(testRedisUrl(), logger);
  const clock = manualClock(new Date());
  const notices = createNotices({ access: kernel.access, fastDatabase: kernel.fastDatabase, redis, clock, logger });
  const view = createNoticesView({ access: kernel.access, redis });
  const inTenant = <T>(tenant: TestTenant, sql: string, values: readonly unknown[] = []) =>
    kernel.fastDatabase.inTenant(tenant.id, async (tx) => (await tx.query<T>(sql, values)).rows);
  const kinds = async (tenant: TestTenant, role: PersonalRole) => (await view.list(tenant.as(role), {})).items.map(({ kind }) => kind);
  return {
    ...kernel,
    notices,
    view,
    redis,
    clock,
    lines,
    inTenant,
    kinds,
    /** Delivers the event through the outbox, `times` times. */
    happens: async (tenant: TestTenant, topic: string, payload: unknown, { times = 1 } = {}) => {
      await kernel.fastDatabase.inTenant(tenant.id, (tx) => addToOutbox(tx, { tenantId: tenant.id, topic, key: topic, payload }));
      for (let time = 0; time < times; time += 1) {
        await kernel.fastDatabase.asSystem((tx) =>
          tx.query("update outbox_events set delivered_at = null where id = (select max(id) from outbox_events)"),
        );
        await deliverOutbox(kernel.fastDatabase, (event) => notices.hear(systemActor("notices", event.tenantId), event));
      }
    },
    /** Who of the tenant has notices, by role, with the kinds they have. */
    told: async (tenant: TestTenant) => {
      const told: Record<string, string[]> = {};
      for (const role of ["editor", "reviewer", "manager", "operator", "admin"] as const) {
        const has = await kinds(tenant, role);
        if (has.length > 0) told[role] = has;
      }
      return told;
    },
    undelivered: async () =>
      (await kernel.fastDatabase.asSystem((tx) => tx.query("select topic from outbox_events where delivered_at is null"))).rows,
    audited: async (tenant: TestTenant) =>
      inTenant<{ action: string; people: number }>(
        tenant,
        "select action, (after->>'people')::int as people from audit_entries where action like 'notices.%' order by id",
      ),
    [Symbol.asyncDispose]: async () => {
      await redis.close();
      await kernel[Symbol.asyncDispose]();
    },
  };
}

type Opened = Awaited<ReturnType<typeof open>>;

function reviewOf(tenant: TestTenant, audience: readonly PersonalRole[], more: object = {}) {
  const reviewId = "00000000-0000-7000-8000-000000000001";
  const about = { reviewId, number: 7, title: "Raise the depth limit", templateName: "audit", actorName: "Emma" };
  return { ...about, audience: audience.map((role) => tenant.as(role).id), ...more };
}

/** A version that the editor wrote and the manager helped with, published from a review that the editor asked for. */
async function publish(t: Opened, { state = "published", reviewed = true } = {}): Promise<string> {
  const { acme } = t;
  const [review] = await t.inTenant<{ id: string }>(
    acme,
    `insert into reviews (tenant_id, number, subject_kind, subject_name, source_ref, title, opened_by, opened_by_name)
     values ($1, 7, 'template', 'audit', 'draft', 'Raise', $2, 'Emma') returning id`,
    [acme.id, acme.as("editor").id],
  );
  for (const [role, part] of [
    ["manager", "contributor"],
    ["reviewer", "approver"],
  ] as const) {
    await t.inTenant(acme, "insert into review_participants (tenant_id, review_id, user_id, part) values ($1, $2, $3, $4::review_part)", [
      acme.id,
      review?.id,
      acme.as(role).id,
      part,
    ]);
  }
  const [version] = await t.inTenant<{ id: string }>(
    acme,
    `with template as (
       insert into templates (tenant_id, name, title, owner, created_by) values ($1, 'audit', 'Audit', 'team', 'x') returning id
     ) insert into template_versions (tenant_id, template_id, semver, digest, source, published_by, review_id, state)
       select $1, id, '1.1.0', 'sha256:0', '', 'system:publisher', $2, $3::version_state from template returning id`,
    [acme.id, reviewed ? review?.id : null, state],
  );
  return version?.id ?? "";
}

test("a request for review tells those it names and nobody else, with what the sentence needs", async () => {
  await using t = await open();
  const { acme } = t;
  await t.happens(acme, "review.requested", reviewOf(acme, ["reviewer", "admin"]));
  expect(await t.told(acme)).toEqual({ reviewer: ["review.requested"], admin: ["review.requested"] });
  const { items } = await t.view.list(acme.as("reviewer"), {});
  expect(items).toEqual([
    {
      id: expect.any(String),
      kind: "review.requested",
      href: "/reviews/7",
      data: { number: 7, title: "Raise the depth limit", templateName: "audit", by: "Emma" },
      at: expect.stringMatching(/Z$/),
      readAt: null,
    },
  ]);
});

test("the same event twice tells once, and leaves one audit entry with how many it told", async () => {
  await using t = await open();
  await t.happens(t.acme, "review.requested", reviewOf(t.acme, ["reviewer", "admin"]), { times: 3 });
  expect((await t.view.list(t.acme.as("reviewer"), {})).items).toHaveLength(1);
  expect(await t.audited(t.acme)).toEqual([{ action: "notices.send", people: 2 }]);
});

test("two events of one review are two notices", async () => {
  await using t = await open();
  const comment = reviewOf(t.acme, ["editor"], { excerpt: "Why ten?" });
  await t.happens(t.acme, "review.commented", comment);
  await t.happens(t.acme, "review.commented", comment);
  expect(await t.kinds(t.acme, "editor")).toEqual(["review.commented", "review.commented"]);
});

test("nobody of another tenant is told, though the event names them", async () => {
  await using t = await open();
  const { acme, globex } = t;
  const stranger = { ...reviewOf(acme, ["reviewer"]), audience: [acme.as("reviewer").id, globex.as("reviewer").id, "system:seed"] };
  await t.happens(acme, "review.requested", stranger);
  expect(await t.told(acme)).toEqual({ reviewer: ["review.requested"] });
  expect(await t.told(globex)).toEqual({});
});

test("a publication tells who asked for it and who contributed; its signature says more on the same line, read or not", async () => {
  await using t = await open();
  const { acme } = t;
  const versionId = await publish(t);
  await t.happens(acme, "version.published", { versionId }, { times: 2 });
  expect(await t.told(acme)).toEqual({ editor: ["version.published"], manager: ["version.published"] });
  await t.notices.markRead(acme.as("editor"), { all: true });
  await t.happens(acme, "version.signed", { versionId }, { times: 2 });
  expect(await t.told(acme)).toEqual({ editor: ["version.signed"], manager: ["version.signed"] });
  expect([await t.view.unread(acme.as("editor")), await t.view.unread(acme.as("manager"))]).toEqual([{ unread: 0 }, { unread: 1 }]);
  // Topics have no order between them: the late word of the publication takes nothing back.
  await t.happens(acme, "version.published", { versionId });
  expect(await t.kinds(acme, "manager")).toEqual(["version.signed"]);
  expect(await t.audited(acme)).toHaveLength(2);
});

test("a version from before there were reviews tells nobody", async () => {
  await using t = await open();
  await t.happens(t.acme, "version.published", { versionId: await publish(t, { reviewed: false }) });
  expect([await t.told(t.acme), await t.undelivered(), await t.audited(t.acme)]).toEqual([{}, [], []]);
});

test("a revocation tells operators, admins and contributors, except whoever revoked", async () => {
  await using t = await open();
  const { acme } = t;
  const versionId = await publish(t, { state: "revoked" });
  const { id: actorId, name: actorName } = acme.as("operator");
  await t.happens(acme, "version.revoked", { versionId, digest: "sha256:0", actorId, actorName, reason: "It leaks" });
  expect(await t.told(acme)).toEqual({ editor: ["version.revoked"], manager: ["version.revoked"], admin: ["version.revoked"] });
  const [notice] = (await t.view.list(acme.as("admin"), {})).items;
  expect(notice?.data).toEqual({ templateName: "audit", semver: "1.1.0", by: "Acme operator", reason: "It leaks" });
});

test("a distrusted key tells the admins, and once more when the distrust reaches further back", async () => {
  await using t = await open();
  const { acme } = t;
  const [key] = await t.inTenant<{ id: string }>(
    acme,
    `insert into signing_keys (tenant_id, hint, public_key, sealed_private_key, state, not_before, distrusted_from, distrust_reason)
     values ($1, 'hint', 'key', '{}', 'retired', '2026-10-01', '2026-11-02', 'Lost laptop') returning id`,
    [acme.id],
  );
  await t.happens(acme, "key.distrusted", { keyId: key?.id }, { times: 2 });
  expect(await t.told(acme)).toEqual({ admin: ["key.distrusted"] });
  const [notice] = (await t.view.list(acme.as("admin"), {})).items;
  expect(notice).toMatchObject({ href: "/trust", data: { hint: "hint", from: "2026-11-02T00:00:00.000Z", reason: "Lost laptop" } });
  await t.inTenant(acme, "update signing_keys set distrusted_from = '2026-11-01' where id = $1", [key?.id]);
  await t.happens(acme, "key.distrusted", { keyId: key?.id });
  expect(await t.kinds(acme, "admin")).toHaveLength(2);
});

/** A run of `audit 1.1.0` that a host refused at that moment. */
async function refused(t: Opened, finishedAt: string): Promise<unknown> {
  const [run] = await t.inTenant<{ id: string }>(
    t.acme,
    `insert into runs (tenant_id, kind, template_id, template_name, semver, driver, manifest_digest, limits, state, submitted_by, submitted_by_name, finished_at)
     values ($1, 'run', uuidv7(), 'audit', '1.1.0', 'node', 'd', '{}', 'failed', 'x', 'x', $2) returning id`,
    [t.acme.id, finishedAt],
  );
  return { runId: run?.id, templateName: "audit", semver: "1.1.0", check: "key-known", hostId: run?.id, hostName: "local" };
}

test("runs refused within an hour are one notice that counts them, and one audit entry", async () => {
  await using t = await open();
  for (let minute = 10; minute < 15; minute += 1)
    await t.happens(t.acme, "run.refused", await refused(t, `2026-11-24T09:${minute}:00Z`), { times: 2 });
  expect(await t.told(t.acme)).toEqual({ operator: ["run.refused"], admin: ["run.refused"] });
  const [notice] = (await t.view.list(t.acme.as("operator"), {})).items;
  expect(notice?.data).toEqual({ templateName: "audit", semver: "1.1.0", check: "key-known", hostName: "local", runs: 5 });
  expect(await t.audited(t.acme)).toHaveLength(1);
  await t.happens(t.acme, "run.refused", await refused(t, "2026-11-24T10:00:00Z"));
  expect(await t.kinds(t.acme, "operator")).toHaveLength(2);
});

test("when a review is decided or taken back, whoever was asked and did not look need not any more", async () => {
  await using t = await open();
  const { acme } = t;
  for (const topic of ["review.approved", "review.rejected", "review.withdrawn"]) {
    await t.happens(acme, "review.requested", reviewOf(acme, ["reviewer"]));
    await t.happens(acme, "review.requested", reviewOf(acme, ["reviewer"], { number: 8 }));
    expect(await t.view.unread(acme.as("reviewer"))).toEqual({ unread: 2 });
    await t.happens(acme, topic, reviewOf(acme, []));
    const { items } = await t.view.list(acme.as("reviewer"), { unreadOnly: true });
    expect(items.map(({ href }) => href)).toEqual(["/reviews/8"]);
    await t.notices.markRead(acme.as("reviewer"), { all: true });
  }
});

test("an event that says too little is passed over with a warning and never keeps the outbox waiting", async () => {
  await using t = await open();
  const nothing = "00000000-0000-7000-8000-000000000009";
  const poor = [
    ["review.requested", { reviewId: nothing }],
    ["review.commented", null],
    ["review.problem", reviewOf(t.acme, ["editor"], { problem: "?", number: "7" })],
    ["version.signed", { versionId: nothing }],
    ["version.revoked", { versionId: "?" }],
    ["run.refused", { runId: nothing, templateName: "audit", semver: "1.0.0" }],
    ["key.distrusted", []],
  ] as const;
  for (const [topic, payload] of poor) await t.happens(t.acme, topic, payload);
  expect(await t.undelivered()).toEqual([]);
  expect(await t.told(t.acme)).toEqual({});
  expect(t.lines.filter((line) => line.includes("says too little"))).toHaveLength(poor.length);
});

test("an event of the platform concerns no tenant's people", async () => {
  await using t = await open();
  await t.notices.hear(systemActor("notices"), { id: 1, topic: "review.requested", payload: reviewOf(t.acme, ["reviewer"]) });
  expect(await t.told(t.acme)).toEqual({});
});

test("one's own notices are marked read by id, by where they lead, or all; nobody else's ever are, and none of it is audited", async () => {
  await using t = await open();
  const { acme, globex } = t;
  for (const number of [1, 2, 3]) await t.happens(acme, "review.requested", reviewOf(acme, ["reviewer", "admin"], { number }));
  const reviewer = acme.as("reviewer");
  const { items } = await t.view.list(reviewer, {});
  const [newest] = items;
  const ids = [newest?.id ?? ""];
  expect(await t.notices.markRead(acme.as("admin"), { ids })).toEqual({ marked: 0 });
  expect(await t.notices.markRead(globex.as("reviewer"), { ids })).toEqual({ marked: 0 });
  expect(await t.notices.markRead(reviewer, { ids })).toEqual({ marked: 1 });
  expect(await t.notices.markRead(reviewer, { ids })).toEqual({ marked: 0 });
  expect(await t.notices.markRead(reviewer, { href: "/reviews/2" })).toEqual({ marked: 1 });
  expect(await t.view.unread(reviewer)).toEqual({ unread: 1 });
  expect(await t.notices.markRead(reviewer, { all: true })).toEqual({ marked: 1 });
  expect(await t.view.unread(reviewer)).toEqual({ unread: 0 });
  expect(await t.view.unread(acme.as("admin"))).toEqual({ unread: 3 });
  expect((await t.audited(acme)).map(({ action }) => action)).toEqual(["notices.send", "notices.send", "notices.send"]);
});

test("a person's inbox is of one tenant, and a token has none", async () => {
  await using t = await open();
  await t.happens(t.acme, "review.requested", reviewOf(t.acme, ["reviewer"]));
  const elsewhere = { ...t.acme.as("reviewer"), tenantId: t.globex.id };
  expect((await t.view.list(elsewhere, {})).items).toEqual([]);
  expect(await t.notices.markRead(elsewhere, { all: true })).toEqual({ marked: 0 });
  const machine = { ...t.acme.as("reviewer"), kind: "token" as const, roles: ["ci"] } as never;
  for (const work of [() => t.view.list(machine, {}), () => t.notices.markRead(machine, { all: true })]) {
    const refusal = await work().catch((error: unknown) => error);
    expect(refusal instanceof Failure && refusal.code).toBe("access.denied");
  }
  expect(await t.view.unread(t.acme.as("reviewer"))).toEqual({ unread: 1 });
});

test("the list goes on where a page ended, newest first, also among notices of one moment", async () => {
  await using t = await open();
  const { acme } = t;
  const reviewer = acme.as("reviewer");
  await t.inTenant(
    acme,
    `insert into notices (tenant_id, user_id, key, kind, href, data, at)
     select $1, $2, n::text, 'version.signed', '/templates/audit', jsonb_build_object('n', n), '2026-11-24T09:00:00Z'::timestamptz + (n / 3) * interval '1 minute'
     from generate_series(1, 70) n`,
    [acme.id, reviewer.id],
  );
  const seen: number[] = [];
  let cursor: string | null = null;
  const sizes: number[] = [];
  do {
    const page: Awaited<ReturnType<typeof t.view.list>> = await t.view.list(reviewer, { cursor });
    sizes.push(page.items.length);
    for (const { data } of page.items) seen.push((data as unknown as { n: number }).n);
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(sizes).toEqual([30, 30, 10]);
  expect(new Set(seen).size).toBe(70);
  expect(seen.map((n) => Math.floor(n / 3))).toEqual(seen.map((n) => Math.floor(n / 3)).toSorted((a, b) => b - a));
  const invented = await t.view.list(reviewer, { cursor: "2026-13-99T00:00:00.000Z_00000000-0000-7000-8000-000000000000" });
  expect(invented.items).toHaveLength(30);
});

test("whoever watches hears how many are unread, each time that changes, and of nobody else's", { timeout: 20_000 }, async () => {
  await using t = await open();
  const { acme } = t;
  const end = new AbortController();
  const stream = t.view.watch(acme.as("reviewer"), end.signal);
  expect((await stream.next()).value).toEqual({ unread: 0 });
  const rung: string[] = [];
  const silence = await t.redis.subscriber.on(noticesDoorbell(acme.as("editor").id), () => rung.push("editor"));
  await t.happens(acme, "review.requested", reviewOf(acme, ["reviewer", "admin"]));
  expect((await stream.next()).value).toEqual({ unread: 1 });
  await t.notices.markRead(acme.as("admin"), { all: true });
  await t.notices.markRead(acme.as("reviewer"), { all: true });
  expect((await stream.next()).value).toEqual({ unread: 0 });
  const last = stream.next();
  end.abort();
  expect(await last).toEqual({ done: true, value: undefined });
  expect(rung).toEqual([]);
  await silence();
});

test("what was read 90 days ago is forgotten; what is unread stays, however old", async () => {
  await using t = await open();
  const { acme, globex } = t;
  for (const [tenant, roles] of [
    [acme, ["reviewer", "admin"]],
    [globex, ["reviewer"]],
  ] as const)
    await t.happens(tenant, "review.requested", reviewOf(tenant, roles));
  await t.notices.markRead(acme.as("reviewer"), { all: true });
  await t.notices.markRead(globex.as("reviewer"), { all: true });
  t.clock.advance(90 * 24 * 60 * 60_000 - 1);
  expect(await t.notices.forget(systemActor("notice-retention"))).toBe(0);
  t.clock.advance(2);
  expect(await t.notices.forget(systemActor("notice-retention"))).toBe(2);
  expect(await t.told(acme)).toEqual({ admin: ["review.requested"] });
  expect(await t.told(globex)).toEqual({});
});

test("what a budget itself says of its levels tells managers and admins of its tenant, with the figures", async () => {
  await using t = await open();
  const { acme, globex } = t;
  const quotas = createQuotas({ access: t.access, clock: t.clock });
  const usage = createUsage({ access: t.access, quotas, fastDatabase: t.fastDatabase, clock: t.clock, logger: silent });
  const limits = { templateName: null, amountMicros: 1_000, warnPercents: [50], stopPercent: 100 };
  await usage.setBudget(acme.as("manager"), limits);
  const deliver = () => deliverOutbox(t.fastDatabase, (event) => t.notices.hear(systemActor("notices", event.tenantId), event));
  for (const micros of [600, 500]) {
    // One core for as long as it takes, at 11.25 micros a second.
    const outcome = { durationMs: (micros / 11.25) * 1_000, limits: { cpuMillis: 1_000, memoryBytes: 0 } };
    await t.fastDatabase.asSystem((tx) => say(tx, [saidOf(acme.id, { at: t.clock.now(), outcome })]));
    await usage.ingest(systemActor("test"));
    await usage.watchBudgets(systemActor("test"));
    await deliver();
  }
  expect(await t.told(acme)).toEqual({
    manager: ["budget.stopped", "budget.warned"],
    admin: ["budget.stopped", "budget.warned"],
  });
  expect(await t.told(globex)).toEqual({});
  const [stopped, warned] = (await t.view.list(acme.as("manager"), {})).items;
  const month = t.clock.now().toISOString().slice(0, "2026-11".length);
  const about = { templateName: null, month, amountMicros: 1_000, currency: "EUR" };
  expect(stopped).toMatchObject({ href: "/costs", data: { ...about, percent: 100, spentMicros: 1_100 } });
  expect(warned).toMatchObject({ href: "/costs", data: { ...about, percent: 50, spentMicros: 600 } });
  expect(await t.undelivered()).toEqual([]);
  expect(t.lines).toEqual([]);
});
