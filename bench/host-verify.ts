/**
 * What a host does before it runs a version, without the network: `host-verify-ms-p99` for a version that it meets for the first time
 * (manifest and bundle hashed and read, the whole gate, the lease against what was signed), `host-verify-cached-ms-p99` for one that it
 * verified before under the same trust. The peer is one bare Ed25519 verification of `node:crypto` over the bytes that the tenant signed,
 * in turns with ours; each figure is the median of the rounds' 99th percentiles.
 */
import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IN_TOTO_PAYLOAD_TYPE, pae } from "@agent-factory/gate/dsse";
import type { Lease } from "@agent-factory/protocol";
import { createAdmission } from "../apps/runtime-agent/src/gate/admission.ts";
import { createTestSource, createTestVersions } from "../apps/runtime-agent/src/gate/test-version.ts";
import { createTrustKeeper } from "../apps/runtime-agent/src/gate/trust-keeper.ts";
import type { Row } from "../scripts/bench.ts";
import { median } from "./figures.ts";

const VERSIONS = 16;
const ROUNDS = 7;
const SAMPLES = 800;

export async function measureHostVerify(): Promise<Row[]> {
  const versions = createTestVersions();
  const cases = Array.from({ length: VERSIONS }, (_, n) => versions.publish({ semver: `1.${n}.0`, code: `export default () => ${n};` }));
  const signed = cases.map((lease) => signedBytes(versions.bytes.get(lease.signed?.bundleDigest ?? "") ?? Buffer.alloc(0)));
  const key = createPublicKey({ key: Buffer.from(versions.signer.spki, "base64"), format: "der", type: "spki" });
  const stateDir = mkdtempSync(join(tmpdir(), "bench-host-"));
  try {
    const source = createTestSource(versions, Date.now);
    const logger = { info: () => {}, warn: () => {}, error: () => {} };
    const trust = createTrustKeeper({ stateDir, requests: source.requests, logger, onHealth: () => {} });
    const knowing = createAdmission({ requests: source.requests, trust });
    for (const lease of cases) await knowing.admit(lease);

    const samples = { first: [] as number[], cached: [] as number[], peer: [] as number[] };
    const at = (n: number) => n % VERSIONS;
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [first, cached, peer]: [number[], number[], number[]] = [[], [], []];
      for (let n = 0; n < SAMPLES; n += 1) {
        const lease = cases[at(n)] as Lease;
        const { text, signature } = signed[at(n)] as (typeof signed)[number];
        const meeting = createAdmission({ requests: source.requests, trust });
        first.push(await timed(() => meeting.admit(lease)));
        cached.push(await timed(() => knowing.admit(lease)));
        peer.push(
          await timed(() => {
            if (!verify(null, text, key, signature)) throw new Error("the peer refused a good signature");
          }),
        );
      }
      // The first round warms up.
      if (round === 0) continue;
      samples.first.push(p99(first));
      samples.cached.push(p99(cached));
      samples.peer.push(p99(peer));
    }
    const peerValue = median(samples.peer);
    return [
      rowOf("host-verify-ms-p99", median(samples.first), peerValue),
      rowOf("host-verify-cached-ms-p99", median(samples.cached), peerValue),
    ];
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<void> | void): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function signedBytes(bundle: Buffer): { text: Uint8Array; signature: Buffer } {
  const { dsseEnvelope } = JSON.parse(bundle.toString("utf8")) as { dsseEnvelope: { payload: string; signatures: { sig: string }[] } };
  return {
    text: pae(IN_TOTO_PAYLOAD_TYPE, Buffer.from(dsseEnvelope.payload, "base64")),
    signature: Buffer.from(dsseEnvelope.signatures[0]?.sig ?? "", "base64"),
  };
}

function rowOf(metric: string, oursMs: number, peerMs: number): Row {
  const rounded = (value: number) => Math.round(value * 10_000) / 10_000;
  return {
    bench: "signing",
    metric,
    ours: rounded(oursMs),
    peer: "one bare Ed25519 verification of node:crypto, p99",
    peerValue: rounded(peerMs),
    ratio: Math.round((oursMs / peerMs) * 100) / 100,
    unit: "ms",
    better: "lower",
  };
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}
