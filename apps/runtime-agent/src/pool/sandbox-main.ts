/**
 * Runs inside a sandbox: waits for one run on descriptor 3, loads its code, calls its handler, reports, and ends.
 *
 * It is given to Node as one plain file, so it imports nothing of ours but types (the frame format is described in `channel.ts`). Everything
 * it needs later is taken before template code is loaded: that code may replace any global, and may then spoil its own run,
 * never another one, because each sandbox serves a single run and limits, time and usage are the host's.
 *
 * Reports are written synchronously: what a template printed before it was killed has left the sandbox, and a template
 * that prints faster than the host reads waits instead of filling its memory.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, unlinkSync, writeFileSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "./channel.ts";

type FailureKind = "exception" | "output-too-large" | "output-not-json" | "entry-missing";

const CHANNEL = 3;
const TOKEN_BYTES = 16;
const PARTIAL_BYTES_MAX = 8 * 1024;
const PRINT_BYTES_MAX = 256 * 1024;
const DROPPED_REPORT_BYTES = 1024 * 1024;
const SYNTAX_CHECK_MS = 2000;

const codeDirectory = process.argv[2] ?? "/tmp/code";
const { stringify, parse } = JSON;
const { exit } = process;
const bufferFrom = Buffer.from;
const bufferAlloc = Buffer.allocUnsafe;
const byteLength = Buffer.byteLength;
const pause = new Int32Array(new SharedArrayBuffer(4));
const wait = Atomics.wait;
const write = writeSync;

let token: Buffer = Buffer.alloc(TOKEN_BYTES);
let finished = false;
let codePaths: string[] = [];

function writeAll(bytes: Buffer): void {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += write(CHANNEL, bytes, offset, bytes.length - offset);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EAGAIN") wait(pause, 0, 0, 1);
      else if (code !== "EINTR") exit(70); // The host is gone; so are we.
    }
  }
}

function report(header: object, body: Buffer | string = ""): void {
  const head = bufferFrom(stringify(header));
  const tail = typeof body === "string" ? bufferFrom(body) : body;
  const frame = bufferAlloc(4 + TOKEN_BYTES + 4 + head.length + tail.length);
  frame.writeUInt32LE(TOKEN_BYTES + 4 + head.length + tail.length, 0);
  token.copy(frame, 4);
  frame.writeUInt32LE(head.length, 4 + TOKEN_BYTES);
  head.copy(frame, 8 + TOKEN_BYTES);
  tail.copy(frame, 8 + TOKEN_BYTES + head.length);
  writeAll(frame);
}

let logBytesLeft = 0;
let dropped = 0;
let droppedReported = 0;

/** Beyond the run's log limit nothing is sent, only counted: a flood costs the host nothing. */
function print(stream: "stdout" | "stderr" | "log" | "partial", body: Buffer): void {
  if (body.length === 0 || finished) return;
  const kept = body.length <= logBytesLeft ? body.length : stream === "partial" ? 0 : logBytesLeft;
  logBytesLeft -= kept;
  for (let at = 0; at < kept; at += PRINT_BYTES_MAX)
    report({ t: "print", stream }, body.subarray(at, Math.min(kept, at + PRINT_BYTES_MAX)));
  dropped += body.length - kept;
  if (dropped - droppedReported >= DROPPED_REPORT_BYTES || (dropped > 0 && droppedReported === 0)) reportDropped();
}

function reportDropped(): void {
  if (dropped === droppedReported) return;
  droppedReported = dropped;
  report({ t: "dropped", bytes: dropped });
}

let calling = false;

/** Standard output and error as the template sees them. Raw descriptors 1 and 2 are not captured. */
function capture(stream: "stdout" | "stderr"): void {
  process[stream].write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    const bytes =
      typeof chunk === "string"
        ? bufferFrom(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8")
        : bufferFrom(chunk as Uint8Array);
    print(stream, bytes);
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done !== "function") return true;
    // At once, because a million printed lines in one turn would hold a million callbacks; but not inside another one.
    if (calling) queueMicrotask(() => done());
    else {
      calling = true;
      try {
        done();
      } finally {
        calling = false;
      }
    }
    return true;
  };
}

function finish(header: object, body: string | Buffer = ""): never {
  if (!finished) {
    reportDropped();
    finished = true;
    report(header, body);
  }
  return exit(0);
}

function fail(kind: FailureKind, message: string): never {
  return finish({ t: "failed", kind }, stringify({ message, stack: "" }));
}

/** A module that does not parse names no place in its error; Node's own check of each file does. */
function placeOfSyntaxError(): string | null {
  const deadline = Date.now() + SYNTAX_CHECK_MS;
  for (const path of codePaths.filter((name) => /\.[cm]?js$/.test(name))) {
    if (Date.now() > deadline) return null;
    const { status, stderr } = spawnSync(process.execPath, ["--check", join(codeDirectory, path)], {
      encoding: "utf8",
      timeout: SYNTAX_CHECK_MS,
    });
    if (status !== 0 && stderr.startsWith(`${codeDirectory}/`)) return stderr;
  }
  return null;
}

