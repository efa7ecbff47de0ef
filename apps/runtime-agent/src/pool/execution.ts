/**
 * One run in one sandbox: sends code and input, passes on what is printed, and says how it ended. Time, size and memory are judged
 * here and by the kernel; the sandbox is only believed about its own output and its own exception.
 */
import { randomBytes } from "node:crypto";
import type { RunError } from "@agent-factory/protocol";
import { BrokenChannel, type CodeFile, FrameReader, NO_TOKEN, type Report, sendCommand, TOKEN_BYTES } from "./channel.ts";
import type { Sandbox, SandboxExit, SandboxUsage } from "./sandbox.ts";
import { parseStack } from "./stack.ts";

export type PrintStream = "stdout" | "stderr" | "log" | "partial";

export type Job = {
  readonly run: { readonly id: string; readonly attempt: number };
  /** `default` is the default export of `index.mjs`; `path/to.mjs#name` is that export. */
  readonly entry: string;
  readonly files: readonly CodeFile[];
  /** JSON text. */
  readonly input: Buffer;
  readonly limits: {
    readonly timeoutMs: number;
    readonly memoryBytes: number;
    readonly cpuMillis: number;
    readonly pids: number;
    readonly logBytes: number;
    readonly outputBytes: number;
  };
  /** Called in order, before the ending is known; at most `limits.logBytes` in all. */
  readonly onPrint: (stream: PrintStream, bytes: Buffer) => void;
};

export type Ending = {
  readonly outcome: "succeeded" | "failed" | "cancelled";
  /** JSON text, when it succeeded. */
  readonly output: Buffer | null;
  readonly error: RunError | null;
  readonly usage: SandboxUsage;
  readonly durationMs: number;
  readonly logBytes: number;
  readonly logBytesDropped: number;
};

/** How long code may react to its abort signal before it is killed. */
const CANCEL_GRACE_MS = 1000;
/** What a dead sandbox had still written is read until its channel ends; that it ends is the kernel's promise, this only a bound. */
const LAST_WORDS_MS = 5000;
/** Node, V8's threads and bubblewrap are themselves about a dozen: less than this and nothing could run at all. */
const PIDS_MIN = 20;
const REPORT_BYTES_MAX = 256 * 1024 + 4096;

export class Execution {
  /** Resolves when the template's code is loaded in the sandbox, or when the run ended before that. */
  readonly loaded: Promise<void>;
  readonly ended: Promise<Ending>;
  readonly #loaded = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<Ending>();
  readonly #sandbox: Sandbox;
  readonly #job: Job;
  readonly #token = randomBytes(TOKEN_BYTES);
  readonly #startedAt = performance.now();
  readonly #usageBefore: SandboxUsage;
  readonly #timeout: NodeJS.Timeout;
  #cancelTimer: NodeJS.Timeout | null = null;
  #cancelled = false;
  #over = false;
  #logBytes = 0;
  #droppedHere = 0;
  #droppedInside = 0;

