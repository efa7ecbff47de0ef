/**
 * The host protocol: what a runtime agent and the gateway say to each other over one outbound WebSocket (TLS 1.3, mutual).
 *
 * Every frame is one binary WebSocket message: MessagePack of `{ t, … }`. A frame larger than {@link FRAME_BYTES_MAX}, of an
 * unknown type or of the wrong shape closes the connection with a reason; nothing accepted before is lost. Times are
 * milliseconds since the epoch on the sender's clock. Larger things (manifest, code, large inputs and outputs) do not
 * travel in frames: the host fetches and stores them over HTTPS on the same port, with the same certificate
 * ({@link blobPath}, {@link outputPath}), authorised by a lease it holds.
 */
import { Packr } from "msgpackr";
import { z } from "zod";

/**
 * Versions this build speaks. The gateway picks the highest both sides speak, or ends the connection with {@link CLOSE_UNSUPPORTED}.
 * A host of version 1 cannot check signatures and is told to update (its agent exits with that sentence); the same for a gateway of it.
 * Version 3 adds `metrics`: a host says it only to a gateway that welcomed it with {@link PROTOCOL_VERSION_METRICS} or more.
 */
export const PROTOCOL_VERSION_MIN = 2;
export const PROTOCOL_VERSION_MAX = 3;
export const PROTOCOL_VERSION_METRICS = 3;

export const FRAME_BYTES_MAX = 1024 * 1024;
/** Inputs and outputs up to this size travel inside frames; larger ones by digest. */
export const INLINE_BYTES_MAX = 64 * 1024;
/** Largest output a run may store, and largest input it may be given. */
export const PAYLOAD_BYTES_MAX = 16 * 1024 * 1024;
export const LEASES_PER_FRAME_MAX = 64;
/** Most leases one host may hold at a time. */
export const HOLDING_MAX = 1024;
export const REVOKED_PER_FRAME_MAX = 1024;
export const LOG_ENTRIES_PER_FRAME_MAX = 256;
export const BATCHES_PER_FRAME_MAX = 32;
export const LOST_PER_BATCH_MAX = 128;
export const LOG_TEXT_BYTES_MAX = 8 * 1024;

/** WebSocket close codes of ours; the reason is `code: sentence`, at most 123 bytes. */
export const CLOSE_MALFORMED = 4400;
export const CLOSE_REVOKED = 4401;
export const CLOSE_UNSUPPORTED = 4406;
/** The host's clock is too far off; the reason names both clocks. Worth trying again once it is set. */
export const CLOSE_CLOCK_SKEW = 4408;
export const CLOSE_REPLACED = 4409;
export const CLOSE_UNPROVEN = 4412;
export const CLOSE_SHUTTING_DOWN = 4503;

const id = z.uuid();
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
/** Counters are kept in 32 bits; the last value is the registry's own. */
const COUNT_MAX = 2_147_483_646;
const fence = z.int().nonnegative();
const sentence = z.string().max(2000);
/** JSON text, not parsed by the gateway: what a template says is data, never structure of ours. */
const json = z.string().max(INLINE_BYTES_MAX);

const payload = z.union([z.object({ inline: json }), z.object({ digest, sizeBytes: z.int().nonnegative().max(PAYLOAD_BYTES_MAX) })]);

/** What the host tried at start, and what stopped it. `held` false: the property is not enforced on this host. */
export const sandboxProof = z.object({
  provenAt: z.int(),
  driver: z.enum(["bubblewrap", "process"]),
  cgroup: z.enum(["v1", "v2", "none"]),
  uid: z.int(),
  properties: z
    .array(
      z.object({
        name: z.enum(["network", "write", "syscall", "memory", "cpu", "pids", "proc-sys", "uid", "namespace"]),
        held: z.boolean(),
        evidence: sentence,
      }),
    )
    .max(32),
  /** `proven`: every property held. `opted-out`: the operator accepted a weaker sandbox by explicit setting. */
  verdict: z.enum(["proven", "opted-out"]),
});

const poolLevel = z.object({
  slotKind: z.literal("cpu"),
  slotsTotal: z.int().nonnegative(),
  slotsBusy: z.int().nonnegative(),
  warm: z.int().nonnegative(),
  warmTarget: z.int().nonnegative(),
  handOutMsP50: z.number().nonnegative().nullable(),
  handOutMsP99: z.number().nonnegative().nullable(),
  warmHits: z.int().nonnegative(),
  warmMisses: z.int().nonnegative(),
});

const hold = z.object({ runId: id, attempt: z.int().positive().max(COUNT_MAX), fence });

