/** A tenant's signing keys: made, rotated and distrusted here; private halves are opened in memory for one signature at a time. */
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { publicKeyPem } from "@agent-factory/gate/keys";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import type { Access, AuditNote } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import { addToOutbox } from "../audit/outbox.ts";
import { Failure } from "../failure.ts";
import type { Sealing } from "./sealing.ts";
import { distrustSteps, dueSteps, type KeyStep, nextRotation, ROTATION_DAYS, rotateSteps } from "./signing-key.ts";
import {
  erasePrivateKey,
  findActive,
  insertKey,
  listKeys,
  listLiveKeys,
  lockKeys,
  type SigningKeyRow,
  setDistrusted,
  setState,
} from "./signing-key-store.ts";

export type KeyView = {
  id: string;
  hint: string;
  publicKeyPem: string;
  state: SigningKeyRow["state"];
  notBefore: string;
  notAfter: string | null;
  createdAt: string;
  distrustedFrom: string | null;
  distrustReason: string | null;
  signatures: number;
};

export type SigningKeyPair = { readonly hint: string; readonly spki: string; readonly privateKey: KeyObject };

export type TenantKeys = {
  keys(actor: Actor): Promise<{ items: KeyView[]; nextRotationAt: string | null; rotationDays: number }>;
  /** A new active key at once; the one before signs nothing more. */
  rotate(actor: Actor): Promise<{ keyId: string }>;
  /**
   * What the key signed from `from` on is refused everywhere; an active key is replaced at once. Tells `key.distrusted` by the outbox.
   * Failures: `signing.key-missing`, `signing.distrust-in-future`.
   */
  distrust(actor: Actor, input: { keyId: string; from: Date; reason: string }): Promise<void>;
  /** Loop: what the calendar owes, tenant by tenant. Answers how many steps were taken. */
  rotateDue(loop: SystemActor): Promise<number>;
  /** The key that signs now; a tenant without one gets its first. */
  active(actor: SystemActor & { tenantId: string }): Promise<SigningKeyPair>;
};

export type TenantKeysParts = {
  readonly access: Access;
  readonly fastDatabase: FastDatabase;
  readonly sealing: Sealing;
  readonly clock: Clock;
};

