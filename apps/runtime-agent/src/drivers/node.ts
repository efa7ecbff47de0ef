/**
 * JavaScript on Node: fetches code and input, checks them, and runs them in a sandbox of the warm pool. A version runs only when this host
 * admitted it; a try runs on its author's word.
 */
import { INLINE_BYTES_MAX, type Lease, PAYLOAD_BYTES_MAX, type RunError } from "@agent-factory/protocol";
import type { Admission } from "../gate/admission.ts";
import { VersionRefused } from "../gate/refusal.ts";
import { NOTHING_USED, usageOf } from "../meter/meter.ts";
import type { Ending } from "../pool/execution.ts";
import type { HandedOut, Pool } from "../pool/pool.ts";
import { DamagedBytes, fetchSound, patiently } from "../uplink/fetching.ts";
import type { GatewayRequests } from "../uplink/gateway-requests.ts";
import type { RunLog } from "../uplink/run-log.ts";
import { ARCHIVE_BYTES_MAX, UnusableArchive } from "./code-archive.ts";
import type { CodeCache } from "./code-cache.ts";
import { type Driver, GivenBack, type Outcome } from "./driver.ts";

export type NodeDriverParts = {
  readonly pool: Pool;
  readonly requests: Pick<GatewayRequests, "getBlob" | "putOutput">;
  readonly cache: CodeCache;
  readonly admission: Admission;
};

export function createNodeDriver({ pool, requests, cache, admission }: NodeDriverParts): Driver {
  return {
    start(lease, log, onStarted) {
      let handed: HandedOut | null = null;
      const stop = new AbortController();
      let graceMs: number | undefined;
      const run = async (): Promise<Outcome> => {
        let materials: Awaited<ReturnType<typeof fetchMaterials>>;
        try {
          const admitted = lease.kind === "run" ? admission.admit(lease, stop.signal) : null;
          [, materials] = await Promise.all([admitted, fetchMaterials(lease, stop.signal)]);
        } catch (error) {
          if (stop.signal.aborted) return cancelled;
          if (error instanceof VersionRefused && error.aboutHost)
            throw new GivenBack(error.message, { cause: error, restMs: TRUST_REST_MS });
          if (error instanceof VersionRefused) return failed("integrity", error.message, error.check);
          if (error instanceof DamagedBytes && error.digest === lease.code?.digest && lease.kind === "run")
            return failed("integrity", `This host refused ${lease.templateName}: its code is damaged (${error.message}).`, "code-bytes");
          if (error instanceof UnusableArchive || error instanceof DamagedBytes) return failed("code-unavailable", error.message);
          throw new GivenBack(`what the run needs could not be fetched: ${(error as Error).message}`);
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
      cache.load(code.digest, () => fetchSound(requests, { hold: lease, digest: code.digest, bytesMax: ARCHIVE_BYTES_MAX }, signal)),
      "inline" in input
        ? Buffer.from(input.inline)
        : fetchSound(requests, { hold: lease, digest: input.digest, bytesMax: Math.min(input.sizeBytes, PAYLOAD_BYTES_MAX) }, signal),
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
      const stored = await patiently(() => requests.putOutput(lease, output));
      return { outcome: "succeeded", output: stored, error: null, usage };
    } catch (error) {
      return { ...failed("internal", `The output could not be stored: ${(error as Error).message}`), usage };
    }
  }
}

/** A host that believes nobody asks again after this time, with the next run it is given. */
const TRUST_REST_MS = 15_000;

const cancelled: Outcome = { outcome: "cancelled", output: null, error: null, usage: NOTHING_USED };

function failed(kind: RunError["kind"], message: string, check?: VersionRefused["check"]): Outcome {
  const error = { kind, message: message.slice(0, 4000), ...(check && { check }), stack: [] };
  return { outcome: "failed", output: null, error, usage: NOTHING_USED };
}