/** One run given to one host until `expiresAt` (gateway's clock). The fence makes its holder unique. */
export const lease = hold.extend({
  tenantId: id,
  kind: z.enum(["try", "run"]),
  templateName: z.string().max(63),
  driver: z.enum(["node", "noop"]),
  manifestDigest: digest,
  /** What the host demands of the bundle before it runs a published version; null for tries and no-ops, which nobody signs. */
  signed: z.object({ subjectName: z.string().max(1000), semver: z.string().max(100), bundleDigest: digest }).nullable(),
  code: z.object({ digest, entry: z.string().max(200) }).nullable(),
  input: payload,
  limits: z.object({
    timeoutMs: z.int().positive(),
    memoryBytes: z.int().positive(),
    cpuMillis: z.int().positive(),
    pids: z.int().positive(),
    logBytes: z.int().positive(),
    outputBytes: z.int().positive(),
  }),
  expiresAt: z.int(),
  traceparent: z.string().max(64).nullable(),
});

/** Where in the template's own code an exception arose. `file` is relative to the code archive. */
const runError = z.object({
  /** `exception` in the template's code; the rest are the sandbox's or the host's verdicts. */
  kind: z.enum([
    "exception",
    "timeout",
    "memory",
    "pids",
    "output-too-large",
    "output-not-json",
    /** The registry's own verdict, after the host's: the output breaks the template's output schema. Hosts never send it. */
    "output-invalid",
    "code-unavailable",
    "entry-missing",
    /** The host refused to run a version: `check` names what did not hold. Never tried again: damage does not go away. */
    "integrity",
    /** The sandbox died through no fault of the template's code: the registry tries again while attempts are left. */
    "sandbox-lost",
    "internal",
  ]),
  message: z.string().max(4000),
  /** Of an `integrity` error: a check of `packages/gate`, or one of the host's own. */
  check: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .optional(),
  stack: z
    .array(z.object({ function: z.string().max(200).nullable(), file: z.string().max(500), line: z.int(), column: z.int() }))
    .max(50)
    .default([]),
});

export const runUsage = z.object({
  durationMs: z.number().nonnegative(),
  cpuMs: z.number().nonnegative(),
  memoryBytesPeak: z.int().nonnegative(),
  handOutMs: z.number().nonnegative(),
  warm: z.boolean(),
  logBytes: z.int().nonnegative(),
  logBytesDropped: z.int().nonnegative(),
});

export const runResult = hold.extend({
  outcome: z.enum(["succeeded", "failed", "cancelled"]),
  output: payload.nullable(),
  error: runError.nullable(),
  usage: runUsage,
  finishedAt: z.int(),
});

const used = z.number().nonnegative().max(1e12);

/**
 * What a host did in a span of some ten seconds. The number rises by one within an epoch; the same number again is the same batch.
 * There is no time of day in it: a host's clock may be wrong.
 */
export const metricsBatch = z.object({
  seq: z.int().nonnegative(),
  /** How long ago the span ended, by the host's steady clock, when the frame was sent. */
  ageMs: used,
  spanMs: z
    .number()
    .nonnegative()
    .max(10 * 60_000),
  /** What its slots could have worked in the span, and what they did, in slot-milliseconds. */
  slotMs: used,
  busySlotMs: used,
  /** Batches before this one that the host had to forget: they waited too long. */
  batchesDropped: z.int().nonnegative(),
  /** What attempts used whose result nobody wants or counted: their leases were lost. */
  lost: z.array(hold.extend({ durationMs: used, cpuMs: used, memoryBytesPeak: z.int().nonnegative() })).max(LOST_PER_BATCH_MAX),
});

