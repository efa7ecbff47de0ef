/** What is too large for frames: blobs in, outputs out, over HTTPS with the host's certificate, under a lease it holds. */
import { createHash } from "node:crypto";
import { Agent, request } from "node:https";
import {
  BLOB_CORRUPT,
  blobPath,
  type Digest,
  type Hold,
  outputPath,
  refusal,
  trustPath,
  trustRootPath,
  trustRootReply,
} from "@agent-factory/protocol";
import { z } from "zod";
import type { Identity } from "./identity.ts";

const TIMEOUT_MS = 30_000;
/** Keys, logs and revoked digests of one tenant, with room for a hundred thousand. */
const TRUST_BYTES_MAX = 16 * 1024 * 1024;

/**
 * The gateway answered no. `status` 404: there is no such blob; 403 or 409: the lease is no longer ours; any with `code` `blob.corrupt`:
 * what the registry has is damaged. Whatever else it cannot do just now is worth another try, and no refusal.
 */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Bytes that are not what their digest says. */
export class DigestMismatch extends Error {
  override readonly name = "DigestMismatch";
}

export type GatewayRequests = {
  /** @throws DigestMismatch, RequestRefused, or a network error, which is worth another try. */
  getBlob(hold: Hold, digest: Digest, bytesMax: number): Promise<Buffer>;
  /** Whom to believe about a tenant: whatever the gateway answers, for `openTrust` to judge. @throws as `getBlob`. */
  getTrust(tenantId: string): Promise<unknown>;
  /** The trust root's public key as the gateway names it: base64 of the DER. @throws as `getBlob`. */
  getTrustRoot(): Promise<string>;
  putOutput(hold: Hold, output: Buffer): Promise<{ digest: Digest; sizeBytes: number }>;
  /** Uses another certificate from now on. */
  use(identity: Identity): void;
  close(): void;
};

/** More bytes than what is fetched may have: they are not what was named, and will not be the next time. */
export const ANSWER_TOO_LARGE = "answer.too-large";

export function digestOf(bytes: Buffer): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function createGatewayRequests(gatewayUrl: string, identity: Identity): GatewayRequests {
  let agent = agentFor(identity);

  async function call(method: string, path: string, body: Buffer | null, bytesMax: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, gatewayUrl),
        {
          method,
          agent,
          timeout: TIMEOUT_MS,
          headers: body ? { "content-type": "application/octet-stream", "content-length": body.length } : {},
        },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > bytesMax)
              outgoing.destroy(new RequestRefused(413, ANSWER_TOO_LARGE, `${path.split("?")[0]} has more than ${bytesMax} bytes`));
            else chunks.push(chunk);
          });
          response.on("error", reject);
          response.on("end", () => {
            const answer = Buffer.concat(chunks);
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) return resolve(answer);
            const { code, message } = refusalOf(answer) ?? { code: "", message: `The gateway answered ${status}.` };
            if (status >= 500 && code !== BLOB_CORRUPT) reject(new Error(`The gateway answered ${status}.`));
            else reject(new RequestRefused(status, code, message));
          });
        },
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error(`No answer within ${TIMEOUT_MS} ms.`)));
      outgoing.on("error", reject);
      outgoing.end(body ?? undefined);
    });
  }

  return {
    async getBlob(hold, digest, bytesMax) {
      const bytes = await call("GET", blobPath(hold, digest), null, bytesMax);
      if (digestOf(bytes) !== digest) throw new DigestMismatch(`${digest} came with other bytes: ${digestOf(bytes)}`);
      return bytes;
    },
    async getTrust(tenantId) {
      return jsonOf(await call("GET", trustPath(tenantId), null, TRUST_BYTES_MAX));
    },
    async getTrustRoot() {
      return trustRootReply.parse(jsonOf(await call("GET", trustRootPath, null, 4096))).spki;
    },
    async putOutput(hold, output) {
      const answer = await call("PUT", outputPath(hold), output, 4096);
      const stored = z.object({ digest: z.string(), sizeBytes: z.number() }).parse(JSON.parse(answer.toString("utf8")));
      if (stored.digest !== digestOf(output)) throw new DigestMismatch("The gateway stored other bytes than were sent.");
      return stored;
    },
    use(next) {
      const old = agent;
      agent = agentFor(next);
      // Requests in flight keep their sockets until they are done.
      setTimeout(() => old.destroy(), TIMEOUT_MS).unref();
    },
    close: () => agent.destroy(),
  };
}

function agentFor(identity: Identity): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets: 16,
    minVersion: "TLSv1.3",
    ca: identity.caPem,
    cert: identity.certificatePem,
    key: identity.keyPem,
  });
}

function refusalOf(answer: Buffer): { code: string; message: string } | null {
  return refusal.safeParse(jsonOf(answer)).data ?? null;
}

/** Undefined for what is not JSON. */
function jsonOf(answer: Buffer): unknown {
  try {
    return JSON.parse(answer.toString("utf8"));
  } catch {
    return undefined;
  }
}
