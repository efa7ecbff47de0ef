/**
 * What the transparency log costs, on a PostgreSQL of its own with every commit on disk.
 *
 * `append-per-second`: leaves that are promised, {@link WIDTH} requests under way at once. Each is hashed, put into the tree, covered by a
 * signed checkpoint whose copy is flushed to a file, and answered with its own signed entry timestamp and inclusion proof. The peer only
 * signs: bare Ed25519 of `node:crypto` over as many payloads.
 */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { IN_TOTO_PAYLOAD_TYPE, pae } from "@agent-factory/gate/dsse";
import { entryBody } from "@agent-factory/gate/entry";
import { openTestLog } from "../apps/bff/src/domain/signing/test-log.ts";
import { systemClock } from "../apps/bff/src/platform/clock.ts";
import { openFastDatabase } from "../apps/bff/src/platform/fast-database.ts";
import type { Row } from "../scripts/bench.ts";
import { onLedger } from "./ledger.ts";

/** As many as two batches hold: while one is on its way to the disk, the next fills. */
const WIDTH = 1024;
const APPENDS_A_ROUND = 12 * WIDTH;
/** About the size of a version's statement. */
const PAYLOAD_BYTES = 1_500;

export type AppendMeasure = {
  perRound(): Promise<{ ours: number; peer: number }>;
  row(ours: number, peer: number): Row;
  close(): Promise<void>;
};

export function openAppendMeasure(): Promise<AppendMeasure> {
  return onLedger("log", async ({ dir, opened, url }) => {
    const stateDir = mkdtempSync(join(dir, "state-"));
    const fastDatabase = openFastDatabase({ tenantUrl: url("af_tenant"), systemUrl: url("af_system") });
    opened(fastDatabase.close);
    const log = await openTestLog({ fastDatabase, stateDir, clock: systemClock });
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const spki = publicKey.export({ format: "der", type: "spki" }).toString("base64");

    /** Signatures are of the next round, so that neither side finds them made. */
    const signed = (payload: Buffer) => {
      const sig = sign(null, pae(IN_TOTO_PAYLOAD_TYPE, payload), privateKey).toString("base64");
      return entryBody({
        envelope: { payloadType: IN_TOTO_PAYLOAD_TYPE, payload: payload.toString("base64"), signatures: [{ sig }] },
        payload,
        spki,
      });
    };
    const payloads = () => Array.from({ length: APPENDS_A_ROUND }, () => randomBytes(PAYLOAD_BYTES));

    return {
      perRound: async () => {
        const bodies = payloads().map(signed);
        const size = (await log.shards()).at(-1)?.size ?? 0;
        let next = 0;
        const started = performance.now();
        await Promise.all(
          Array.from({ length: WIDTH }, async () => {
            for (let body = bodies[next++]; body; body = bodies[next++]) await log.append({ kind: "dsse", body });
          }),
        );
        const ours = perSecond(started);
        const grown = ((await log.shards()).at(-1)?.size ?? 0) - size;
        if (grown !== APPENDS_A_ROUND) throw new Error(`the tree grew by ${grown}, ${APPENDS_A_ROUND} were promised`);

        const messages = payloads().map((payload) => pae(IN_TOTO_PAYLOAD_TYPE, payload));
        const peerStarted = performance.now();
        for (const message of messages) sign(null, message, privateKey);
        return { ours, peer: perSecond(peerStarted) };
      },
      row: (ours, peer) => ({
        bench: "signing",
        metric: "append-per-second",
        ours: Math.round(ours),
        peer: "one bare Ed25519 signature of node:crypto, nothing stored",
        peerValue: Math.round(peer),
        ratio: Math.round((ours / peer) * 1000) / 1000,
        unit: "appends/s",
        better: "higher",
      }),
    };
  });
}

function perSecond(started: number): number {
  return APPENDS_A_ROUND / ((performance.now() - started) / 1000);
}
