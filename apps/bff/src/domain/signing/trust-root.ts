/**
 * What hosts are told to trust, and the platform's trust root that signs it (Ed25519, sealed, made at the first start). A host pins the
 * root at its first use; another root means enrolling hosts anew, so one that cannot be opened ends the start instead of being replaced.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Envelope } from "@agent-factory/gate/dsse";
import { sealTrust, type Trust, type TrustedKey, type TrustedLog } from "@agent-factory/gate/trust";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { ShardRow } from "./log-store.ts";
import { databaseTimeMs, findPlatformKey, insertPlatformKey } from "./platform-key-store.ts";
import type { Sealing } from "./sealing.ts";
import { listPublicKeys, type SigningKeyRow } from "./signing-key-store.ts";
import type { TransparencyLog } from "./transparency-log.ts";

export type TrustRoot = {
  /** Base64 of the DER of the key that hosts pin. */
  trustRoot(): { spki: string };
  /** Keys and logs; who composes the document adds what is revoked. All tenants for a host that serves all. */
  trust(tenants: "all" | readonly string[]): Promise<Omit<Trust, "revoked">>;
  /** The version of a document whose content is read from now on; take it before reading. */
  trustVersion(): Promise<number>;
  /** The document for a host, valid for 24 hours. Without `version` the content counts as read at this moment. */
  signTrust(trust: Trust, version?: number): Promise<Envelope>;
};

const NAME = "trust-root";
const SEALED_NAME = `platform/${NAME}`;
const LIFE_MS = 24 * 60 * 60_000;

export type TrustRootParts = {
  readonly fastDatabase: FastDatabase;
  readonly sealing: Sealing;
  readonly log: Pick<TransparencyLog, "shards">;
  readonly clock: Clock;
};

/** Failures: `signing.kek-wrong`, `signing.seal-broken`. */
export async function openTrustRoot({ fastDatabase, sealing, log, clock }: TrustRootParts): Promise<TrustRoot> {
  const { spki, privateKey } = await loadOrCreate(fastDatabase, sealing);
  const trustVersion = () => fastDatabase.asSystem(databaseTimeMs, { readOnly: true });
  return {
    trustRoot: () => ({ spki }),
    trust: async (tenants) => {
      const [keys, logs] = await Promise.all([
        fastDatabase.asSystem((tx) => listPublicKeys(tx, tenants), { readOnly: true }),
        log.shards(),
      ]);
      return {
        keys: keys.map(trustedKey),
        logs: logs.map(trustedLog),
      };
    },
    trustVersion,
    signTrust: async (trust, version) => {
      const now = clock.now();
      const expiresAt = new Date(now.getTime() + LIFE_MS).toISOString();
      const document = { version: version ?? (await trustVersion()), issuedAt: now.toISOString(), expiresAt, trust };
      return sealTrust(document, (bytes) => sign(null, bytes, privateKey));
    },
  };
}

export function trustedKey({ hint, tenantId, spki, notBefore, notAfter, distrustedFrom }: SigningKeyRow): TrustedKey {
  return {
    hint,
    tenantId,
    spki,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter?.toISOString() ?? null,
    distrustedFrom: distrustedFrom?.toISOString() ?? null,
  };
}

export function trustedLog({ logId, origin, spki, notBefore, notAfter }: ShardRow): TrustedLog {
  return { logId, origin, spki, notBefore: notBefore.toISOString(), notAfter: notAfter?.toISOString() ?? null };
}

async function loadOrCreate(fastDatabase: FastDatabase, sealing: Sealing): Promise<{ spki: string; privateKey: KeyObject }> {
  const row = await fastDatabase.asSystem(async (tx) => {
    const known = await findPlatformKey(tx, NAME);
    if (known) return known;
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    await insertPlatformKey(tx, NAME, {
      spki: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
      sealed: sealing.seal(SEALED_NAME, privateKey.export({ format: "der", type: "pkcs8" })),
    });
    return findPlatformKey(tx, NAME);
  });
  if (!row) throw new Error("the trust root could not be stored");
  return { spki: row.spki, privateKey: createPrivateKey({ key: sealing.open(SEALED_NAME, row.sealed), format: "der", type: "pkcs8" }) };
}
