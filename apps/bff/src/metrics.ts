/**
 * What the registry tells Prometheus, all of it in one place (docs/METRICS.md lists it). The edges call what stands here when something
 * happened; how much waits is asked of the ledger when somebody looks, in processes that run loops: each of them tells the same.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Counter, createMetrics, Gauge, Histogram, type Metrics, SECONDS } from "@agent-factory/process/metrics";
import type { Vitals, VitalsView } from "./views/vitals.ts";

/** Whoever looks waits ten seconds, and wants all other figures even when the ledger has none. */
const ANSWERS_MS = 3_000;

export type Answered = { readonly method: string; readonly route: string; readonly status: number; readonly seconds: number };
export type Turned = { readonly loop: string; readonly seconds: number; readonly moved: number; readonly failed: boolean };

export type RegistryMetrics = {
  readonly registry: Metrics;
  answered(request: Answered): void;
  turned(turn: Turned): void;
  /** So many things of one kind came from hosts in frames that were worked off. */
  received(kind: string, count: number): void;
  /** Tells how many hosts are linked to this process. */
  watchLinks(links: () => number): void;
  /** Tells what waits in the ledger; one that says nothing for `answersMs` is away. */
  watchLedger(vitals: VitalsView, answersMs?: number): void;
};

export function createRegistryMetrics(): RegistryMetrics {
  const registry = createMetrics("registry");
  const registers = [registry];
  const requests = new Histogram({
    name: "http_server_request_duration_seconds",
    help: "Requests by procedure or route, without live streams.",
    labelNames: ["method", "route", "status"],
    buckets: SECONDS,
    registers,
  });
  const turns = new Histogram({
    name: "agent_factory_loop_turn_duration_seconds",
    help: "Turns of the loops that this process led.",
    labelNames: ["loop"],
    buckets: SECONDS,
    registers,
  });
  const moved = new Counter({
    name: "agent_factory_loop_moved_total",
    help: "Rows that a loop's turns moved.",
    labelNames: ["loop"],
    registers,
  });
  const failures = new Counter({
    name: "agent_factory_loop_failures_total",
    help: "Turns that failed; they come again.",
    labelNames: ["loop"],
    registers,
  });
  const received = new Counter({
    name: "agent_factory_host_messages_total",
    help: "What hosts said in frames that were worked off, by kind.",
    labelNames: ["kind"],
    registers,
  });
  return {
    registry,
    answered: ({ method, route, status, seconds }) => requests.observe({ method, route, status }, seconds),
    turned: ({ loop, seconds, moved: rows, failed }) => {
      turns.observe({ loop }, seconds);
      // Told from its first turn on: what begins at one was never seen to rise.
      moved.inc({ loop }, rows);
      failures.inc({ loop }, failed ? 1 : 0);
    },
    received: (kind, count) => received.inc({ kind }, count),
    watchLinks: (links) => {
      const collect = function (this: Gauge) {
        this.set(links());
      };
      new Gauge({ name: "agent_factory_hosts_linked", help: "Hosts whose link ends in this process.", registers, collect });
    },
    watchLedger: (vitals, answersMs = ANSWERS_MS) => watchLedger(registry, vitals, answersMs),
  };
}

/** While the ledger does not answer, what waits there is unknown: nothing is told of it, and `agent_factory_ledger_up` is 0. */
function watchLedger(registry: Metrics, view: VitalsView, answersMs: number): void {
  let reading: Promise<Vitals | null> | null = null;
  // All figures of one look come from one reading: their collectors are called together.
  const read = () => {
    reading ??= Promise.race([view.read(), delay(answersMs, null, { ref: false })])
      .catch(() => null)
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  const gauge = (name: string, help: string, of: (vitals: Vitals) => number) =>
    new Gauge({
      name: `agent_factory_${name}`,
      help,
      registers: [registry],
      collect: async function (this: Gauge) {
        const vitals = await read();
        if (vitals === null) this.remove();
        else this.set(of(vitals));
      },
    });
  const byState = (name: string, help: string, of: (vitals: Vitals) => Readonly<Record<string, number>>) =>
    new Gauge({
      name: `agent_factory_${name}`,
      help,
      labelNames: ["state"],
      registers: [registry],
      collect: async function (this: Gauge) {
        const vitals = await read();
        this.reset();
        for (const [state, count] of Object.entries(vitals === null ? {} : of(vitals))) this.set({ state }, count);
      },
    });
  new Gauge({
    name: "agent_factory_ledger_up",
    help: "Whether the ledger answered when it was asked.",
    registers: [registry],
    collect: async function (this: Gauge) {
      this.set((await read()) === null ? 0 : 1);
    },
  });
  gauge("runs_queued", "Runs that wait for a host.", ({ runsQueued }) => runsQueued);
  gauge("runs_held", "Runs that a host holds.", ({ runsHeld }) => runsHeld);
  gauge("oldest_queued_run_age_seconds", "How long the longest waiting run waits.", ({ oldestQueuedSeconds }) => oldestQueuedSeconds);
  gauge("usage_outcomes_waiting", "Ends of runs that no roll-up has counted yet.", ({ outcomesWaiting }) => outcomesWaiting);
  gauge("events_waiting", "Events that no listener has heard yet.", ({ eventsWaiting }) => eventsWaiting);
  gauge("audit_entries_waiting", "Audit entries without a place in the transparency log.", ({ auditWaiting }) => auditWaiting);
  byState("hosts", "Hosts by state.", ({ hosts }) => hosts);
  byState("rollouts_live", "Rollouts under way by state.", ({ rollouts }) => rollouts);
}
