/**
 * Attestations: an in-toto statement in a DSSE envelope, signed with the tenant's key (pure Ed25519), witnessed by the log, kept as a
 * Sigstore bundle v0.3 (github.com/sigstore/protobuf-specs) in the tenant's blob store.
 *
 *   (absent) -> signed     statement -> signature -> log -> blob -> gate -> row; a kill at any step leaves nothing that a retry does not find:
 *                          the signature is deterministic, the log gives the same leaf the same place, the blob has the same name or none
 *
 * A key that was retired or distrusted between the signature and the row would leave a bundle nobody accepts: the row is written only
 * while the key, held against rotation, covers the log's time; else the next key signs. The gate that hosts and browsers run reads the
 * very bytes before the row is written: what it refuses is a fault of ours, and nothing that anybody could be given.
 */
import { sign } from "node:crypto";
import { type Demands, type Trust, verifyBundle } from "@agent-factory/gate";
import { BUNDLE_MEDIA_TYPE } from "@agent-factory/gate/bundle";
import type { Envelope } from "@agent-factory/gate/dsse";
import { IN_TOTO_PAYLOAD_TYPE } from "@agent-factory/gate/dsse";
import { ENTRY_KIND, entryBody } from "@agent-factory/gate/entry";
import { publicKeyPem } from "@agent-factory/gate/keys";
import { type Statement, statementBytes } from "@agent-factory/gate/statement";
import { type Bundle, bundleToJSON, type TransparencyLogEntry } from "@sigstore/bundle";
import { DSSEBundleBuilder, type Signer, type Witness } from "@sigstore/sign";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Access } from "../access/access.ts";
import type { SystemActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import { type AttestationRow, findAttestation, insertAttestation } from "./attestation-store.ts";
import { secondsOf } from "./shard.ts";
import { covers } from "./signing-key.ts";
import { holdKey } from "./signing-key-store.ts";
import type { SigningKeyPair, TenantKeys } from "./tenant-keys.ts";
import type { Receipt, TransparencyLog } from "./transparency-log.ts";
import { trustedKey, trustedLog } from "./trust-root.ts";

export type AttestInput = {
  /** Unique for its predicate type in the tenant: `acme/templates/invoice-triage@1.4.0`. */
  readonly subjectName: string;
  /** `sha256:…` */
  readonly subjectDigest: string;
  readonly predicateType: string;
  readonly statement: Statement;
};

export type Attested = {
  readonly attestationId: string;
  readonly bundleDigest: string;
  readonly logIndex: number;
  readonly integratedAt: Date;
};

export type Attestations = {
  /**
   * Signs once: asked again for the same subject it answers what is stored. Failures: `signing.subject-signed` (another digest was signed
   * under this name), `signing.statement-mismatch`, `signing.log-behind`, `signing.kek-wrong`.
   */
  attest(actor: SystemActor, input: AttestInput): Promise<Attested>;
};

export type AttestationsParts = {
  readonly access: Access;
  readonly blobs: BlobStore;
  readonly keys: Pick<TenantKeys, "active">;
  readonly log: Pick<TransparencyLog, "append" | "shards">;
  readonly clock: Clock;
};

const BUNDLE_BYTES_MAX = 8 * 1024 * 1024;
/** Each try takes the key that is active then; more rotations than this within one signature are no accident. */
const TRIES_MAX = 3;

export function createAttestations({ access, blobs, keys, log, clock }: AttestationsParts): Attestations {
  return {
    attest: async (actor, input) => {
      const { tenantId } = actor;
      if (tenantId === null) throw new Failure("invalid", "signing.no-tenant", "A signature is made for a tenant");
      requireStatement(input);
      const request = { actor, action: "signing.sign" as const, resource: { kind: "attestation", id: input.subjectName } };
      const known = await access.readFast(request, (tx) => findAttestation(tx, input.predicateType, input.subjectName));
      if (known) return attested(known, input);

      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const key = await keys.active({ ...actor, tenantId });
        const { bundle, receipt } = await createBundle(input.statement, key, log);
        const bytes = Buffer.from(JSON.stringify(bundleToJSON(bundle)));
        const { digest } = await blobs.put(tenantId, bytes, { mediaType: BUNDLE_MEDIA_TYPE, maxBytes: BUNDLE_BYTES_MAX });
        const logs = (await log.shards()).map(trustedLog);
        const stored = await access.performFast(request, async (tx, note) => {
          const held = await holdKey(tx, key.hint);
          if (!held || !covers(held, receipt.placed.integratedAt)) {
            note.after({ keyHint: key.hint, logIndex: receipt.placed.index, discarded: "the key was replaced meanwhile" });
            return null;
          }
          const trust = { keys: [trustedKey(held)], logs, revoked: [] };
          await requireHeld(bytes, { ...demandsOf(input, tenantId), now: clock.now() }, trust);
          const row = {
            tenantId,
            subjectName: input.subjectName,
            subjectDigest: input.subjectDigest,
            predicateType: input.predicateType,
            bundleDigest: digest,
            keyHint: key.hint,
            treeId: receipt.placed.treeId,
            logIndex: receipt.placed.index,
            integratedAt: receipt.placed.integratedAt,
          };
          const id = await insertAttestation(tx, row);
          const kept = id === null ? await findAttestation(tx, input.predicateType, input.subjectName) : { ...row, id };
          note.after({ subjectDigest: input.subjectDigest, keyHint: key.hint, logIndex: receipt.placed.index, bundleDigest: digest });
          return kept;
        });
        if (stored) return attested(stored, input);
      }
      throw new Failure("unavailable", "signing.no-key", "The tenant's signing key keeps changing; try again in a moment");
    },
  };
}

