/**
 * What a finished run gave, judged before it is stored: JSON, small enough, and what the template's output schema promises.
 * The manifest lies in the blob store under its digest. Fail-closed: an output that cannot be judged is not an output.
 */

import { validateAgainst } from "@agent-factory/manifest/validate";
import { PAYLOAD_BYTES_MAX, type RunError, type RunResult } from "@agent-factory/protocol";
import type { BlobStore } from "../../platform/blobs.ts";
import { Failure } from "../failure.ts";
import type { RunFacts } from "./run-store.ts";

export type JudgedOutput =
  | {
      readonly output: { readonly text: string | null; readonly digest: string | null; readonly sizeBytes: number } | null;
      readonly error: null;
    }
  | { readonly output: null; readonly error: RunError };

export type OutputJudge = (run: RunFacts, output: RunResult["output"]) => Promise<JudgedOutput>;

const SCHEMAS_MAX = 500;
const ISSUES_SHOWN = 3;

export function createOutputJudge({ blobs }: { blobs: BlobStore }): OutputJudge {
  // Content-addressed, so never stale; bounded, so never a leak. The oldest goes first.
  const schemas = new Map<string, unknown>();
  const schemaOf = async ({ tenantId, manifestDigest }: RunFacts): Promise<unknown> => {
    const key = `${tenantId}/${manifestDigest}`;
    if (schemas.has(key)) return schemas.get(key);
    const manifest = JSON.parse((await blobs.get(tenantId, manifestDigest)).toString("utf8")) as { spec?: { output?: unknown } };
    const oldest = schemas.size >= SCHEMAS_MAX ? schemas.keys().next().value : undefined;
    if (oldest !== undefined) schemas.delete(oldest);
    schemas.set(key, manifest.spec?.output);
    return manifest.spec?.output;
  };

  return async (run, said) => {
    try {
      return await judge(run, said);
    } catch (error) {
      // Bytes that are gone or damaged stay so: the run ends. Anything else (the database is away) is tried again by the host.
      if (error instanceof Failure) return refused("internal", `The output could not be judged: ${error.message}`);
      throw error;
    }
  };

  async function judge(run: RunFacts, said: RunResult["output"]): Promise<JudgedOutput> {
    // A no-op has no template behind it, and what it says is nothing.
    if (run.driver === "noop") return { output: null, error: null };
    const given = said ?? { inline: "null" };
    let text: string;
    if ("inline" in given) {
      text = given.inline;
    } else {
      // Only bytes that this very lease stored count: a digest alone must not give access to what others stored.
      if (given.digest !== run.outputDigest) return refused("internal", "The host named an output that it did not store");
      if (run.outputSizeBytes > PAYLOAD_BYTES_MAX) return refused("output-too-large", "The output is larger than a run may store");
      text = (await blobs.get(run.tenantId, given.digest)).toString("utf8");
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return refused("output-not-json", "The output is not JSON");
    }
    const issues = validateAgainst((await schemaOf(run)) ?? {}, value);
    if (issues.length > 0) {
      const shown = issues.slice(0, ISSUES_SHOWN).map(({ pointer, message }) => `${pointer || "/"}: ${message.en}`);
      return refused("output-invalid", `The output breaks the template's output schema. ${shown.join("; ")}`);
    }
    if ("inline" in given) return { output: { text, digest: null, sizeBytes: Buffer.byteLength(text) }, error: null };
    return { output: { text: null, digest: given.digest, sizeBytes: run.outputSizeBytes }, error: null };
  }
}

function refused(kind: RunError["kind"], message: string): JudgedOutput {
  return { output: null, error: { kind, message: message.slice(0, 4000), stack: [] } };
}
