/**
 * The agent's end of a sandbox's channel. A frame is
 *
 *     u32 length of what follows · 16 bytes token · u32 header length · header (JSON) · body (bytes)
 *
 * little-endian. The token is drawn for each run and told to the runtime before template code is loaded, so bytes that template
 * code writes to the descriptor itself are recognised. It shares a process with that code, therefore the token is no secret
 * from a determined attacker: what it could forge is its own run's result, and nothing else.
 */
import type { Duplex } from "node:stream";

export const TOKEN_BYTES = 16;
export const NO_TOKEN: Buffer = Buffer.alloc(TOKEN_BYTES);
const HEADER_BYTES_MAX = 64 * 1024;

export type CodeFile = { readonly path: string; readonly bytes: Buffer };

/** What the agent tells a sandbox. */
export type Command =
  | {
      readonly t: "run";
      readonly entry: string;
      readonly run: { readonly id: string; readonly attempt: number };
      readonly deadline: number;
      readonly logBytes: number;
      readonly outputBytes: number;
      readonly files: readonly { readonly path: string; readonly bytes: number }[];
    }
  | { readonly t: "cancel" };

/** What a sandbox may say; anything else is a broken channel. */
export type Report =
  | { readonly t: "ready" }
  | { readonly t: "loaded" }
  | { readonly t: "print"; readonly stream: "stdout" | "stderr" | "log" | "partial" }
  | { readonly t: "dropped"; readonly bytes: number }
  | { readonly t: "output" }
  | { readonly t: "failed"; readonly kind: "exception" | "output-too-large" | "output-not-json" | "entry-missing" };

export class BrokenChannel extends Error {
  override readonly name = "BrokenChannel";
}

export function encodeCommand(command: Command, token: Buffer, bodies: readonly Buffer[]): Buffer[] {
  const header = Buffer.from(JSON.stringify(command));
  const start = Buffer.allocUnsafe(4 + TOKEN_BYTES + 4);
  const bodyBytes = bodies.reduce((sum, body) => sum + body.length, 0);
  start.writeUInt32LE(TOKEN_BYTES + 4 + header.length + bodyBytes, 0);
  token.copy(start, 4);
  start.writeUInt32LE(header.length, 4 + TOKEN_BYTES);
  return [start, header, ...bodies];
}

/** Splits a byte stream into frames without copying more than the unfinished one. `frameBytesMax` bounds what it holds. */
export class FrameReader {
  #parts: Buffer[] = [];
  #held = 0;
  #needed = 4;
  readonly #frameBytesMax: number;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** @throws BrokenChannel */
  *push(chunk: Buffer): Generator<{ token: Buffer; report: Report; body: Buffer }> {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#needed) return;
    let rest = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    while (rest.length >= 4) {
      const length = rest.readUInt32LE(0);
      if (length < TOKEN_BYTES + 4 || length > this.#frameBytesMax) throw new BrokenChannel(`a frame of ${length} bytes`);
      if (rest.length < 4 + length) break;
      yield decode(rest.subarray(4, 4 + length));
      rest = rest.subarray(4 + length);
    }
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    this.#needed = rest.length >= 4 ? 4 + rest.readUInt32LE(0) : 4;
  }
}

function decode(frame: Buffer): { token: Buffer; report: Report; body: Buffer } {
  const headerBytes = frame.readUInt32LE(TOKEN_BYTES);
  const start = TOKEN_BYTES + 4;
  if (headerBytes > HEADER_BYTES_MAX || start + headerBytes > frame.length) throw new BrokenChannel("a header that does not fit its frame");
  let value: unknown;
  try {
    value = JSON.parse(frame.toString("utf8", start, start + headerBytes));
  } catch {
    throw new BrokenChannel("a header that is not JSON");
  }
  return { token: frame.subarray(0, TOKEN_BYTES), report: parseReport(value), body: frame.subarray(start + headerBytes) };
}

const STREAMS = ["stdout", "stderr", "log", "partial"] as const;
const FAILURES = ["exception", "output-too-large", "output-not-json", "entry-missing"] as const;

/** By hand and not by schema: it stands in the path of every printed line. */
function parseReport(value: unknown): Report {
  if (typeof value === "object" && value !== null && "t" in value) {
    if (value.t === "ready" || value.t === "loaded" || value.t === "output") return { t: value.t };
    if (value.t === "print" && "stream" in value) {
      const stream = STREAMS.find((name) => name === value.stream);
      if (stream) return { t: "print", stream };
    }
    if (
      value.t === "dropped" &&
      "bytes" in value &&
      typeof value.bytes === "number" &&
      Number.isSafeInteger(value.bytes) &&
      value.bytes >= 0
    )
      return { t: "dropped", bytes: value.bytes };
    if (value.t === "failed" && "kind" in value) {
      const kind = FAILURES.find((name) => name === value.kind);
      if (kind) return { t: "failed", kind };
    }
  }
  throw new BrokenChannel("a report of an unknown shape");
}

export function sendCommand(channel: Duplex, command: Command, token: Buffer, bodies: readonly Buffer[] = []): void {
  channel.cork();
  for (const part of encodeCommand(command, token, bodies)) channel.write(part);
  channel.uncork();
}
