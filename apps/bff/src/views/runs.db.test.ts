import { canonicalJson, digestOf } from "@agent-factory/manifest/digest";
import type { Manifest } from "@agent-factory/manifest/schema";
import type { Lease } from "@agent-factory/protocol";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { onProduction, openTestRollouts, PLAN } from "../domain/rollouts/test-rollouts.ts";
import { resultOf } from "../gateway/test-host.ts";
import { openTestRegistry, type TestRegistry } from "../gateway/test-registry.ts";
import { createRunWatch, type RunNewsEvent } from "./run-watch.ts";
import { createRunsView } from "./runs.ts";

const manifest = {
  apiVersion: "agentfactory.dev/v1",
  kind: "AgentTemplate",
  metadata: { name: "word-count", title: "Word count", owner: "team-a" },
  spec: {
    driver: "node",
    code: { archive: `sha256:${"b".repeat(64)}`, entry: "default" },
    input: { type: "object", required: ["text"], properties: { text: { type: "string" } }, additionalProperties: false },
    output: { type: "object", required: ["words"], properties: { words: { type: "integer" } } },
  },
} as const satisfies Manifest;

/** A draft that may be tried, as the templates' door would answer for it. */
async function withDraft(registry: TestRegistry) {
  const bytes = Buffer.from(canonicalJson(manifest));
  const { digest } = await registry.blobs.put(registry.kernel.acme.id, bytes, { mediaType: "application/json", maxBytes: bytes.length });
  expect(digest).toBe(digestOf(manifest));
  const draftId = "019aa000-0000-7000-8000-000000000001";
  registry.tryable = {
    templateId: "019aa000-0000-7000-8000-000000000002",
    templateName: "word-count",
    draftId,
    revision: 3,
    manifest,
    manifestDigest: digest,
    code: { digest: manifest.spec.code.archive, entry: "default" },
    limits: { timeoutMs: 30_000, maxAttempts: 3, concurrency: 20, cpuMillis: 500, memoryBytes: 256 << 20 },
    capabilities: [],
  };
  const editor = registry.kernel.acme.as("editor");
  const view = createRunsView({ access: registry.kernel.access, blobs: registry.blobs, clock: registry.clock });
  const watch = createRunWatch({ view, redis: registry.redis });
  const tryOn = (input: string) => registry.runs.try(editor, { draftId, expectedRevision: 3, input });
  return { editor, view, watch, tryOn };
}

const one = async (leases: Promise<Lease[]>): Promise<Lease> => {
  const [lease] = await leases;
  if (!lease) throw new Error("nothing was leased");
  return lease;
};

test("a try without a ready host is refused with what to do, and nothing waits in the queue", async () => {
  await using registry = await openTestRegistry();
  const { tryOn } = await withDraft(registry);
  await expect(tryOn('{"text":"a"}')).rejects.toMatchObject({
    kind: "unavailable",
    code: "runs.no-host-ready",
    details: { hosts: 0, reason: "none-enrolled" },
    message: expect.stringContaining("Make a join token"),
  });
  expect(await registry.states()).toEqual({});
});

test("an input that breaks the input schema is refused with the place and both languages", async () => {
  await using registry = await openTestRegistry();
  await registry.readyHost();
  const { tryOn } = await withDraft(registry);
  await expect(tryOn('{"text":1}')).rejects.toMatchObject({
    code: "runs.input-invalid",
    details: { issues: [{ pointer: "/text", message: { en: expect.any(String), fr: expect.any(String) } }] },
  });
  await expect(tryOn("{text}")).rejects.toMatchObject({ code: "runs.input-invalid", details: { issues: [{ pointer: "" }] } });
  await expect(tryOn(`{"text":"${"x".repeat(16 << 20)}"}`)).rejects.toMatchObject({ code: "runs.input-too-large" });
  expect(await registry.states()).toEqual({});
});

test("who may not try is told so before anything is stored, and that is audited", async () => {
  await using registry = await openTestRegistry();
  await registry.readyHost();
  await withDraft(registry);
  const reviewer = registry.kernel.acme.as("reviewer");
  const draftId = registry.tryable?.draftId ?? "";
  await expect(registry.runs.try(reviewer, { draftId, expectedRevision: 3, input: "{}" })).rejects.toMatchObject({ code: "access.denied" });
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ n: number }>("select count(*)::int as n from audit_entries where action = 'runs.try' and outcome = 'denied'"),
  );
  expect(rows).toEqual([{ n: 1 }]);
});

