/**
 * Large bytes beside the frames: `GET` what a lease names, `PUT` an output of a run one holds. The lease is the capability;
 * `runs` checks it. See docs/decisions/0003.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Hold } from "@agent-factory/protocol";
import type { HostActor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import type { Runs } from "../domain/runs/runs.ts";
import { reply } from "./refusal.ts";

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const BLOB = new RegExp(`^/runs/(${UUID})/blobs/(sha256:[0-9a-f]{64})\\?attempt=(\\d{1,9})&fence=(\\d{1,15})$`);
const OUTPUT = new RegExp(`^/runs/(${UUID})/output\\?attempt=(\\d{1,9})&fence=(\\d{1,15})$`);

/** Answers true when the request was one of these. */
export function createPayloadDesk({
  runs,
}: {
  runs: Pick<Runs, "openBlob" | "storeOutput">;
}): (host: HostActor, request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  return async (host, request, response) => {
    const blob = request.method === "GET" ? BLOB.exec(decoded(request.url)) : null;
    if (blob) {
      const [, runId = "", digest = "", attempt, fence] = blob;
      const { stream, sizeBytes } = await runs.openBlob(host, holdOf(runId, attempt, fence), digest);
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": sizeBytes });
      // A broken stream breaks the connection: the host sees too few bytes, and hashes what it got in any case.
      await pipeline(stream, response).catch(() => response.destroy());
      return true;
    }
    const output = request.method === "PUT" ? OUTPUT.exec(decoded(request.url)) : null;
    if (output) {
      const [, runId = "", attempt, fence] = output;
      reply(response, await runs.storeOutput(host, holdOf(runId, attempt, fence), request as AsyncIterable<Buffer>));
      return true;
    }
    return false;
  };
}

function holdOf(runId: string, attempt: string | undefined, fence: string | undefined): Hold {
  return { runId, attempt: Number(attempt), fence: Number(fence) };
}

/** Clients may escape the colon of a digest. */
function decoded(url: string | undefined): string {
  try {
    return decodeURIComponent(url ?? "");
  } catch {
    throw new Failure("invalid", "gateway.malformed", "The path is not well formed", {});
  }
}
