import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import {
  blobPath,
  decodeGatewayFrame,
  decodeHostFrame,
  encodeFrame,
  FRAME_BYTES_MAX,
  formatJoinToken,
  type GatewayFrame,
  type HostFrame,
  INLINE_BYTES_MAX,
  LOG_TEXT_BYTES_MAX,
  MalformedFrame,
  outputPath,
  parseJoinToken,
  trustPath,
} from "./protocol.ts";

const packr = new Packr({ useRecords: false });
const hold = { runId: randomUUID(), attempt: 1, fence: 1 };
const digest = `sha256:${"a".repeat(64)}` as const;
const usage = { durationMs: 1, cpuMs: 1, memoryBytesPeak: 1, handOutMs: 1, warm: true, logBytes: 0, logBytesDropped: 0 };

const hostFrames: HostFrame[] = [
  { t: "credit", slots: [{ slotKind: "cpu", free: 4 }], warm: [digest], received: 7 },
  { t: "credit", slots: [], warm: [] },
  { t: "started", runs: [{ ...hold, at: 1, handOutMs: 0.5, warm: true }] },
  { t: "result", results: [{ ...hold, outcome: "succeeded", output: { inline: "{}" }, error: null, usage, finishedAt: 1 }] },
  {
    t: "result",
    results: [
      {
        ...hold,
        outcome: "failed",
        output: null,
        error: { kind: "integrity", message: "The bundle is signed by nobody we know.", check: "key-known", stack: [] },
        usage,
        finishedAt: 1,
      },
    ],
  },
  { t: "refuse", runs: [{ ...hold, reason: "full" }] },
  { t: "log", entries: [{ ...hold, seq: 0, at: 1, stream: "log", text: "é\u0000" }] },
  { t: "heartbeat", clock: 1, holding: [hold], pool: [], load1: 0.1, memoryBytesFree: 1 },
  {
    t: "metrics",
    epoch: randomUUID(),
    batches: [
      {
        seq: 0,
        ageMs: 3.5,
        spanMs: 10_000,
        slotMs: 40_000,
        busySlotMs: 12_345.6,
        batchesDropped: 0,
        lost: [{ ...hold, durationMs: 5, cpuMs: 4, memoryBytesPeak: 3 }],
      },
    ],
  },
  { t: "renew", csrPem: "x" },
  { t: "drained" },
];
const gatewayFrames: GatewayFrame[] = [
  { t: "welcome", protocol: 2, hostId: randomUUID(), clock: 1, heartbeatMs: 2_000, leaseMs: 10_000 },
  {
    t: "work",
    leases: [
      {
        ...hold,
        tenantId: randomUUID(),
        kind: "run",
        templateName: "invoice-triage",
        driver: "node",
        manifestDigest: digest,
        signed: { subjectName: "finance/templates/invoice-triage@1.4.0", semver: "1.4.0", bundleDigest: digest },
        code: { digest, entry: "default" },
        input: { inline: "{}" },
        limits: { timeoutMs: 1, memoryBytes: 1, cpuMillis: 1, pids: 1, logBytes: 1, outputBytes: 1 },
        expiresAt: 1,
        traceparent: null,
      },
    ],
  },
  { t: "cancel", runs: [{ ...hold, reason: "requested" }] },
  { t: "revoke", digests: [digest] },
  { t: "ack", results: [{ ...hold, accepted: false, reason: "lease-lost" }] },
  { t: "metrics-ack", epoch: randomUUID(), seqs: [0, 1] },
  { t: "cordon", reason: "kernel" },
  { t: "uncordon" },
  { t: "drain", reason: "moving" },
];

test("every frame comes out of the wire as it went in", () => {
  for (const frame of hostFrames) expect(decodeHostFrame(encodeFrame(frame))).toEqual(frame);
  for (const frame of gatewayFrames) expect(decodeGatewayFrame(encodeFrame(frame))).toEqual(frame);
});

