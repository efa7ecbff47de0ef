/**
 * How runs come to be: a try of a draft, a run of a published version, or no-ops that measure the ledger. Everything a run will need is
 * pinned here by digest; what a draft or a channel of versions becomes later changes no run that was submitted.
 */
import type { Manifest } from "@agent-factory/manifest/schema";
import { validateAgainst } from "@agent-factory/manifest/validate";
import { currentTraceId } from "@agent-factory/process/tracing";
import { INLINE_BYTES_MAX, type Lease, PAYLOAD_BYTES_MAX } from "@agent-factory/protocol";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { Access } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import type { Channels } from "../channels/channels.ts";
import { Failure } from "../failure.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Quotas } from "../quotas/quotas.ts";
import type { Templates } from "../templates/templates.ts";
import { ledgerLimits } from "./baselines.ts";
import { findSubmitted, freshRunId, insertRuns, isSecondRun, type NewRuns } from "./run-store.ts";
import { reserveTurns, returnTurns, type Turns } from "./turn-store.ts";
import { holdRunnable } from "./version-store.ts";

export type Submissions = {
  /**
   * Runs this revision of a draft once, on `input` (JSON text). Failures: those of `templates.tryable`, `runs.input-invalid` with
   * issues, `runs.input-too-large`, `runs.no-host-ready` with what to do.
   */
  try(actor: Actor, input: { draftId: string; expectedRevision: number; input: string }): Promise<{ runId: string }>;
  /**
   * Runs a published version: the one that `range` (default `latest`) names now, or the one that `channel` gives to `key` (without one
   * every run is its own), pinned with the bundle that vouches for it. A channel is resolved in the very transaction that submits: whoever
   * moves it finds the run, or had moved it before. `runId`: the id it is to have; under one that was submitted, that run is answered.
   * Failures: `runs.range-and-channel`, `quotas.held`, `channels.missing`, `channels.no-valid-version`, those of `templates.runnable` (`templates.no-version`, `templates.unsigned`, …), those of `try` about input and hosts,
   * `templates.version-revoked` when that happened in this very moment.
   */
  submit(
    actor: Actor,
    input: {
      runId?: string | undefined;
      templateName: string;
      range?: string | undefined;
      channel?: string | undefined;
      key?: string | undefined;
      input: string;
    },
  ): Promise<{ runId: string; semver: string; cohort: "baseline" | "canary" | null }>;
  /** Queues no-op runs of one tenant in one transaction: what the ledger itself costs. Not for people. */
  submitBatch(
    actor: SystemActor & { readonly tenantId: string },
    input: { count: number; maxAttempts?: number; priority?: number },
  ): Promise<string[]>;
};

export type SubmissionsParts = {
  readonly access: Access;
  readonly fastDatabase: FastDatabase;
  readonly templates: Pick<Templates, "tryable" | "runnable">;
  readonly channels: Pick<Channels, "resolve" | "candidates" | "pins">;
  readonly quotas: Pick<Quotas, "requireNoHold">;
  readonly fleet: Pick<Fleet, "requireReadyHost">;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly ring: { work(): void };
};

/** People who wait at the screen come before programs. */
const TRY_PRIORITY = 10;
const RUN_PRIORITY = 0;
const TRY_ATTEMPTS_MAX = 2;
const NO_TEMPLATE = "00000000-0000-0000-0000-000000000000";
/** sha256 of the empty object: a no-op has no manifest. */
const NO_MANIFEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const NOOP_LIMITS: Lease["limits"] = {
  timeoutMs: 30_000,
  memoryBytes: 64 << 20,
  cpuMillis: 100,
  pids: 16,
  logBytes: 64 << 10,
  outputBytes: 64 << 10,
};