  /** Arms the sandbox and starts the run at once. The caller destroys the sandbox after `ended`. */
  constructor(sandbox: Sandbox, job: Job) {
    this.#sandbox = sandbox;
    this.#job = job;
    this.loaded = this.#loaded.promise;
    this.ended = this.#ended.promise;
    const { limits } = job;
    sandbox.arm({ memoryBytes: limits.memoryBytes, cpuMillis: limits.cpuMillis, pids: Math.max(PIDS_MIN, limits.pids) });
    this.#usageBefore = sandbox.usage();
    this.#timeout = setTimeout(() => {
      this.#conclude(this.#failure("timeout", `The run did not end within ${limits.timeoutMs} ms.`));
    }, limits.timeoutMs);
    this.#listen();
    const files = job.files.map((file) => ({ path: file.path, bytes: file.bytes.length }));
    sendCommand(
      sandbox.channel,
      {
        t: "run",
        entry: job.entry,
        run: job.run,
        deadline: Date.now() + limits.timeoutMs,
        logBytes: limits.logBytes,
        outputBytes: limits.outputBytes,
        files,
      },
      this.#token,
      [...job.files.map((file) => file.bytes), job.input],
    );
  }

  /** Asks the code to stop, and kills it when it does not. The run ends `cancelled`, whatever the code still answers. */
  cancel(graceMs = CANCEL_GRACE_MS): void {
    if (this.#cancelled || this.#over) return;
    this.#cancelled = true;
    if (graceMs <= 0) this.#conclude(this.#cancellation());
    else {
      sendCommand(this.#sandbox.channel, { t: "cancel" }, this.#token);
      this.#cancelTimer = setTimeout(() => this.#conclude(this.#cancellation()), graceMs);
    }
  }

  #listen(): void {
    const { channel, exited } = this.#sandbox;
    const reader = new FrameReader(Math.max(this.#job.limits.outputBytes + 4096, REPORT_BYTES_MAX));
    const channelEnded = Promise.withResolvers<void>();
    channel.on("data", (chunk: Buffer) => {
      if (this.#over) return;
      try {
        for (const { token, report, body } of reader.push(chunk)) {
          if (!token.equals(this.#token))
            throw new BrokenChannel(token.equals(NO_TOKEN) ? "a report without the run's token" : "a foreign token");
          this.#hear(report, body);
        }
      } catch (error) {
        const reason = error instanceof BrokenChannel ? error.message : String(error);
        this.#conclude(this.#failure("exception", `The code wrote to the sandbox's control channel (${reason}); the run was ended.`));
      }
    });
    channel.once("close", channelEnded.resolve);
    channel.once("end", channelEnded.resolve);
    channel.resume();
    void exited.then(async (exit) => {
      const bound = setTimeout(channelEnded.resolve, LAST_WORDS_MS);
      await channelEnded.promise;
      clearTimeout(bound);
      this.#conclude(this.#explain(exit));
    });
  }

  #hear(report: Report, body: Buffer): void {
    if (report.t === "loaded") this.#loaded.resolve();
    else if (report.t === "print") this.#print(report.stream, body);
    else if (report.t === "dropped") this.#droppedInside = report.bytes;
    else if (report.t === "output") {
      if (this.#cancelled) this.#conclude(this.#cancellation());
      else this.#conclude({ outcome: "succeeded", output: Buffer.from(body), error: null });
    } else if (report.t === "failed") this.#conclude(this.#cancelled ? this.#cancellation() : this.#reported(report.kind, body));
  }

  #print(stream: PrintStream, body: Buffer): void {
    const room = this.#job.limits.logBytes - this.#logBytes;
    const kept = body.length <= room ? body : stream === "partial" ? body.subarray(0, 0) : body.subarray(0, room);
    this.#droppedHere += body.length - kept.length;
    this.#logBytes += kept.length;
    if (kept.length > 0) this.#job.onPrint(stream, kept);
  }

  #reported(kind: Exclude<RunError["kind"], "timeout">, body: Buffer): Verdict {
    let message = "The code failed without a message.";
    let stack = "";
    try {
      const told: unknown = JSON.parse(body.toString("utf8"));
      if (typeof told === "object" && told !== null) {
        if ("message" in told && typeof told.message === "string") message = told.message;
        if ("stack" in told && typeof told.stack === "string") stack = told.stack;
      }
    } catch {
      // The code spoiled its own report; the kind stands.
    }
    const refused = this.#sandbox.usage().pidsRefused;
    if (kind === "exception" && refused > 0 && /EAGAIN|ERR_WORKER_INIT_FAILED/.test(message))
      return this.#failure(
        "pids",
        `The run may have ${this.#job.limits.pids} processes and threads; ${refused} more were refused. ${message}`,
        stack,
      );
    return this.#failure(kind, message, stack);
  }

  /** The process ended without a result. Why, from the kernel's counters first. */
  #explain(exit: SandboxExit): Verdict {
    if (this.#cancelled) return this.#cancellation();
    const usage = this.#sandbox.usage();
    const { limits } = this.#job;
    if (usage.oomKills > 0 || exit.stderrTail.includes("heap out of memory"))
      return this.#failure("memory", `The run needed more than its ${Math.round(limits.memoryBytes / 2 ** 20)} MiB of memory.`);
    if (usage.pidsRefused > 0)
      return this.#failure(
        "pids",
        `The run may have ${limits.pids} processes and threads; ${usage.pidsRefused} more were refused, and its process ended.`,
      );
    if (exit.code === null)
      return this.#failure("sandbox-lost", exit.stderrTail || `The sandbox was ended by ${exit.signal ?? "the host"}.`);
    // bubblewrap reports a death by signal as 128 + its number. SIGKILL without a full cgroup came from outside.
    if (exit.code === 128 + 9) return this.#failure("sandbox-lost", "The sandbox was killed from outside.");
    if (exit.code > 128)
      return this.#failure("exception", `The code's process ended by signal ${exit.code - 128} before the handler returned.`);
    return this.#failure("exception", `The code's process ended (exit code ${exit.code}) before the handler returned.`);
  }

  #failure(kind: RunError["kind"], message: string, stack = ""): Verdict {
    const frames = parseStack(stack, this.#sandbox.codeDirectory);
    return {
      outcome: "failed",
      output: null,
      error: { kind, message: message.replaceAll(`${this.#sandbox.codeDirectory}/`, "").slice(0, 4000), stack: frames },
    };
  }

  #cancellation(): Verdict {
    return { outcome: "cancelled", output: null, error: null };
  }

  #conclude(verdict: Verdict): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timeout);
    if (this.#cancelTimer) clearTimeout(this.#cancelTimer);
    const usage = this.#sandbox.usage();
    this.#sandbox.kill();
    this.#loaded.resolve();
    this.#ended.resolve({
      ...verdict,
      usage: { ...usage, cpuMs: Math.max(0, usage.cpuMs - this.#usageBefore.cpuMs) },
      durationMs: performance.now() - this.#startedAt,
      logBytes: this.#logBytes,
      logBytesDropped: this.#droppedHere + this.#droppedInside,
    });
  }
}

type Verdict = Pick<Ending, "outcome" | "output" | "error">;
