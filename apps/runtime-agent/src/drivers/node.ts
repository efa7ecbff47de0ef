/** JavaScript on Node: fetches code and input, checks them, and runs them in a sandbox of the warm pool. */
import { setTimeout as delay } from "node:timers/promises";
import { INLINE_BYTES_MAX, type Lease, PAYLOAD_BYTES_MAX, type RunError } from "@agent-factory/protocol";
import { NOTHING_USED, usageOf } from "../meter/meter.ts";
import type { Ending } from "../pool/execution.ts";
import type { HandedOut, Pool } from "../pool/pool.ts";
import { DigestMismatch, type GatewayRequests, RequestRefused } from "../uplink/gateway-requests.ts";
import type { RunLog } from "../uplink/run-log.ts";
import { ARCHIVE_BYTES_MAX, UnusableArchive } from "./code-archive.ts";
import type { CodeCache } from "./code-cache.ts";
import { type Driver, GivenBack, type Outcome } from "./driver.ts";

/** A gateway that restarts is back within this time; the lease outlives it when it is. */
const NETWORK_PATIENCE_MS = 30_000;

export function createNodeDriver(parts: { pool: Pool; requests: GatewayRequests; cache: CodeCache }): Driver {
  const { pool, requests, cache } = parts;

  return {
    start(lease, log, onStarted) {
      let handed: HandedOut | null = null;
      const stop = new AbortController();
      let graceMs: number | undefined;
      const run = async (): Promise<Outcome> => {
        let materials: Awaited<ReturnType<typeof fetchMaterials>>;
        try {
          materials = await fetchMaterials(lease, stop.signal);
        } catch (error) {
          if (stop.signal.aborted) return cancelled;
          if (error instanceof UnusableArchive || error instanceof DigestMismatch) return failed("code-unavailable", error.message);
          if (error instanceof RequestRefused && error.status === 404)
            return failed("code-unavailable", `The registry does not have it: ${error.message}`);
          throw new GivenBack(`code or input could not be fetched: ${(error as Error).message}`);
        }
        const { entry } = materials;
        const entryFile = entry === "default" ? "index.mjs" : (entry.split("#")[0] ?? "");
        if (!materials.files.some(({ path }) => path === entryFile))
          return failed("entry-missing", `The code has no file ${entryFile}, which the entry ${entry} names.`);
        if (stop.signal.aborted) return cancelled;
        try {
          handed = await pool.create({
            run: { id: lease.runId, attempt: lease.attempt },
            ...materials,
            limits: lease.limits,
            onPrint: (stream, bytes) => log.print(stream, bytes),
          });
        } catch (error) {
          throw new GivenBack(`no sandbox could be started: ${(error as Error).message}`);
        }
        if (stop.signal.aborted) handed.execution.cancel(graceMs);
        else onStarted(handed);
        return conclude(lease, log, handed, await handed.execution.ended);
      };
      return {
        ended: run(),
        cancel(grace) {
          graceMs = grace;
          stop.abort();
          handed?.execution.cancel(grace);
        },
      };
    },
  };

  async function fetchMaterials(lease: Lease, signal: AbortSignal) {
    const code = lease.code;
    if (code === null) throw new UnusableArchive("The template names no code.");
    const input = lease.input;
    const [files, inputBytes] = await Promise.all([
      cache.load(code.digest, () => patiently(() => requests.getBlob(lease, code.digest, ARCHIVE_BYTES_MAX), signal)),
      "inline" in input
        ? Buffer.from(input.inline)
        : patiently(() => requests.getBlob(lease, input.digest, Math.min(input.sizeBytes, PAYLOAD_BYTES_MAX)), signal),
    ]);
    return { files, input: inputBytes, entry: code.entry };
  }

  async function conclude(lease: Lease, log: RunLog, handOut: HandedOut, ending: Ending): Promise<Outcome> {
    log.flush();
    const dropped = ending.logBytesDropped + log.bytesDropped;
    if (dropped > 0) log.say(`${dropped} bytes of output were not kept: a run of this template may print ${lease.limits.logBytes} bytes.`);
    const usage = usageOf(ending, handOut, log.bytesDropped);
    if (ending.output === null) return { outcome: ending.outcome, output: null, error: ending.error, usage };
    const output = ending.output;
    if (output.length <= INLINE_BYTES_MAX) return { outcome: "succeeded", output: { inline: output.toString("utf8") }, error: null, usage };
    try {
      const stored = await patiently(() => requests.putOutput(lease, output), new AbortController().signal);
      return { outcome: "succeeded", output: stored, error: null, usage };
    } catch (error) {
      return { ...failed("internal", `The output could not be stored: ${(error as Error).message}`), usage };
    }
  }
}

/** Tries again while the gateway cannot be reached; a refusal and wrong bytes are answers. */
async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + NETWORK_PATIENCE_MS;
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 3000)) {
    try {
      return await work();
    } catch (error) {
      const final = error instanceof RequestRefused || error instanceof DigestMismatch || error instanceof UnusableArchive;
      if (final || signal.aborted || performance.now() > deadline) throw error;
      await delay(waitMs * (0.5 + Math.random()), undefined, { signal });
    }
  }
}

const cancelled: Outcome = { outcome: "cancelled", output: null, error: null, usage: NOTHING_USED };

function failed(kind: RunError["kind"], message: string): Outcome {
  return { outcome: "failed", output: null, error: { kind, message: message.slice(0, 4000), stack: [] }, usage: NOTHING_USED };
}