test("a run is shown with its input to the byte, its output, its host, its events, and to its tenant alone", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost({ name: "rack-1" });
  const { editor, view, tryOn } = await withDraft(registry);
  const input = '{ "text" : "a\\u0000b\\ud83d" }';
  const { runId } = await tryOn(input);
  expect(await view.get(editor, { runId })).toMatchObject({
    kind: "try",
    state: "queued",
    maxAttempts: 2,
    draftRevision: 3,
    input: { text: input },
    output: null,
  });
  const lease = await one(registry.runs.lease(host, { max: 1 }));
  expect(lease.input).toEqual({ inline: input });
  expect(lease.code).toEqual({ digest: manifest.spec.code.archive, entry: "default" });
  await registry.runs.started(host, [{ ...lease, at: 0, handOutMs: 1.5, warm: true }]);
  await registry.runs.finish(host, [resultOf(lease, { output: { inline: '{"words": 2}' } })]);
  const run = await view.get(editor, { runId });
  expect(run).toMatchObject({
    state: "succeeded",
    hostName: "rack-1",
    submittedByName: "Acme editor",
    output: { text: '{"words": 2}', sizeBytes: 12, digest: null },
    usage: { warm: true },
    waiting: null,
  });
  expect(run.events.map(({ kind }) => kind)).toEqual(["queued", "leased", "started", "finished"]);
  expect(await view.readOutput(editor, { runId })).toEqual({ text: '{"words": 2}' });
  expect((await view.list(editor, { templateName: "word-count", state: "succeeded" })).items).toHaveLength(1);
  const stranger = registry.kernel.globex.as("admin");
  await expect(view.get(stranger, { runId })).rejects.toMatchObject({ code: "runs.missing" });
  await expect(view.readOutput(stranger, { runId })).rejects.toMatchObject({ code: "runs.missing" });
  expect((await view.list(stranger, {})).items).toEqual([]);
});

test("an output that is not JSON, or breaks the output schema, is a failed run that says so", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const { editor, view, tryOn } = await withDraft(registry);
  for (const [output, kind] of [
    [{ inline: '{"words":' }, "output-not-json"],
    [{ inline: '{"words":"two"}' }, "output-invalid"],
    [null, "output-invalid"],
  ] as const) {
    const { runId } = await tryOn('{"text":"a"}');
    const lease = await one(registry.runs.lease(host, { max: 1 }));
    expect(await registry.runs.finish(host, [resultOf(lease, { output })])).toMatchObject([{ accepted: true }]);
    expect(await view.get(editor, { runId })).toMatchObject({ state: "failed", output: null, error: { kind } });
  }
});

test("a large input travels by digest, and a large output is shown only when asked for", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const { editor, view, tryOn } = await withDraft(registry);
  const input = JSON.stringify({ text: "x".repeat(100_000) });
  const { runId } = await tryOn(input);
  const lease = await one(registry.runs.lease(host, { max: 1 }));
  if (!("digest" in lease.input)) throw new Error("it should travel by digest");
  const { stream } = await registry.runs.openBlob(host, lease, lease.input.digest);
  expect((await stream.toArray()).join("")).toBe(input);
  async function* body() {
    yield Buffer.from(JSON.stringify({ words: 1, padding: "y".repeat(300_000) }));
  }
  const stored = await registry.runs.storeOutput(host, lease, body());
  await registry.runs.finish(host, [resultOf(lease, { output: stored as { digest: `sha256:${string}`; sizeBytes: number } })]);
  const run = await view.get(editor, { runId });
  expect(run).toMatchObject({
    state: "succeeded",
    input: { text: input },
    output: { text: null, digest: stored.digest, sizeBytes: stored.sizeBytes },
  });
  expect((await view.readOutput(editor, { runId })).text).toHaveLength(stored.sizeBytes);
});

