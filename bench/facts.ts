/**
 * What a host's report of itself costs: numbered batches from a host over its link (mutual TLS) through the gateway into PostgreSQL, each
 * counted once and acknowledged when that is on disk; in turns with a bare WebSocket and msgpackr loop that only unpacks and acknowledges, and
 * with what `redis-benchmark` writes into a stream of the same Redis.
 *
 * `messages-per-second-unpacked`: a batch a frame. `messages-per-second-packed`: as many as a frame holds ({@link BATCHES_PER_FRAME_MAX}).
 * Both sides have {@link UNDER_WAY_MAX} batches under way at most. Reports go to the ledger itself and not through a stream: there is no
 * place where one that was acknowledged could be lost.
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BATCHES_PER_FRAME_MAX, decodeGatewayFrame, encodeFrame, type HostFrame } from "@agent-factory/protocol";
import { startChild, until } from "@agent-factory/testkit/child-process";
import { Packr } from "msgpackr";
import { WebSocket } from "ws";
import { connect, helloOf } from "../apps/bff/src/gateway/test-host.ts";
import { enrol } from "../apps/runtime-agent/src/uplink/enrolment.ts";
import type { Bench, Row } from "../scripts/bench.ts";
import { findCommand } from "../scripts/machine.ts";
import { median } from "./figures.ts";
import { type BenchSystem, startBenchSystem } from "./system.ts";

const UNDER_WAY_MAX = 16 * BATCHES_PER_FRAME_MAX;
const MESSAGES_A_ROUND = { unpacked: 4_096, packed: 16_384 };
const ROUNDS = 5;
const STREAM_ENTRIES = { unpacked: 20_000, packed: 100_000 };

type Metrics = HostFrame & { t: "metrics" };

/** One end of a link that says frames and hears which numbers were counted. */
type Loop = {
  say(frame: Metrics): void;
  /** Calls with how many each acknowledgement names; null stops hearing. */
  hear(listener: ((count: number) => void) | null): void;
  close(): Promise<void>;
};

async function openLoop(system: BenchSystem): Promise<Loop> {
  const operator = await system.clientAs("operator");
  const { token } = await operator.fleet.createJoinToken.mutate({ hostName: "reporting", labels: {}, expiresInMinutes: 5 });
  const identity = await enrol({ gatewayUrl: system.gatewayUrl, token });
  const link = await connect(Number(new URL(system.gatewayUrl).port), identity, helloOf(new Date()));
  let listener: ((count: number) => void) | null = null;
  link.socket.on("message", (data: Buffer) => {
    const frame = decodeGatewayFrame(data);
    if (frame.t === "metrics-ack") listener?.(frame.seqs.length);
  });
  return {
    say: (frame) => link.send(frame),
    hear: (next) => {
      listener = next;
    },
    close: link.close,
  };
}

async function openBareLoop(system: BenchSystem): Promise<Loop> {
  const [stateDir, logFile] = [join(system.dir, "bare-authority"), join(system.dir, "bare-link.log")];
  mkdirSync(stateDir, { mode: 0o700 });
  const child = await startChild({
    name: "bare-link",
    command: process.execPath,
    args: [join(import.meta.dirname, "bare-link.ts"), stateDir],
    env: { PATH: process.env["PATH"] ?? "" },
    logFile,
  });
  const said = () => readFileSync(logFile, "utf8");
  await until("the bare link listens", () => said().endsWith("}\n"), {
    timeoutMs: 15_000,
    failed: () => (child.running() ? null : said().slice(-1_000)),
  });
  const { port, caPem } = JSON.parse(said()) as { port: number; caPem: string };
  const packr = new Packr({ useRecords: false });
  const socket = new WebSocket(`wss://localhost:${port}`, { ca: caPem, minVersion: "TLSv1.3", perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let listener: ((count: number) => void) | null = null;
  socket.on("message", (data: Buffer) => listener?.((packr.unpack(data) as { seqs: number[] }).seqs.length));
  return {
    say: (frame) => socket.send(packr.pack(frame)),
    hear: (next) => {
      listener = next;
    },
    close: async () => {
      socket.terminate();
      await child.stop();
    },
  };
}

/** Batches that were acknowledged in a second; numbers begin anew with each round's epoch. */
function perSecond(loop: Loop, total: number, packedIn: number): Promise<number> {
  const epoch = randomUUID();
  const began = performance.now();
  let [said, acknowledged] = [0, 0];
  const fill = () => {
    while (said < total && said - acknowledged + packedIn <= UNDER_WAY_MAX) {
      const batches = Array.from({ length: packedIn }, (_, n) => ({
        seq: said + n,
        ageMs: 12.5,
        spanMs: 10_000,
        slotMs: 40_000,
        busySlotMs: 12_345.6,
        batchesDropped: 0,
        lost: [],
      }));
      loop.say({ t: "metrics", epoch, batches });
      said += packedIn;
    }
  };
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`${acknowledged} of ${total} reports were acknowledged in a minute`)), 60_000);
    loop.hear((count) => {
      acknowledged += count;
      if (acknowledged < total) return fill();
      clearTimeout(timeout);
      loop.hear(null);
      resolve(total / ((performance.now() - began) / 1_000));
    });
    fill();
  });
}

