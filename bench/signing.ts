/**
 * What signing costs: the gate before a version may run, a host's whole verification (`host-verify-…-ms-p99`, see host-verify.ts), and
 * the log (`append-per-second`, see log-append.ts).
 *
 * `verify-per-second`: whole verdicts, one after the other, over bundles of several versions in a log of {@link ENTRIES} entries: form,
 * statement, every binding, an inclusion proof and three signatures (the tenant's Ed25519, the log's ECDSA over timestamp and
 * checkpoint), with keys already imported. The peer is one bare Ed25519 verification of `node:crypto` over the same signed bytes.
 */
import { createPublicKey, verify } from "node:crypto";
import { verifyBundle } from "@agent-factory/gate";
import { IN_TOTO_PAYLOAD_TYPE, pae } from "@agent-factory/gate/dsse";
import { PUBLICATION_TYPE, publicationStatement } from "@agent-factory/gate/statement";
import { addStrangers, createTestLog, createTestSigner, signStatement, testDigest, testPublication } from "@agent-factory/gate/test-signer";
import type { Bench, Row } from "../scripts/bench.ts";
import { median } from "./figures.ts";
import { measureHostVerify } from "./host-verify.ts";
import { openAppendMeasure } from "./log-append.ts";

const ROUNDS = 15;
const APPEND_ROUNDS = 5;

type Measure = { readonly perRound: () => Promise<{ ours: number; peer: number }>; readonly row: (ours: number, peer: number) => Row };

const ENTRIES = 10_000;
const VERSIONS = 16;
const VERDICTS_A_ROUND = 800;
const PEERS_A_ROUND = 4000;

function measureVerification(): Measure {
  const at = new Date("2026-06-01T12:00:00Z");
  const log = createTestLog();
  const signer = createTestSigner(testPublication().tenant.id);
  addStrangers(log, ENTRIES - VERSIONS);
  const cases = Array.from({ length: VERSIONS }, (_, n) => {
    const publication = testPublication({ semver: `1.${n}.0` });
    const digest = testDigest(publication.semver);
    const statement = publicationStatement(publication, digest);
    const name = statement.subject[0]?.name ?? "";
    const demands = { tenantId: publication.tenant.id, predicateType: PUBLICATION_TYPE, subject: { name, digest }, now: at };
    const bundle = signStatement(log, signer, statement, at);
    const signed = pae(IN_TOTO_PAYLOAD_TYPE, Buffer.from(bundle.dsseEnvelope.payload, "base64"));
    return { bundle, demands, signed, signature: Buffer.from(bundle.dsseEnvelope.signatures[0]?.sig ?? "", "base64") };
  });
  const trust = { keys: [signer.trusted()], logs: [log.trusted()], revoked: [testDigest("another")] };
  const key = createPublicKey({ key: Buffer.from(signer.spki, "base64"), format: "der", type: "spki" });

  return {
    async perRound() {
      const ours = await perSecond(VERDICTS_A_ROUND, async (n) => {
        const { bundle, demands } = cases[n % VERSIONS] as (typeof cases)[number];
        const { allowed, refusedBy } = await verifyBundle(bundle, demands, trust);
        if (!allowed) throw new Error(`the gate refused a good bundle: ${refusedBy}`);
      });
      const peer = await perSecond(PEERS_A_ROUND, (n) => {
        const { signed, signature } = cases[n % VERSIONS] as (typeof cases)[number];
        if (!verify(null, signed, key, signature)) throw new Error("the peer refused a good signature");
      });
      return { ours, peer };
    },
    row: (ours, peer) => ({
      bench: "signing",
      metric: "verify-per-second",
      ours: Math.round(ours),
      peer: "one bare Ed25519 verification of node:crypto",
      peerValue: Math.round(peer),
      ratio: Math.round((ours / peer) * 1000) / 1000,
      unit: "verdicts/s",
      better: "higher",
    }),
  };
}

async function perSecond(times: number, once: (n: number) => Promise<void> | void): Promise<number> {
  const started = performance.now();
  for (let n = 0; n < times; n += 1) await once(n);
  return times / ((performance.now() - started) / 1000);
}

/** Ours and the peer in turns, so that both meet the same machine; the first round warms up. */
async function medians({ perRound, row }: Measure, rounds: number): Promise<Row> {
  const [ours, peer]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    const measured = await perRound();
    if (round === 0) continue;
    ours.push(measured.ours);
    peer.push(measured.peer);
  }
  return row(median(ours), median(peer));
}

export const bench: Bench = {
  name: "signing",
  async run() {
    const verification = await medians(measureVerification(), ROUNDS);
    const hosts = await measureHostVerify();
    const appends = await openAppendMeasure();
    try {
      return [verification, ...hosts, await medians(appends, APPEND_ROUNDS)];
    } finally {
      await appends.close();
    }
  },
};