test("whoever follows a run hears everything once, in order, goes on where the connection broke, and is told the end", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const { editor, watch, tryOn } = await withDraft(registry);
  const { runId } = await tryOn('{"text":"a"}');
  const aborted = new AbortController();
  const heard: { id: string; event: RunNewsEvent }[] = [];
  const following = (async () => {
    for await (const news of watch(editor, { runId }, aborted.signal)) {
      heard.push(news);
      if (news.event.type === "log" && heard.filter(({ event }) => event.type === "log").length === 1) aborted.abort();
    }
  })();
  const lease = await one(registry.runs.lease(host, { max: 1 }));
  const { attempt, fence } = lease;
  const log = (seq: number, text: string) =>
    registry.runs.appendLogs(host, [{ runId, attempt, fence, seq, at: Date.now(), stream: "log", text }]);
  await registry.runs.started(host, [{ ...lease, at: 0, handOutMs: 1, warm: true }]);
  await log(0, "first");
  await following;
  expect(heard.flatMap(({ event }) => (event.type === "log" ? event.entries.map(({ text }) => text) : []))).toEqual(["first"]);

  for (let seq = 1; seq <= 3; seq += 1) await log(seq, `line ${seq}`);
  await registry.runs.finish(host, [resultOf(lease, { output: { inline: '{"words":1}' } })]);
  const rest: { id: string; event: RunNewsEvent }[] = [];
  for await (const news of watch(editor, { runId, lastEventId: heard.at(-1)?.id ?? null }, new AbortController().signal)) rest.push(news);
  const lines = rest.flatMap(({ event }) => (event.type === "log" ? event.entries.map(({ text }) => text) : []));
  expect(lines).toEqual(["line 1", "line 2", "line 3"]);
  expect(rest.map(({ event }) => (event.type === "run" ? event.run.state : event.type))).toEqual(["log", "succeeded", "end"]);
  // Whoever comes back after the end hears that it is the end.
  const after: string[] = [];
  for await (const { event } of watch(editor, { runId, lastEventId: rest.at(-1)?.id ?? null }, new AbortController().signal))
    after.push(event.type);
  expect(after).toEqual(["end"]);
  const stranger = registry.kernel.globex.as("admin");
  await expect(watch(stranger, { runId }, new AbortController().signal).next()).rejects.toMatchObject({ code: "runs.missing" });
});

test("a long log is told to its last line before the run's end is", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const { editor, watch, tryOn } = await withDraft(registry);
  const { runId } = await tryOn('{"text":"a"}');
  const lease = await one(registry.runs.lease(host, { max: 1 }));
  const { attempt, fence } = lease;
  const entry = (seq: number) => ({ runId, attempt, fence, seq, at: Date.now(), stream: "stdout" as const, text: String(seq) });
  for (let from = 0; from < 1_200; from += 200)
    await registry.runs.appendLogs(
      host,
      Array.from({ length: 200 }, (_, i) => entry(from + i)),
    );
  await registry.runs.finish(host, [resultOf(lease, { output: { inline: '{"words":1}' } })]);
  const told: string[] = [];
  for await (const { event } of watch(editor, { runId }, new AbortController().signal)) {
    if (event.type === "log") told.push(...event.entries.map(({ text }) => text));
    else told.push(event.type);
  }
  expect(told).toEqual([...Array.from({ length: 1_200 }, (_, seq) => String(seq)), "run", "end"]);
});

test("a queued run says why it waits", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const { editor, view, tryOn } = await withDraft(registry);
  const { runId } = await tryOn('{"text":"a"}');
  expect(await view.explain(editor, { runId })).toMatchObject({ code: "no-free-slot" });
  await registry.fleet.heartbeat(host, {
    clock: registry.clock.now().getTime(),
    pool: [
      {
        slotKind: "cpu",
        slotsTotal: 4,
        slotsBusy: 0,
        warm: 4,
        warmTarget: 4,
        handOutMsP50: 1,
        handOutMsP99: 1,
        warmHits: 0,
        warmMisses: 0,
      },
    ],
    load1: 0,
    memoryBytesFree: 1,
  });
  const second = await tryOn('{"text":"b"}');
  expect((await view.get(editor, second)).waiting).toMatchObject({ code: "behind", details: { ahead: 1 } });
  await registry.kernel.fastDatabase.asSystem((tx) => tx.query("update hosts set state = 'lost'"));
  expect(await view.explain(editor, { runId })).toMatchObject({ code: "no-host" });
  await registry.runs.cancel(editor, { runId });
  await expect(view.explain(editor, { runId })).rejects.toMatchObject({ code: "runs.not-waiting" });
});