export const hostFrame = z.discriminatedUnion("t", [
  z.object({
    t: z.literal("hello"),
    protocolMin: z.int(),
    protocolMax: z.int(),
    /** New at every start of the agent: leases of an older epoch are lost. */
    epoch: id,
    agentVersion: z.string().max(50),
    clock: z.int(),
    inventory: z.object({
      os: z.string().max(100),
      arch: z.string().max(20),
      node: z.string().max(20),
      cpus: z.int().positive(),
      memoryBytes: z.int().positive(),
      gpus: z.array(z.object({ uuid: z.string().max(100), name: z.string().max(200), memoryBytes: z.int() })).max(64),
    }),
    capabilities: z.array(z.string().max(63)).max(64),
    proof: sandboxProof,
    pool: z.array(poolLevel).max(8),
    /**
     * Leases it still works on after a reconnect, and those whose result no `ack` has named yet. The gateway answers `cancel`
     * (`lease-lost`) for those it no longer grants; leases of this epoch that are not named here were never delivered, and are
     * given to somebody else without costing an attempt.
     */
    holding: z.array(hold).max(HOLDING_MAX),
  }),
  /** How many more runs it can take now: an absolute number, not a delta. `warm`: code digests it holds ready. */
  z.object({
    t: z.literal("credit"),
    slots: z.array(z.object({ slotKind: z.literal("cpu"), free: z.int().nonnegative().max(4096) })).max(8),
    warm: z.array(digest).max(256),
    /**
     * How many leases arrived on this connection before this credit was counted. Leases that crossed the frame on the wire are
     * then subtracted by the gateway, so that a host is never given more than it can take. Without it a crossing lease may have
     * to be refused.
     */
    received: z.int().nonnegative().optional(),
  }),
  z.object({
    t: z.literal("started"),
    runs: z.array(hold.extend({ at: z.int(), handOutMs: z.number().nonnegative(), warm: z.boolean() })).max(LEASES_PER_FRAME_MAX),
  }),
  /** Kept by the host and sent again after a reconnect until an `ack` names it. */
  z.object({ t: z.literal("result"), results: z.array(runResult).max(LEASES_PER_FRAME_MAX) }),
  /** Leases the host gives back unrun; they do not cost an attempt. */
  z.object({ t: z.literal("refuse"), runs: z.array(hold.extend({ reason: sentence })).max(LEASES_PER_FRAME_MAX) }),
  z.object({
    t: z.literal("log"),
    entries: z
      .array(
        hold.extend({
          seq: z.int().nonnegative().max(COUNT_MAX),
          at: z.int(),
          /** `log` and `partial` come from the handler's context; `system` is the host speaking. `partial` text is JSON. */
          stream: z.enum(["stdout", "stderr", "log", "partial", "system"]),
          text: z.string().max(LOG_TEXT_BYTES_MAX),
        }),
      )
      .max(LOG_ENTRIES_PER_FRAME_MAX),
  }),
  z.object({
    t: z.literal("heartbeat"),
    clock: z.int(),
    /** Leases it works on or whose result is not acked yet: each is extended, or cancelled if no longer granted. */
    holding: z.array(hold).max(HOLDING_MAX),
    pool: z.array(poolLevel).max(8),
    load1: z.number().nonnegative(),
    memoryBytesFree: z.int().nonnegative(),
  }),
  /** Kept by the host and sent again after a reconnect until a `metrics-ack` names it; bounded. `epoch` as in `hello`. */
  z.object({ t: z.literal("metrics"), epoch: id, batches: z.array(metricsBatch).max(BATCHES_PER_FRAME_MAX) }),
  z.object({ t: z.literal("renew"), csrPem: z.string().max(8 * 1024) }),
  z.object({ t: z.literal("drained") }),
]);

export const gatewayFrame = z.discriminatedUnion("t", [
  z.object({
    t: z.literal("welcome"),
    protocol: z.int(),
    hostId: id,
    clock: z.int(),
    heartbeatMs: z.int().positive(),
    leaseMs: z.int().positive(),
  }),
  z.object({ t: z.literal("work"), leases: z.array(lease).min(1).max(LEASES_PER_FRAME_MAX) }),
  /**
   * `requested`: the run is asked to stop. `revoked`: its version may not run any more, so it is ended at once; both report the end.
   * `lease-lost`: ended at once and without a word, because the fence is no longer the host's.
   */
  z.object({
    t: z.literal("cancel"),
    runs: z.array(hold.extend({ reason: z.enum(["requested", "lease-lost", "revoked"]) })).max(HOLDING_MAX),
  }),
  z.object({
    t: z.literal("ack"),
    results: z.array(hold.extend({ accepted: z.boolean(), reason: sentence.nullable() })).max(LEASES_PER_FRAME_MAX),
  }),
  /** Counted, now or before: the host need not keep them. */
  z.object({ t: z.literal("metrics-ack"), epoch: id, seqs: z.array(z.int().nonnegative()).max(BATCHES_PER_FRAME_MAX) }),
  z.object({ t: z.literal("renewed"), certificatePem: z.string().max(16 * 1024), caPem: z.string().max(16 * 1024) }),
  /**
   * Trust has changed. No version with one of these manifest digests runs any more, and the host fetches trust anew before it believes
   * the next bundle; without digests only the latter.
   */
  z.object({ t: z.literal("revoke"), digests: z.array(digest).max(REVOKED_PER_FRAME_MAX) }),
  /** Stop taking work (`cordon`), take it again (`uncordon`), finish what runs and say `drained` (`drain`). */
  z.object({ t: z.literal("cordon"), reason: sentence }),
  z.object({ t: z.literal("uncordon") }),
  z.object({ t: z.literal("drain"), reason: sentence }),
]);