export function createSubmissions({
  access,
  fastDatabase,
  templates,
  channels,
  quotas,
  fleet,
  blobs,
  clock,
  ring,
}: SubmissionsParts): Submissions {
  /** The input as the ledger keeps it: in the row, or as a blob when it is large. */
  const storeInput = async (tenantId: string, input: string): Promise<NewRuns["inputs"]> => {
    const sizeBytes = Buffer.byteLength(input);
    if (sizeBytes <= INLINE_BYTES_MAX) return [{ text: input, digest: null, sizeBytes }];
    const { digest } = await blobs.put(tenantId, Buffer.from(input), { mediaType: "application/json", maxBytes: PAYLOAD_BYTES_MAX });
    return [{ text: null, digest, sizeBytes }];
  };

  /** Submits with so many turns in the tenant's queue, which it does not lose when the submission is refused. */
  const inTurn = async <T>(tenantId: string, count: number, work: (turns: Turns) => Promise<T>): Promise<T> => {
    const turns = await reserveTurns(fastDatabase.system, tenantId, count);
    try {
      return await work(turns);
    } catch (error) {
      // Why it was refused is what the caller must hear, also when the turns cannot be given back.
      await returnTurns(fastDatabase.system, tenantId, count).catch(() => undefined);
      throw error;
    }
  };

  /** What a draft and a version have in common once they may run. */
  const runOf = (actor: Actor, tenantId: string, runnable: Runnable, inputs: NewRuns["inputs"]) => {
    return {
      tenantId,
      templateId: runnable.templateId,
      templateName: runnable.templateName,
      driver: "node" as const,
      manifestDigest: runnable.manifestDigest,
      code: runnable.code,
      limits: ledgerLimits(runnable.limits, PAYLOAD_BYTES_MAX),
      capabilities: runnable.capabilities,
      submittedBy: actor.id,
      submittedByName: actor.name,
      submittedAt: clock.now(),
      traceId: actor.traceId ?? currentTraceId() ?? null,
      inputs,
    };
  };

  const submitTo = async (
    actor: Actor,
    tenantId: string,
    {
      runId: wanted,
      templateName,
      channel,
      key,
      input,
    }: { runId: string | undefined; templateName: string; channel: string; key: string | undefined; input: string },
  ) => {
    // Looked at before anything is stored; which of them it is, and whether the input fits it, is decided in the transaction that pins it.
    const candidates = await channels.candidates(actor, { templateName, channel });
    if (candidates.length > 0) requireJson(input);
    for (const { capabilities } of candidates) await fleet.requireReadyHost(tenantId, capabilities);
    const inputs = await storeInput(tenantId, input);
    const resource = { kind: "run", id: "new", templateName, channel };
    const submitted = await inTurn(tenantId, 1, (turns) =>
      access.performFast({ actor, action: "runs.submit", resource }, async (tx, note) => {
        const runId = wanted ?? (await freshRunId(tx));
        const resolved = await channels.resolve(tx, { templateName, channel, key: key ?? runId });
        const { versionId, cohort, stickyHash, judged, channelId, channelName } = resolved;
        const pins = await channels.pins(tx, versionId);
        if (!pins)
          throw new Failure("conflict", "templates.not-runnable", `No host runs what ${templateName} has on ${channel}`, {
            name: templateName,
            semver: null,
            driver: null,
          });
        await quotas.requireNoHold(tx, { templateId: pins.templateId });
        requireInput(input, pins.manifest.spec.input);
        const { semver, subjectName, bundleDigest, manifestDigest } = pins;
        await insertRuns(tx, {
          ...runOf(actor, tenantId, { ...pins, templateName }, inputs),
          turns,
          kind: "run",
          draftId: null,
          draftRevision: null,
          priority: RUN_PRIORITY,
          maxAttempts: pins.limits.maxAttempts,
          version: { id: versionId, semver, subjectName, bundleDigest },
          runId,
          channel: { id: channelId, name: channelName, stickyHash, judged },
        });
        note.resource(runId);
        note.after({ templateName, channel, semver, cohort, manifestDigest, bundleDigest });
        return { runId, semver, cohort };
      }),
    );
    ring.work();
    return submitted;
  };

  const submitOne = async (
    actor: Actor,
    tenantId: string,
    { runId: wanted, templateName, range, channel, key, input }: Parameters<Submissions["submit"]>[1],
  ) => {
    if (channel !== undefined) {
      if (range !== undefined) throw rangeAndChannel();
      return submitTo(actor, tenantId, { runId: wanted, templateName, channel, key, input });
    }
    const resource = { kind: "run", id: "new", templateName };
    const runnable = await templates.runnable(actor, { name: templateName, range: range ?? "latest" });
    requireInput(input, runnable.manifest.spec.input);
    await fleet.requireReadyHost(tenantId, runnable.capabilities);
    const inputs = await storeInput(tenantId, input);
    const { versionId, semver, subjectName, bundleDigest, manifestDigest } = runnable;
    const runId = await inTurn(tenantId, 1, (turns) =>
      access.performFast({ actor, action: "runs.submit", resource }, async (tx, note) => {
        await quotas.requireNoHold(tx, { templateId: runnable.templateId });
        if (!(await holdRunnable(tx, versionId))) throw versionRevoked(templateName, semver);
        const run = { kind: "run" as const, draftId: null, draftRevision: null, runId: wanted ?? null, channel: null };
        const limits = { priority: RUN_PRIORITY, maxAttempts: runnable.limits.maxAttempts };
        const version = { id: versionId, semver, subjectName, bundleDigest };
        const id = idOf(await insertRuns(tx, { ...runOf(actor, tenantId, runnable, inputs), ...run, ...limits, version, turns }));
        note.resource(id);
        note.after({ templateName, semver, manifestDigest, bundleDigest });
        return id;
      }),
    );
    ring.work();
    return { runId, semver, cohort: null };
  };

  return {
    try: async (actor, { draftId, expectedRevision, input }) => {
      const resource = { kind: "run", id: "new", draftId };
      // Asked before anything is looked at or stored; decided again, and audited, in the transaction that submits.
      await access.readFast({ actor, action: "runs.try", resource }, async () => undefined);
      const tenantId = requireTenant(actor);
      const tryable = await templates.tryable(actor, { draftId, expectedRevision });
      requireInput(input, tryable.manifest.spec.input);
      await fleet.requireReadyHost(tenantId, tryable.capabilities);
      const inputs = await storeInput(tenantId, input);
      const runId = await inTurn(tenantId, 1, (turns) =>
        access.performFast({ actor, action: "runs.try", resource }, async (tx, note) => {
          const run = { kind: "try" as const, draftId, draftRevision: tryable.revision, version: null, runId: null, channel: null };
          const limits = { priority: TRY_PRIORITY, maxAttempts: TRY_ATTEMPTS_MAX };
          const id = idOf(await insertRuns(tx, { ...runOf(actor, tenantId, tryable, inputs), ...run, ...limits, turns }));
          note.resource(id);
          note.after({ templateName: tryable.templateName, draftId, revision: tryable.revision, manifestDigest: tryable.manifestDigest });
          return id;
        }),
      );
      ring.work();
      return { runId };
    },

    submit: async (actor, { runId, ...input }) => {
      const resource = { kind: "run", id: runId ?? "new", templateName: input.templateName };
      const submitted = () =>
        access.readFast({ actor, action: "runs.submit", resource }, async (tx) => (runId === undefined ? null : findSubmitted(tx, runId)));
      // Before anything is looked at that may have changed since.
      const known = await submitted();
      if (known) return known;
      try {
        return await submitOne(actor, requireTenant(actor), { runId, ...input });
      } catch (error) {
        const other = isSecondRun(error) ? await submitted() : null;
        if (other) return other;
        throw error;
      }
    },

    submitBatch: async (actor, { count, maxAttempts = 3, priority = 0 }) => {
      const ids = await inTurn(actor.tenantId, count, (turns) =>
        fastDatabase.inTenant(actor.tenantId, (tx) =>
          insertRuns(tx, {
            tenantId: actor.tenantId,
            kind: "run",
            templateId: NO_TEMPLATE,
            templateName: "noop",
            draftId: null,
            draftRevision: null,
            version: null,
            runId: null,
            channel: null,
            driver: "noop",
            manifestDigest: NO_MANIFEST,
            code: null,
            limits: NOOP_LIMITS,
            capabilities: [],
            priority,
            maxAttempts,
            submittedBy: actor.id,
            submittedByName: actor.name,
            submittedAt: clock.now(),
            traceId: null,
            inputs: Array.from({ length: count }, () => ({ text: "null", digest: null, sizeBytes: 4 })),
            turns,
          }),
        ),
      );
      ring.work();
      return ids;
    },
  };
}

