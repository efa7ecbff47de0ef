/**
 * Signing: a tenant's keys, the transparency log, attestations, the audit trail's places in the log, and what hosts are told to trust.
 * It knows subjects (a name and a digest) and nothing of what they are.
 */
import type { BlobStore } from "../../platform/blobs.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Transaction } from "../../platform/database.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { Access } from "../access/access.ts";
import { type Attestations, createAttestations } from "./attestations.ts";
import { type AuditTrail, createAuditTrail } from "./audit-trail.ts";
import { createCheckpointCopies } from "./checkpoint-copies.ts";
import { findDistrusted } from "./key-distrust-store.ts";
import { readConsistency, readEntries, readEntry, readHead, readHeads } from "./log-reader.ts";
import { openSealing } from "./sealing.ts";
import { isDistrusted } from "./signing-key.ts";
import { createTenantKeys, type TenantKeys } from "./tenant-keys.ts";
import { createTransparencyLog, type LogStep, type TransparencyLog } from "./transparency-log.ts";
import { openTrustRoot, type TrustRoot } from "./trust-root.ts";

export type Signing = Omit<TenantKeys, "active"> &
  Attestations &
  AuditTrail &
  TrustRoot & {
    readonly log: Pick<TransparencyLog, "append" | "open" | "shards" | "giveUp"> & LogReader;
    /** Whether the key of a stored signature was distrusted from before or at its place in the log: then every host refuses it. */
    distrusts(tx: Transaction, signature: { readonly keyHint: string; readonly integratedAt: Date }): Promise<boolean>;
  };

/** `(tx, …)`: what anybody may read of the log, in a transaction of any tenant. */
export type LogReader = {
  readonly head: typeof readHead;
  readonly heads: typeof readHeads;
  readonly entries: typeof readEntries;
  readonly entry: typeof readEntry;
  readonly consistency: typeof readConsistency;
};

export type SigningParts = {
  readonly access: Access;
  readonly fastDatabase: FastDatabase;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly trustDomain: string;
  /** Holds the key-encryption key, unless it is given, and copies of checkpoints. */
  readonly stateDir: string;
  /** Base64 of 32 bytes. */
  readonly keyEncryptionKey?: string | undefined;
  readonly onLogStep?: (step: LogStep) => void;
};

/** Makes what is missing at the first start. Failures: `signing.kek-wrong` when the stored keys were sealed under another key. */
export async function openSigning(parts: SigningParts): Promise<Signing> {
  const { access, fastDatabase, blobs, clock, trustDomain, stateDir, onLogStep } = parts;
  const sealing = await openSealing(parts);
  const log = createTransparencyLog({
    fastDatabase,
    sealing,
    copies: createCheckpointCopies(stateDir),
    trustDomain,
    clock,
    ...(onLogStep === undefined ? {} : { onStep: onLogStep }),
  });
  const { active, ...keys } = createTenantKeys({ access, fastDatabase, sealing, clock });
  return {
    ...keys,
    ...createAttestations({ access, blobs, keys: { active }, log, clock }),
    ...createAuditTrail({ access, fastDatabase, log }),
    ...(await openTrustRoot({ fastDatabase, sealing, log, clock })),
    distrusts: async (tx, { keyHint, integratedAt }) => {
      const key = await findDistrusted(tx, keyHint);
      return key !== null && isDistrusted(key, integratedAt);
    },
    log: { ...log, head: readHead, heads: readHeads, entries: readEntries, entry: readEntry, consistency: readConsistency },
  };
}
