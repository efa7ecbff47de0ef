/**
 * The host: takes leases, runs them, reports. It keeps no rules; it keeps promises: what it took it answers for.
 *
 *     ready     linked or reconnecting; takes work while it has free slots and is not cordoned
 *               cordon → ready, taking nothing (uncordon → as before)
 *     draining  the gateway said `drain`: finishes what runs, says `drained`; `uncordon` → ready
 *     stopping  close(): takes nothing, waits for what runs within the grace, gives the rest back, lets results be acknowledged
 *     stopped   everything given back; also entered when the gateway ends the host (revoked, replaced, …)
 *
 * A lease: taken → started (code loaded) → ended (result kept until acknowledged) → gone. `cancel: requested` asks it to end, `revoked`
 * ends it at once, both with a result; `lease-lost` ends it at once and without one, because its fence is no longer ours.
 */
import { freemem, loadavg } from "node:os";
import type { Logger } from "@agent-factory/process/logger";
import { withTrace } from "@agent-factory/process/tracing";
import {
  type GatewayFrame,
  HOLDING_MAX,
  type Hold,
  type HostFrame,
  type Lease,
  type PoolLevel,
  PROTOCOL_VERSION_MAX,
  PROTOCOL_VERSION_METRICS,
  PROTOCOL_VERSION_MIN,
  type SandboxProof,
} from "@agent-factory/protocol";
import type { Inventory } from "./devices/devices.ts";
import { type Driver, type DriverRun, GivenBack } from "./drivers/driver.ts";
import { Batches, SPAN_MS } from "./meter/batches.ts";
import { NOTHING_USED } from "./meter/meter.ts";
import type { Pool } from "./pool/pool.ts";
import type { Link } from "./uplink/link.ts";
import { keyOf, Outbox } from "./uplink/outbox.ts";
import { RunLog } from "./uplink/run-log.ts";

export type HostState = "ready" | "draining" | "stopping" | "stopped";
type Started = (HostFrame & { t: "started" })["runs"][number];
type Work = { readonly lease: Lease; readonly run: DriverRun; started: Started | null; abandoned: boolean };

const SHUTDOWN_ACK_MS = 2000;

export type HostOptions = {
  readonly slots: number;
  readonly warmTarget: number;
  /** New at every start of the agent. */
  readonly epoch: string;
  readonly agentVersion: string;
  readonly inventory: Inventory;
  readonly proof: SandboxProof;
  readonly pool: Pool;
  readonly drivers: Readonly<Record<Lease["driver"], Driver>>;
  /** Called when what this host believes may be out of date. */
  readonly doubt: () => void;
  /** Code digests that are ready on this host. */
  readonly warmDigests: () => string[];
  readonly logger: Logger;
};