function requireStatement({ subjectName, subjectDigest, predicateType, statement }: AttestInput): void {
  const [subject, ...others] = statement.subject;
  const same = others.length === 0 && subject?.name === subjectName && `sha256:${subject.digest.sha256}` === subjectDigest;
  if (same && statement.predicateType === predicateType) return;
  throw new Failure("invalid", "signing.statement-mismatch", "The statement does not speak of the subject it is signed for", {
    subjectName,
  });
}

function demandsOf({ predicateType, subjectName, subjectDigest }: AttestInput, tenantId: string) {
  return { tenantId, predicateType, subject: { name: subjectName, digest: subjectDigest } };
}

/** @throws when the gate refuses it, with what it says. */
async function requireHeld(bytes: Buffer, demands: Demands, trust: Trust): Promise<void> {
  const { allowed, refusedBy, steps } = await verifyBundle(JSON.parse(bytes.toString("utf8")), demands, trust);
  if (allowed) return;
  const facts = JSON.stringify(steps.find(({ check }) => check === refusedBy)?.facts ?? {});
  throw new Error(`the gate refuses the signature of ${demands.subject.name}: ${refusedBy} ${facts}`);
}

function attested(row: AttestationRow, { subjectDigest }: AttestInput): Attested {
  if (row.subjectDigest !== subjectDigest) {
    throw new Failure("conflict", "signing.subject-signed", `${row.subjectName} was signed with another digest: ${row.subjectDigest}`, {
      subjectName: row.subjectName,
      digest: row.subjectDigest,
    });
  }
  return { attestationId: row.id, bundleDigest: row.bundleDigest, logIndex: row.logIndex, integratedAt: row.integratedAt };
}

export async function createBundle(
  statement: Statement,
  key: SigningKeyPair,
  log: Pick<TransparencyLog, "append">,
): Promise<{ bundle: Bundle; receipt: Receipt }> {
  const receipts: Receipt[] = [];
  const signer: Signer = {
    sign: async (encoded) => ({
      signature: sign(null, encoded, key.privateKey),
      key: { $case: "publicKey", hint: key.hint, publicKey: publicKeyPem(key.spki) },
    }),
  };
  const witness: Witness = {
    testify: async (content) => {
      if (content.$case !== "dsseEnvelope") throw new TypeError("only envelopes are witnessed");
      const { payloadType, payload, signatures } = content.dsseEnvelope;
      const envelope: Envelope = {
        payloadType,
        payload: payload.toString("base64"),
        signatures: signatures.map(({ sig, keyid }) => ({ sig: sig.toString("base64"), keyid })),
      };
      const receipt = await log.append({ kind: "dsse", body: entryBody({ envelope, payload, spki: key.spki }) });
      receipts.push(receipt);
      return { tlogEntries: [tlogEntry(receipt)] };
    },
  };
  const builder = new DSSEBundleBuilder({ signer, witnesses: [witness], certificateChain: false });
  const bundle = await builder.create({ data: Buffer.from(statementBytes(statement)), type: IN_TOTO_PAYLOAD_TYPE });
  const [receipt] = receipts;
  if (!receipt) throw new Error("the bundle was built without its witness");
  return { bundle, receipt };
}

function tlogEntry({ placed, logId, timestamp, proof, checkpoint }: Receipt): TransparencyLogEntry {
  return {
    logIndex: String(placed.index),
    logId: { keyId: Buffer.from(logId, "hex") },
    kindVersion: { ...ENTRY_KIND },
    integratedTime: String(secondsOf(placed.integratedAt)),
    inclusionPromise: { signedEntryTimestamp: timestamp },
    inclusionProof: {
      logIndex: String(proof.index),
      treeSize: String(proof.size),
      rootHash: Buffer.from(proof.root),
      hashes: proof.hashes.map((hash) => Buffer.from(hash)),
      checkpoint: { envelope: checkpoint },
    },
    canonicalizedBody: placed.body,
  };
}