export function createTenantKeys({ access, fastDatabase, sealing, clock }: TenantKeysParts): TenantKeys {
  /** Locked, decided at the moment after the lock, done, noted. Answers the key that is active afterwards, when one was made or raised. */
  const move = async (
    tx: FastTransaction,
    tenantId: string,
    note: AuditNote,
    decide: (keys: readonly SigningKeyRow[], now: Date) => KeyStep[],
  ): Promise<{ steps: number; keyId: string }> => {
    const keys = await lockKeys(tx, tenantId);
    const steps = decide(keys, clock.now());
    let keyId = keys.find((key) => key.state === "active")?.id ?? "";
    for (const step of steps) {
      if (step.type === "create") {
        const made = createKey(tenantId);
        const id = await insertKey(tx, {
          ...made,
          sealed: sealing.seal(nameOf(tenantId, made.hint), made.pkcs8),
          state: step.state,
          notBefore: step.notBefore,
        });
        if (step.state === "active") keyId = id;
      } else if (step.type === "activate") {
        await setState(tx, step.keyId, "active");
        keyId = step.keyId;
      } else if (step.type === "retire") {
        await setState(tx, step.keyId, step.to, step.notAfter);
        if (step.to === "retired") await erasePrivateKey(tx, step.keyId);
      } else {
        await setState(tx, step.keyId, "retired");
        await erasePrivateKey(tx, step.keyId);
      }
    }
    note.after({ keyId, steps });
    return { steps: steps.length, keyId };
  };

  const rotate = async (actor: Actor, decide: (keys: readonly SigningKeyRow[], now: Date) => KeyStep[]) => {
    const tenantId = tenantOf(actor);
    return access.performFast({ actor, action: "signing.rotate", resource: { kind: "signing-key", id: "*" } }, async (tx, note) => {
      const moved = await move(tx, tenantId, note, decide);
      note.resource(moved.keyId);
      return moved;
    });
  };

  return {
    keys: (actor) =>
      access.readFast({ actor, action: "signing.read", resource: { kind: "signing-key", id: "*" } }, async (tx) => {
        const rows = await listKeys(tx);
        return {
          items: rows.map((row) => ({
            id: row.id,
            hint: row.hint,
            publicKeyPem: publicKeyPem(row.spki),
            state: row.state,
            notBefore: row.notBefore.toISOString(),
            notAfter: row.notAfter?.toISOString() ?? null,
            createdAt: row.createdAt.toISOString(),
            distrustedFrom: row.distrustedFrom?.toISOString() ?? null,
            distrustReason: row.distrustReason,
            signatures: row.signatures,
          })),
          nextRotationAt: nextRotation(rows)?.toISOString() ?? null,
          rotationDays: ROTATION_DAYS,
        };
      }),

    rotate: async (actor) => {
      const { keyId } = await rotate(actor, rotateSteps);
      return { keyId };
    },

    distrust: async (actor, { keyId, from, reason }) => {
      const tenantId = tenantOf(actor);
      if (from > clock.now()) {
        throw new Failure("invalid", "signing.distrust-in-future", "A key is distrusted from now or from a moment in the past", {
          from: from.toISOString(),
        });
      }
      await access.performFast({ actor, action: "signing.distrust", resource: { kind: "signing-key", id: keyId } }, async (tx, note) => {
        const { keyId: activeKeyId } = await move(tx, tenantId, note, (keys, now) => {
          requireKey(keys, keyId);
          return distrustSteps(keys, keyId, now);
        });
        await setDistrusted(tx, keyId, from, reason);
        await addToOutbox(tx, {
          tenantId,
          topic: "key.distrusted",
          key: keyId,
          payload: { keyId, from: from.toISOString(), reason, by: actor.name },
        });
        note.after({ distrustedFrom: from.toISOString(), reason, activeKeyId });
      });
    },

    rotateDue: async (loop) => {
      const rows = await fastDatabase.asSystem(listLiveKeys, { readOnly: true });
      let moved = 0;
      for (const [tenantId, keys] of Map.groupBy(rows, (row) => row.tenantId)) {
        if (dueSteps(keys, clock.now()).length === 0) continue;
        moved += (await rotate({ ...loop, tenantId }, dueSteps)).steps;
      }
      return moved;
    },

    active: async (actor) => {
      const find = () =>
        access.readFast({ actor, action: "signing.sign", resource: { kind: "signing-key", id: "active" } }, (tx) => findActive(tx));
      let key = await find();
      if (!key) {
        // Whoever is second finds the first one's key under the lock, and makes none.
        await rotate(actor, (keys, now) => (keys.some(({ state }) => state === "active") ? [] : rotateSteps(keys, now)));
        key = await find();
      }
      if (!key) throw new Failure("unavailable", "signing.no-key", "This tenant has no active signing key; try again in a moment");
      const pkcs8 = sealing.open(nameOf(actor.tenantId, key.hint), key.sealed);
      return { hint: key.hint, spki: key.spki, privateKey: createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }) };
    },
  };
}

function tenantOf(actor: Actor): string {
  if (actor.tenantId === null) throw new Failure("invalid", "signing.no-tenant", "A signing key belongs to a tenant");
  return actor.tenantId;
}

function requireKey(keys: readonly SigningKeyRow[], keyId: string): void {
  if (!keys.some(({ id }) => id === keyId)) throw new Failure("missing", "signing.key-missing", "There is no such signing key", { keyId });
}

function createKey(tenantId: string) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const der = publicKey.export({ format: "der", type: "spki" });
  return {
    tenantId,
    hint: createHash("sha256").update(der).digest("base64"),
    spki: der.toString("base64"),
    pkcs8: privateKey.export({ format: "der", type: "pkcs8" }),
  };
}

/** Bound to the sealed key: it opens for this tenant and this public key only. */
function nameOf(tenantId: string, hint: string): string {
  return `signing-key/${tenantId}/${hint}`;
}