type Runnable = {
  readonly templateId: string;
  readonly templateName: string;
  readonly manifest: Manifest;
  readonly manifestDigest: string;
  readonly code: { readonly digest: string; readonly entry: string };
  readonly limits: { readonly timeoutMs: number; readonly memoryBytes: number; readonly cpuMillis: number };
  readonly capabilities: readonly string[];
};

function idOf([id]: readonly string[]): string {
  if (id === undefined) throw new Error("a submitted run has no id");
  return id;
}

function requireTenant(actor: Actor): string {
  if (actor.tenantId === null) throw new Failure("forbidden", "runs.no-tenant", "A run belongs to a tenant", {});
  return actor.tenantId;
}

function requireInput(input: string, schema: unknown): void {
  const issues = validateAgainst(schema, requireJson(input));
  if (issues.length > 0) throw inputInvalid(issues.slice(0, 50));
}

function requireJson(input: string): unknown {
  const sizeBytes = Buffer.byteLength(input);
  if (sizeBytes > PAYLOAD_BYTES_MAX) {
    throw new Failure("limit", "runs.input-too-large", `The input has ${sizeBytes} bytes, more than ${PAYLOAD_BYTES_MAX}`, {
      sizeBytes,
      maxBytes: PAYLOAD_BYTES_MAX,
    });
  }
  try {
    return JSON.parse(input);
  } catch (error) {
    const said = error instanceof Error ? error.message : "";
    throw inputInvalid([{ pointer: "", message: { en: `The input is not JSON: ${said}`, fr: `L'entrée n'est pas du JSON : ${said}` } }]);
  }
}

function inputInvalid(issues: readonly { pointer: string; message: { en: string; fr: string } }[]): Failure {
  return new Failure("invalid", "runs.input-invalid", "The input does not fit the template's input schema", { issues });
}

function rangeAndChannel(): Failure {
  return new Failure("invalid", "runs.range-and-channel", "A run is of a range or of a channel, not of both", {});
}

function versionRevoked(templateName: string, semver: string): Failure {
  return new Failure("conflict", "templates.version-revoked", `${templateName} ${semver} was revoked: it runs no more`, {
    templateName,
    semver,
  });
}
