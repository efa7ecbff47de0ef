/**
 * An audit entry as a leaf of the log. Pure. The leaf is a hash over the entry's columns and a random nonce: it shows everybody that an
 * entry was there and unchanged, and nobody what it says, not even by guessing.
 */
import { createHash } from "node:crypto";
import { canonicalJson } from "@agent-factory/manifest/digest";

export type AuditColumns = {
  readonly id: number;
  readonly tenantId: string | null;
  readonly at: Date;
  readonly actorKind: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly action: string;
  readonly resourceKind: string;
  readonly resourceId: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly traceId: string | null;
};

export const NONCE_BYTES = 16;

/** The leaf's canonical JSON (RFC 8785). */
export function auditLeafBody(entry: AuditColumns, nonce: Uint8Array): Buffer {
  const hashed = canonicalJson({
    ...entry,
    id: String(entry.id),
    at: entry.at.toISOString(),
    nonce: Buffer.from(nonce).toString("base64"),
  });
  const entryHash = createHash("sha256").update(hashed).digest("hex");
  return Buffer.from(canonicalJson({ apiVersion: "0.0.1", kind: "agentfactory.audit", spec: { entryHash } }));
}