export class Host {
  readonly #options: HostOptions;
  readonly #logger: Logger;
  readonly #outbox = new Outbox();
  readonly #work = new Map<string, Work>();
  readonly #batches: Batches;
  readonly #span: NodeJS.Timeout;
  #link: Link | null = null;
  /** What the gateway of this connection speaks. */
  #protocol = PROTOCOL_VERSION_MIN;
  #state: HostState = "ready";
  #cordoned = false;
  #drainedSaid = false;
  #saidCredit = "";
  /** On the process's own clock, in milliseconds. */
  #restsUntil = 0;
  /** Leases that arrived on this connection. */
  #received = 0;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#batches = new Batches({ slots: options.slots, epoch: options.epoch });
    this.#span = setInterval(() => this.#endSpan(), SPAN_MS).unref();
  }

  get state(): HostState {
    return this.#state;
  }

  /** Runs in progress. */
  get busy(): number {
    return this.#work.size;
  }

  attach(link: Link): void {
    this.#link = link;
  }

  hello(): HostFrame & { t: "hello" } {
    const { epoch, agentVersion, inventory, proof } = this.#options;
    return {
      t: "hello",
      protocolMin: PROTOCOL_VERSION_MIN,
      protocolMax: PROTOCOL_VERSION_MAX,
      epoch,
      agentVersion,
      clock: Date.now(),
      inventory,
      capabilities: [],
      proof,
      pool: [this.#level()],
      holding: this.#holding(),
    };
  }

  heartbeat(): HostFrame & { t: "heartbeat" } {
    return {
      t: "heartbeat",
      clock: Date.now(),
      holding: this.#holding(),
      pool: [this.#level()],
      load1: loadavg()[0] ?? 0,
      memoryBytesFree: freemem(),
    };
  }

  welcome(protocol: number): void {
    this.#protocol = protocol;
    this.#batches.restart();
    // Whatever was said of trust while there was no link was not heard.
    this.#options.doubt();
    this.#outbox.restart([...this.#work.values()].flatMap(({ started }) => (started ? [started] : [])));
    this.#saidCredit = "";
    this.#received = 0;
    this.#drainedSaid = false;
    this.#link?.flush();
  }

  /** What waits to be said, in order. */
  next(): HostFrame | null {
    const frame = this.#outbox.next();
    if (frame) return frame;
    const free = this.#free();
    const warm = this.#options.warmDigests().slice(-256);
    const credit = { t: "credit" as const, slots: [{ slotKind: "cpu" as const, free }], warm, received: this.#received };
    const said = JSON.stringify(credit);
    if (said !== this.#saidCredit) {
      this.#saidCredit = said;
      return credit;
    }
    const metrics = this.#protocol >= PROTOCOL_VERSION_METRICS ? this.#batches.next() : null;
    if (metrics) return metrics;
    if (this.#state === "draining" && this.#work.size === 0 && this.#outbox.empty && !this.#drainedSaid) {
      this.#drainedSaid = true;
      return { t: "drained" };
    }
    return null;
  }

  receive(frame: Exclude<GatewayFrame, { t: "welcome" | "renewed" }>): void {
    switch (frame.t) {
      case "work":
        for (const lease of frame.leases) this.#take(lease);
        this.#received += frame.leases.length;
        break;
      case "cancel":
        for (const order of frame.runs) this.#cancel(order, order.reason);
        break;
      case "ack":
        for (const result of frame.results) {
          if (!result.accepted) this.#lose(result);
          this.#outbox.acknowledge(result);
          if (!result.accepted)
            this.#logger.warn(
              { runId: result.runId, attempt: result.attempt, reason: result.reason },
              "the gateway did not accept a result",
            );
        }
        break;
      case "metrics-ack":
        this.#batches.acknowledge(frame);
        break;
      case "revoke":
        this.#options.doubt();
        this.#logger.info({ digests: frame.digests }, "trust has changed; it is fetched anew");
        break;
      case "cordon":
        this.#cordoned = true;
        this.#logger.info({ reason: frame.reason }, "cordoned: taking no work");
        break;
      case "uncordon":
        this.#cordoned = false;
        if (this.#state === "draining") this.#state = "ready";
        this.#logger.info("uncordoned");
        break;
      case "drain":
        if (this.#state === "ready") this.#state = "draining";
        this.#drainedSaid = false;
        this.#logger.info({ reason: frame.reason, running: this.#work.size }, "draining");
        break;
    }
    this.#link?.flush();
  }

  /** Finishes or gives back what runs, then waits a moment for acknowledgements. Does not close link or pool. */
  async close(graceMs: number): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopping";
    this.#link?.flush();
    await this.#until(() => this.#work.size === 0, graceMs);
    for (const [key, work] of this.#work) {
      work.abandoned = true;
      this.#work.delete(key);
      work.run.cancel(0);
      this.#outbox.addRefused({ ...holdOf(work.lease), reason: "the host is shutting down" });
    }
    clearInterval(this.#span);
    this.#endSpan();
    const said = () => this.#outbox.empty && (this.#batches.empty || this.#protocol < PROTOCOL_VERSION_METRICS);
    if (this.#link?.state() === "linked") await this.#until(said, SHUTDOWN_ACK_MS);
    this.#state = "stopped";
  }

  /** The gateway ended this host: nothing it runs is wanted, nothing it says is heard. */
  abandon(): void {
    this.#state = "stopped";
    clearInterval(this.#span);
    for (const work of this.#work.values()) {
      work.abandoned = true;
      work.run.cancel(0);
    }
    this.#work.clear();
  }

  #take(lease: Lease): void {
    const key = keyOf(lease);
    if (this.#work.has(key)) return;
    const refusal =
      this.#state !== "ready"
        ? `the host is ${this.#state}`
        : this.#cordoned
          ? "the host is cordoned"
          : this.#work.size >= this.#options.slots
            ? "the host has no free slot"
            : null;
    if (refusal !== null) {
      this.#outbox.addRefused({ ...holdOf(lease), reason: refusal });
      return;
    }
    withTrace(lease.traceparent ?? undefined, () => {
      const log = new RunLog(lease, (entry) => {
        const taken = this.#outbox.addLog(entry);
        this.#link?.flush();
        return taken;
      });
      const run = this.#options.drivers[lease.driver].start(lease, log, ({ handOutMs, warm }) => {
        const started = { ...holdOf(lease), at: Date.now(), handOutMs, warm };
        // A driver may start before it has returned.
        setImmediate(() => {
          const work = this.#work.get(key);
          if (work) work.started = started;
        });
        this.#outbox.addStarted(started);
        this.#link?.flush();
      });
      const work: Work = { lease, run, started: null, abandoned: false };
      this.#work.set(key, work);
      this.#batches.occupy(this.#work.size);
      this.#logger.debug({ runId: lease.runId, attempt: lease.attempt, template: lease.templateName }, "took a run");
      void this.#finish(key, work);
    });
  }

  async #finish(key: string, work: Work): Promise<void> {
    const hold = holdOf(work.lease);
    try {
      const outcome = await work.run.ended;
      if (work.abandoned) this.#batches.addLost(hold, outcome.usage);
      else this.#outbox.addResult({ ...hold, ...outcome, finishedAt: Date.now() });
    } catch (error) {
      if (work.abandoned) return;
      if (error instanceof GivenBack) {
        this.#rest(error.restMs);
        this.#logger.warn({ runId: hold.runId, err: error }, "gave a run back");
        this.#outbox.addRefused({ ...hold, reason: error.message.slice(0, 2000) });
      } else {
        this.#logger.error({ runId: hold.runId, err: error }, "a run failed inside the agent");
        const error_ = { kind: "internal" as const, message: "The host failed; its log says why.", stack: [] };
        this.#outbox.addResult({ ...hold, outcome: "failed", output: null, error: error_, usage: NOTHING_USED, finishedAt: Date.now() });
      }
    } finally {
      if (this.#work.get(key) === work) this.#work.delete(key);
      this.#batches.occupy(this.#work.size);
      this.#link?.flush();
    }
  }

  #cancel(hold: Hold, reason: "requested" | "lease-lost" | "revoked"): void {
    const key = keyOf(hold);
    const work = this.#work.get(key);
    if (reason !== "lease-lost") {
      work?.run.cancel(reason === "revoked" ? 0 : undefined);
      return;
    }
    this.#lose(hold);
    this.#outbox.acknowledge(hold);
    if (!work) return;
    this.#logger.warn({ runId: hold.runId, attempt: hold.attempt, reason }, "a lease is gone; its run is ended");
    work.abandoned = true;
    this.#work.delete(key);
    work.run.cancel(0);
  }

  /** A result that nobody counts: what it took was used all the same. */
  #lose(hold: Hold): void {
    const result = this.#outbox.find(hold);
    if (result) this.#batches.addLost(hold, result.usage);
  }

  #endSpan(): void {
    this.#batches.close();
    this.#link?.flush();
  }

  /** Takes nothing for a while; the longest rest counts. */
  #rest(restMs: number): void {
    if (restMs === 0) return;
    this.#restsUntil = Math.max(this.#restsUntil, performance.now() + restMs);
    setTimeout(() => this.#link?.flush(), restMs + 1).unref();
  }

  #free(): number {
    return this.#state === "ready" && !this.#cordoned && performance.now() >= this.#restsUntil
      ? Math.max(0, this.#options.slots - this.#work.size)
      : 0;
  }

  #holding(): Hold[] {
    const held = new Map([...this.#work.values()].map(({ lease }) => [keyOf(lease), holdOf(lease)]));
    for (const hold of this.#outbox.unacknowledged()) held.set(keyOf(hold), hold);
    return [...held.values()].slice(0, HOLDING_MAX);
  }

  #level(): PoolLevel {
    const { warm, handOutMsP50, handOutMsP99, warmHits, warmMisses } = this.#options.pool.accounts();
    return {
      slotKind: "cpu",
      slotsTotal: this.#options.slots,
      slotsBusy: this.#work.size,
      warm,
      warmTarget: this.#options.warmTarget,
      handOutMsP50,
      handOutMsP99,
      warmHits,
      warmMisses,
    };
  }

  #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = performance.now() + timeoutMs;
      const look = (): void => {
        if (condition() || performance.now() >= deadline) resolve();
        else setTimeout(look, 20);
      };
      look();
    });
  }
}

function holdOf({ runId, attempt, fence }: Hold): Hold {
  return { runId, attempt, fence };
}