/** Entries of the size of a packed message of ours, written by Redis's own benchmark, as many a pipeline as a frame holds. */
function redisEntriesPerSecond(url: string, total: number, pipelined: number): number | null {
  const program = findCommand("redis-benchmark", "valkey-benchmark");
  if (!program) {
    console.error("redis-benchmark is not installed, so nothing is compared with it");
    return null;
  }
  const { port } = new URL(url);
  const message = "x".repeat(encodeFrame(SAMPLE).length);
  const args = ["-p", port, "-n", String(total), "-P", String(pipelined), "-c", "1", "--csv", "XADD", "bench:facts", "*", "b", message];
  const said = execFileSync(program, args, { encoding: "utf8", timeout: 60_000 });
  const perSecond = Number(/,"(\d+(?:\.\d+)?)"/.exec(said.trim().split("\n").at(-1) ?? "")?.[1]);
  if (!(perSecond > 0)) throw new Error(`redis-benchmark said: ${said.slice(0, 300)}`);
  return perSecond;
}

const SAMPLE: Metrics = {
  t: "metrics",
  epoch: "00000000-0000-4000-8000-000000000000",
  batches: [{ seq: 1_000, ageMs: 12.5, spanMs: 10_000, slotMs: 40_000, busySlotMs: 12_345.6, batchesDropped: 0, lost: [] }],
};

async function run(): Promise<Row[]> {
  const system = await startBenchSystem("facts");
  const opened: (() => Promise<void>)[] = [system.close];
  try {
    const ours = await openLoop(system);
    opened.push(ours.close);
    const bare = await openBareLoop(system);
    opened.push(bare.close);
    const rows: Row[] = [];
    for (const [kind, packedIn] of [["unpacked", 1] as const, ["packed", BATCHES_PER_FRAME_MAX] as const]) {
      const [counted, echoed, streamed]: [number[], number[], number[]] = [[], [], []];
      for (let round = 0; round <= ROUNDS; round += 1) {
        const said = [await perSecond(ours, MESSAGES_A_ROUND[kind], packedIn), await perSecond(bare, MESSAGES_A_ROUND[kind], packedIn)];
        console.error(`${kind}: ${said.map(Math.round).join(" and ")} messages/s`);
        // The first round warms up.
        if (round === 0) continue;
        counted.push(said[0] ?? Number.NaN);
        echoed.push(said[1] ?? Number.NaN);
        const entries = redisEntriesPerSecond(system.redisUrl, STREAM_ENTRIES[kind], packedIn);
        if (entries !== null) streamed.push(entries);
      }
      const metric = `messages-per-second-${kind}`;
      rows.push(row(metric, median(counted), "bare ws and msgpackr over TLS, acknowledged, nothing kept", median(echoed)));
      if (streamed.length > 0)
        rows.push(row(metric, median(counted), `redis-benchmark XADD, ${packedIn} a pipeline, nothing on disk`, median(streamed)));
    }
    return rows;
  } finally {
    for (let close = opened.pop(); close; close = opened.pop()) await close();
  }
}

function row(metric: string, ours: number, peer: string, peerValue: number): Row {
  return {
    bench: "facts",
    metric,
    ours: Math.round(ours),
    peer,
    peerValue: Math.round(peerValue),
    ratio: Math.round((ours / peerValue) * 1_000) / 1_000,
    unit: "messages/s",
    better: "higher",
  };
}

export const bench: Bench = { name: "facts", run };
