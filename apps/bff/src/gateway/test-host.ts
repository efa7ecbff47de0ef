/**
 * A machine as the gateway meets it, in a few lines: key, certificate request, link, frames. It runs nothing; the test says what it
 * reports. Imported by tests only.
 */
import "reflect-metadata";
import { randomUUID, webcrypto } from "node:crypto";
import {
  decodeGatewayFrame,
  encodeFrame,
  type GatewayFrame,
  type HostFrame,
  type Lease,
  linkPath,
  PROTOCOL_VERSION_MAX,
  PROTOCOL_VERSION_MIN,
  type RunResult,
} from "@agent-factory/protocol";
import * as x509 from "@peculiar/x509";
import { WebSocket } from "ws";

export type TestIdentity = { readonly hostId: string; readonly keyPem: string; readonly certificatePem: string; readonly caPem: string };

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export async function createHostKey(): Promise<{ keyPem: string; csrPem: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=whatever,O=the host says",
    keys,
    signingAlgorithm: algorithm,
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return { keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, csrPem: request.toString("pem") };
}

const PROPERTIES = ["network", "write", "syscall", "memory", "cpu", "pids", "proc-sys", "uid", "namespace"] as const;

export type Hello = Extract<HostFrame, { t: "hello" }>;

export function helloOf(now: Date, epoch: string = randomUUID()): Hello {
  return {
    t: "hello",
    protocolMin: PROTOCOL_VERSION_MIN,
    protocolMax: PROTOCOL_VERSION_MAX,
    epoch,
    agentVersion: "test",
    clock: now.getTime(),
    inventory: { os: "linux", arch: "x64", node: "24", cpus: 2, memoryBytes: 1 << 30, gpus: [] },
    capabilities: [],
    proof: {
      provenAt: now.getTime(),
      driver: "bubblewrap",
      cgroup: "v2",
      uid: 65534,
      properties: PROPERTIES.map((name) => ({ name, held: true, evidence: "refused" })),
      verdict: "proven",
    },
    pool: [
      {
        slotKind: "cpu",
        slotsTotal: 4,
        slotsBusy: 0,
        warm: 4,
        warmTarget: 4,
        handOutMsP50: 1,
        handOutMsP99: 2,
        warmHits: 0,
        warmMisses: 0,
      },
    ],
    holding: [],
  };
}

export const usage: RunResult["usage"] = {
  durationMs: 5,
  cpuMs: 2,
  memoryBytesPeak: 1024,
  handOutMs: 1,
  warm: true,
  logBytes: 0,
  logBytesDropped: 0,
};

export function resultOf(
  { runId, attempt, fence }: Pick<Lease, "runId" | "attempt" | "fence">,
  change: Partial<RunResult> = {},
): RunResult {
  return { runId, attempt, fence, outcome: "succeeded", output: { inline: "null" }, error: null, usage, finishedAt: Date.now(), ...change };
}

export type TestLink = {
  readonly socket: WebSocket;
  send(frame: HostFrame): void;
  sendBytes(bytes: Buffer): void;
  /** The next frame of this kind, whether it came already or will; other kinds are kept for later. Fails after five seconds. */
  next<T extends GatewayFrame["t"]>(kind: T): Promise<Extract<GatewayFrame, { t: T }>>;
  readonly ended: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
};

/** Opens the link; resolves when the WebSocket is open, rejects with the gateway's refusal. Says nothing by itself. */
export function openLink(port: number, identity: Partial<TestIdentity> & { caPem: string }): Promise<TestLink> {
  const { promise, resolve, reject } = Promise.withResolvers<TestLink>();
  const credentials = identity.certificatePem === undefined ? {} : { cert: identity.certificatePem, key: identity.keyPem };
  const socket = new WebSocket(`wss://localhost:${port}${linkPath}`, { ca: identity.caPem, ...credentials, minVersion: "TLSv1.3" });
  const frames: GatewayFrame[] = [];
  let arrived: (() => void) | null = null;
  const ended = new Promise<{ code: number; reason: string }>((done) => {
    socket.on("close", (code, reason) => {
      done({ code, reason: reason.toString("utf8") });
      arrived?.();
    });
  });
  socket.on("message", (data: Buffer) => {
    frames.push(decodeGatewayFrame(data));
    arrived?.();
  });
  socket.on("unexpected-response", (_request, response) => {
    let body = "";
    response.on("data", (part: Buffer) => {
      body += part.toString("utf8");
    });
    response.on("end", () => reject(new Error(`${response.statusCode} ${body}`)));
  });
  socket.on("error", reject);
  const link: TestLink = {
    socket,
    ended,
    send: (frame) => socket.send(encodeFrame(frame)),
    sendBytes: (bytes) => socket.send(bytes),
    next: async <T extends GatewayFrame["t"]>(kind: T) => {
      const until = Date.now() + 5_000;
      for (;;) {
        const at = frames.findIndex(({ t }) => t === kind);
        const [found] = at < 0 ? [] : frames.splice(at, 1);
        if (found) return found as Extract<GatewayFrame, { t: T }>;
        if (Date.now() > until || socket.readyState === socket.CLOSED)
          throw new Error(`no ${kind} frame came; waiting: ${frames.map(({ t }) => t).join(", ")}`);
        await new Promise<void>((wake) => {
          const timer = setTimeout(wake, 200);
          arrived = () => {
            clearTimeout(timer);
            wake();
          };
        });
      }
    },
    close: async () => {
      socket.close();
      await ended;
    },
  };
  socket.on("open", () => resolve(link));
  return promise;
}

/** Opens the link and says hello. */
export async function connect(port: number, identity: TestIdentity, hello: Hello): Promise<TestLink> {
  const link = await openLink(port, identity);
  link.send(hello);
  await link.next("welcome");
  return link;
}

/** Waits until `holds` answers something true. */
export async function eventually<T>(what: string, holds: () => Promise<T | null | undefined | false>, timeoutMs = 5_000): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > until) throw new Error(`it did not come true in ${timeoutMs} ms: ${what}`);
    await new Promise((wake) => setTimeout(wake, 15));
  }
}