function failWith(error: unknown): never {
  let message = "The code threw a value that cannot be shown.";
  let stack = "";
  try {
    if (error instanceof Error) {
      message = `${error.name}: ${error.message}`;
      stack = String(error.stack ?? "");
      if (error instanceof SyntaxError && !stack.includes(codeDirectory)) stack = placeOfSyntaxError() ?? stack;
      if (error.cause instanceof Error) message += ` (because of ${error.cause.name}: ${error.cause.message})`;
    } else {
      message = `The code threw ${typeof error === "string" ? stringify(error) : String(error)}, which is not an Error.`;
    }
  } catch {
    // A getter of the template's own that throws: the sentence above stands.
  }
  return finish({ t: "failed", kind: "exception" }, stringify({ message: message.slice(0, 4000), stack: stack.slice(0, 32_000) }));
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

const cancelled = new AbortController();

async function run(command: Command & { t: "run" }, body: Buffer): Promise<void> {
  logBytesLeft = command.logBytes;
  codePaths = command.files.map((file) => file.path);
  let at = 0;
  for (const file of command.files) {
    const path = join(codeDirectory, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body.subarray(at, at + file.bytes));
    at += file.bytes;
  }
  const input: unknown = parse(body.toString("utf8", at));
  const [path = "", name = "default"] = command.entry === "default" ? ["index.mjs"] : command.entry.split("#");
  process.chdir(codeDirectory);
  const module: Record<string, unknown> = await import(pathToFileURL(join(codeDirectory, path)).href);
  const handler = module[name] ?? (name !== "default" ? (module.default as Record<string, unknown> | undefined)?.[name] : undefined);
  if (typeof handler !== "function")
    fail("entry-missing", `${path} has no function exported as ${name}; it exports ${Object.keys(module).join(", ") || "nothing"}.`);
  report({ t: "loaded" });

  const context = Object.freeze({
    run: Object.freeze({ ...command.run }),
    deadline: new Date(command.deadline),
    signal: cancelled.signal,
    log: (text: unknown): void => print("log", bufferFrom(textOf(text))),
    emit: (partial: unknown): void => {
      const json = stringify(partial);
      if (json === undefined) throw new TypeError("emit() takes a value that JSON can carry");
      if (byteLength(json) > PARTIAL_BYTES_MAX) throw new RangeError(`emit() takes at most ${PARTIAL_BYTES_MAX} bytes of JSON`);
      print("partial", bufferFrom(json));
    },
  });
  const output: unknown = await handler(input, context);
  let json: string | undefined;
  try {
    json = stringify(output);
  } catch (error) {
    fail("output-not-json", `The handler's result is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (json === undefined) fail("output-not-json", `The handler returned ${typeof output}, which JSON cannot carry.`);
  const bytes = bufferFrom(json);
  if (bytes.length > command.outputBytes)
    fail("output-too-large", `The output has ${bytes.length} bytes; this run may return ${command.outputBytes}.`);
  finish({ t: "output" }, bytes);
}

function listen(): void {
  const channel = new Socket({ fd: CHANNEL, readable: true, writable: false });
  let held: Buffer[] = [];
  let heldBytes = 0;
  channel.on("data", (chunk: Buffer) => {
    held.push(chunk);
    heldBytes += chunk.length;
    for (;;) {
      const first = held[0];
      if (heldBytes < 4 || first === undefined) return;
      if (first.length < 4) held = [Buffer.concat(held)];
      const length = (held[0] as Buffer).readUInt32LE(0);
      if (heldBytes < 4 + length) return;
      const all = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held);
      held = all.length > 4 + length ? [all.subarray(4 + length)] : [];
      heldBytes = all.length - 4 - length;
      const frame = all.subarray(4, 4 + length);
      const headerBytes = frame.readUInt32LE(TOKEN_BYTES);
      const command = parse(frame.toString("utf8", TOKEN_BYTES + 4, TOKEN_BYTES + 4 + headerBytes)) as Command;
      if (command.t === "cancel") cancelled.abort(new Error("The run was cancelled."));
      else {
        token = Buffer.from(frame.subarray(0, TOKEN_BYTES));
        run(command, frame.subarray(TOKEN_BYTES + 4 + headerBytes)).catch(failWith);
      }
    }
  });
  channel.on("close", () => exit(0));
  channel.on("error", () => exit(70));
}

process.on("uncaughtException", failWith);
process.on("exit", (code) => {
  if (!finished && token.some((byte) => byte !== 0))
    fail("exception", `The code ended its process (exit code ${code}) before the handler returned.`);
});
capture("stdout");
capture("stderr");

// Load the parts of Node that the first run would otherwise wait for.
mkdirSync(codeDirectory, { recursive: true });
const rehearsal = join(codeDirectory, ".rehearsal.mjs");
writeFileSync(rehearsal, "export default async (input, context) => input;\n");
await import(pathToFileURL(rehearsal).href);
unlinkSync(rehearsal);
listen();
report({ t: "ready" });
