/** What a host tells Prometheus of its slots and its sandboxes (docs/METRICS.md lists it), read from their own accounts when somebody looks. */
import { Counter, createMetrics, Gauge, type Metrics } from "@agent-factory/process/metrics";
import type { PoolAccounts } from "./pool/pool.ts";

export type HostFigures = {
  readonly slots: number;
  readonly busy: number;
  readonly linked: boolean;
};

export type HostMetrics = {
  readonly registry: Metrics;
  watchPool(accounts: () => PoolAccounts): void;
  watchHost(figures: () => HostFigures): void;
};

export function createHostMetrics(): HostMetrics {
  const registry = createMetrics("runtime-agent");
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | null) =>
    new Gauge({
      name: `agent_factory_${name}`,
      help,
      registers,
      collect: function (this: Gauge) {
        const value = read();
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  /** A count that is kept elsewhere and only rises. */
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name: `agent_factory_${name}_total`,
      help,
      registers,
      collect: function (this: Counter) {
        this.reset();
        this.inc(read());
      },
    });
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000);
  return {
    registry,
    watchPool: (accounts) => {
      gauge("sandboxes_warm", "Sandboxes that are started and wait for a run.", () => accounts().warm);
      gauge("sandboxes_running", "Sandboxes that run something.", () => accounts().running);
      counter("sandboxes_launched", "Sandboxes that were started.", () => accounts().launched);
      counter("sandboxes_crashed", "Warm sandboxes that ended by themselves.", () => accounts().crashed);
      counter("sandboxes_leaked", "Sandboxes that would not go.", () => accounts().leaked);
      counter("sandbox_launch_failures", "Sandboxes that could not be started.", () => accounts().launchFailures);
      counter("hand_outs_warm", "Runs that found a warm sandbox.", () => accounts().warmHits);
      counter("hand_outs_cold", "Runs that waited for a sandbox to start.", () => accounts().warmMisses);
      gauge(
        "hand_out_p50_seconds",
        "From when a warm sandbox was asked for until the code was loaded in it: half of the last 512 were faster.",
        () => seconds(accounts().handOutMsP50),
      );
      gauge(
        "hand_out_p99_seconds",
        "From when a warm sandbox was asked for until the code was loaded in it: all but one of a hundred were faster.",
        () => seconds(accounts().handOutMsP99),
      );
    },
    watchHost: (figures) => {
      gauge("slots", "Runs that this host takes at a time.", () => figures().slots);
      gauge("slots_busy", "Runs that this host holds.", () => figures().busy);
      gauge("gateway_linked", "Whether the link to the gateway stands.", () => (figures().linked ? 1 : 0));
    },
  };
}