test("runs of one version are found by its number, and say it", async () => {
  await using registry = await openTestRegistry();
  const { editor, view } = await withDraft(registry);
  await registry.readyHost({ name: "ready" });
  const submitted: string[] = [];
  for (const semver of ["1.0.0", "1.1.0"]) {
    await registry.publish({ semver, manifest: { spec: { input: {}, semver } } });
    submitted.push((await registry.runs.submit(editor, { templateName: "audit", input: "{}" })).runId);
  }
  const page = await view.list(editor, { templateName: "audit", versionSemver: "1.1.0" });
  expect(page.items.map(({ id, kind, semver }) => [id, kind, semver])).toEqual([[submitted[1], "run", "1.1.0"]]);
  expect(await view.get(editor, { runId: submitted[0] ?? "" })).toMatchObject({ kind: "run", semver: "1.0.0", draftId: null });
  expect((await view.list(editor, { kind: "run" })).items).toHaveLength(2);
});

test("a run says its channel and its side of which rollout; who was moved away from a canary is found by the canary's number", async () => {
  await using t = await openTestRollouts();
  const { kernel, blobs, clock, channels, rollouts } = t.registry;
  const operator = kernel.acme.as("operator");
  const view = createRunsView({ access: kernel.access, blobs, clock });
  for (const semver of ["1.0.0", "1.1.0"]) await t.version(semver);
  await t.plan(PLAN.replace("weight: 10,", "weight: 40,"));
  await channels.create(operator, { templateName: "audit", name: "production", planName: "standard" });
  const start = async (semver: string) => (await rollouts.start(operator, { ...onProduction, semver })).number;
  const first = await start("1.0.0");
  await rollouts.promote(operator, { number: first, reason: "first" });
  await rollouts.passGate(operator, { number: first });
  await rollouts.promote(operator, { number: first, reason: "first" });
  const number = await start("1.1.0");
  for (let n = 0; n < 40; n += 1) await t.submit(`key-${n}`);
  const inChannel = { templateName: "audit", channel: "production" };
  const { items } = await view.list(operator, inChannel);
  expect(items).toHaveLength(40);
  const canary = items.filter(({ cohort }) => cohort === "canary");
  expect(new Set(canary.map(({ semver }) => semver))).toEqual(new Set(["1.1.0"]));
  expect(new Set(items.filter(({ cohort }) => cohort === "baseline").map(({ semver }) => semver))).toEqual(new Set(["1.0.0"]));
  expect(await view.get(operator, { runId: canary[0]?.id ?? "" })).toMatchObject({
    channel: "production",
    cohort: "canary",
    rolloutNumber: number,
  });

  await rollouts.abort(operator, { number, reason: "not yet" });
  const moved = await view.list(operator, { ...inChannel, movedFrom: "1.1.0" });
  expect(moved.items.map(({ id }) => id)).toEqual(canary.map(({ id }) => id));
  expect(new Set(moved.items.map(({ semver, cohort, moved }) => `${semver} ${cohort} ${moved}`))).toEqual(new Set(["1.0.0 null true"]));
  expect((await view.list(operator, { movedFrom: "1.0.0" })).items).toEqual([]);
  const one = await view.get(operator, { runId: canary[0]?.id ?? "" });
  expect(one).toMatchObject({ rolloutNumber: null, moved: true });
  expect(one.events.at(-1)).toMatchObject({ kind: "moved", data: { reason: "rolled-back", from: "1.1.0", to: "1.0.0" } });
});

test("pages of runs follow each other without a gap or a repeat", async () => {
  await using registry = await openTestRegistry();
  const { editor, view } = await withDraft(registry);
  await registry.runs.submitBatch({ ...systemActor("test"), tenantId: registry.kernel.acme.id }, { count: 120 });
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await view.list(editor, { cursor });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect([seen.length, new Set(seen).size]).toEqual([120, 120]);
});