describe("is malformed", () => {
  const refused = (value: unknown, says: string) => {
    expect(() => decodeHostFrame(Buffer.from(packr.pack(value)))).toThrow(MalformedFrame);
    expect(() => decodeHostFrame(Buffer.from(packr.pack(value)))).toThrow(says);
  };

  test("what is not MessagePack, or is cut short", () => {
    const whole = encodeFrame(hostFrames[3] as HostFrame);
    for (const bytes of [Buffer.alloc(0), Buffer.from([0xc1]), Buffer.from("{}"), whole.subarray(0, whole.length - 1)]) {
      expect(() => decodeHostFrame(bytes)).toThrow(MalformedFrame);
    }
  });

  test("an unknown type, or none", () => {
    refused({ t: "open-the-door" }, "open-the-door");
    refused({}, "without a type");
    refused(null, "without a type");
    refused([{ t: "drained" }], "without a type");
  });

  test("a wrong shape, and the reason says where", () => {
    refused({ t: "refuse", runs: [{ ...hold, fence: -1, reason: "" }] }, "runs.0.fence");
    refused({ t: "refuse", runs: [{ ...hold, attempt: 2 ** 40, reason: "" }] }, "runs.0.attempt");
    refused({ t: "result", results: [{ ...hold, outcome: "won" }] }, "results.0.outcome");
    const error = { kind: "integrity", message: "", check: "Key known?", stack: [] };
    refused({ t: "result", results: [{ ...hold, outcome: "failed", output: null, error, usage, finishedAt: 1 }] }, "results.0.error.check");
    refused({ t: "heartbeat", clock: Number.NaN, holding: [], pool: [], load1: 0, memoryBytesFree: 0 }, "clock");
  });

  test("what is larger than its bound: a text, an inline output, a list, a frame", () => {
    refused({ t: "log", entries: [{ ...hold, seq: 0, at: 1, stream: "log", text: "x".repeat(LOG_TEXT_BYTES_MAX + 1) }] }, "entries.0.text");
    refused(
      { t: "result", results: [{ ...hold, outcome: "succeeded", output: { inline: "x".repeat(INLINE_BYTES_MAX + 1) } }] },
      "results.0",
    );
    refused({ t: "refuse", runs: Array.from({ length: 65 }, () => ({ ...hold, reason: "" })) }, "runs");
    expect(() => decodeHostFrame(Buffer.alloc(FRAME_BYTES_MAX + 1))).toThrow("more than");
    const entries = Array.from({ length: 200 }, (_, seq) => ({
      ...hold,
      seq,
      at: 1,
      stream: "log" as const,
      text: "x".repeat(LOG_TEXT_BYTES_MAX),
    }));
    expect(() => encodeFrame({ t: "log", entries })).toThrow(MalformedFrame);
  });
});

test("no bytes whatever make the decoder fail in another way than by saying that they are malformed", () => {
  const decodes = (bytes: Uint8Array) => {
    try {
      decodeHostFrame(Buffer.from(bytes));
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedFrame);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), decodes), { numRuns: 2_000 });
  const damaged = fc.tuple(fc.constantFrom(...hostFrames), fc.nat(), fc.integer({ min: 0, max: 255 })).map(([frame, at, byte]) => {
    const bytes = Buffer.from(encodeFrame(frame));
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(fc.property(damaged, decodes), { numRuns: 2_000 });
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom("hello", "credit", "result", "log", "x"), (value, t) => {
      let bytes: Buffer;
      try {
        bytes = packr.pack({ ...(typeof value === "object" ? value : { value }), t });
      } catch {
        return;
      }
      decodes(bytes);
    }),
    { numRuns: 500 },
  );
});

test("a join token is read back in its parts, and nothing else is a join token", () => {
  const parts = { tokenId: randomUUID(), secret: "A-_9".repeat(10).concat("abc"), caFingerprint: "0f".repeat(32) };
  expect(parseJoinToken(` ${formatJoinToken(parts)}\n`)).toEqual(parts);
  fc.assert(fc.property(fc.string(), (text) => parseJoinToken(text) === null));
  expect(parseJoinToken(`${formatJoinToken(parts)}x`)).toBeNull();
});

test("paths name the run, the attempt and the fence", () => {
  const { runId } = hold;
  expect(blobPath(hold, digest)).toBe(`/runs/${runId}/blobs/${digest}?attempt=1&fence=1`);
  expect(trustPath(runId)).toBe(`/trust?tenant=${runId}`);
  expect(outputPath(hold)).toBe(`/runs/${runId}/output?attempt=1&fence=1`);
});