export type Digest = z.infer<typeof digest>;
export type Hold = z.infer<typeof hold>;
export type Lease = z.infer<typeof lease>;
export type RunResult = z.infer<typeof runResult>;
export type RunError = z.infer<typeof runError>;
export type RunUsage = z.infer<typeof runUsage>;
export type SandboxProof = z.infer<typeof sandboxProof>;
export type MetricsBatch = z.infer<typeof metricsBatch>;
export type PoolLevel = z.infer<typeof poolLevel>;
export type HostFrame = z.infer<typeof hostFrame>;
export type GatewayFrame = z.infer<typeof gatewayFrame>;

/** `POST` without a client certificate: a join token and a CSR in, a certificate out. Body {@link enrolRequest}. */
export const enrolPath = "/enrol";
/** The WebSocket upgrade. */
export const linkPath = "/link";
/**
 * `GET` the bytes of a manifest, bundle, code archive or input that a lease held by the caller names. Bytes that the registry has damaged
 * are refused with the code {@link BLOB_CORRUPT}: trying again is of no use.
 */
export const blobPath = (hold: Hold, blob: Digest): string =>
  `/runs/${hold.runId}/blobs/${blob}?attempt=${hold.attempt}&fence=${hold.fence}`;
/** `PUT` an output larger than {@link INLINE_BYTES_MAX}; answers `{ digest, sizeBytes }`. */
export const outputPath = (hold: Hold): string => `/runs/${hold.runId}/output?attempt=${hold.attempt}&fence=${hold.fence}`;

/**
 * `GET` whom to believe about a tenant that the caller serves: a DSSE envelope by the trust root, as `openTrust` of `packages/gate`
 * reads it.
 */
export const trustPath = (tenantId: string): string => `/trust?tenant=${tenantId}`;
/** `GET` the trust root's public key, {@link trustRootReply}: what a host pins the first time and only compares afterwards. */
export const trustRootPath = "/trust-root";
/** `spki`: base64 of the DER of an Ed25519 key. */
export const trustRootReply = z.object({ spki: z.string().max(500) });

export const enrolRequest = z.object({ token: z.string().max(500), csrPem: z.string().max(8 * 1024), clock: z.int() });
export const enrolReply = z.object({
  hostId: id,
  hostName: z.string(),
  certificatePem: z.string(),
  caPem: z.string(),
  trustDomain: z.string(),
  clock: z.int(),
});
export const BLOB_CORRUPT = "blob.corrupt";
/** Refusals over HTTPS: `code` as in the domain's failures (`fleet.join-token-used`, `fleet.clock-skew`, …). */
export const refusal = z.object({ code: z.string(), message: z.string() });

/**
 * A join token as an operator copies it: `afj1.<id>.<secret>.<sha256 of the CA certificate, hex>`. The fingerprint lets the
 * host authenticate the gateway before it holds any trust of its own.
 */
export type JoinTokenParts = { readonly tokenId: string; readonly secret: string; readonly caFingerprint: string };

export function formatJoinToken(parts: JoinTokenParts): string {
  return `afj1.${parts.tokenId}.${parts.secret}.${parts.caFingerprint}`;
}

/** Null when the text is not a join token at all. */
export function parseJoinToken(text: string): JoinTokenParts | null {
  const match = /^afj1\.([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})\.([0-9a-f]{64})$/.exec(text.trim());
  if (!match) return null;
  const [, tokenId, secret, caFingerprint] = match as unknown as [string, string, string, string];
  return { tokenId, secret, caFingerprint };
}

/** A frame that may not be spoken: too large, not MessagePack, or not of a known shape. The connection closes with `reason`. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame";
}

const packr = new Packr({ useRecords: false });

export function encodeFrame(frame: HostFrame | GatewayFrame): Buffer {
  const bytes = packr.pack(frame);
  if (bytes.length > FRAME_BYTES_MAX) throw new MalformedFrame(`frame ${frame.t} has ${bytes.length} bytes, more than ${FRAME_BYTES_MAX}`);
  return bytes;
}

/** @throws MalformedFrame */
export function decodeHostFrame(bytes: Buffer): HostFrame {
  return decode(hostFrame, bytes);
}

/** @throws MalformedFrame */
export function decodeGatewayFrame(bytes: Buffer): GatewayFrame {
  return decode(gatewayFrame, bytes);
}

function decode<T>(schema: z.ZodType<T>, bytes: Buffer): T {
  if (bytes.length > FRAME_BYTES_MAX) throw new MalformedFrame(`frame has ${bytes.length} bytes, more than ${FRAME_BYTES_MAX}`);
  let value: unknown;
  try {
    value = packr.unpack(bytes);
  } catch (cause) {
    throw new MalformedFrame("frame is not MessagePack", { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MalformedFrame(`frame ${frameType(value)}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "wrong shape"}`);
}

function frameType(value: unknown): string {
  const type = typeof value === "object" && value !== null && "t" in value ? value.t : undefined;
  return typeof type === "string" ? type.slice(0, 20) : "without a type";
}
