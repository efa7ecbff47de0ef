/**
 * What a process tells Prometheus, in its text format (prometheus.io/docs/instrumenting/exposition_formats). Names follow its conventions:
 * `agent_factory_` before what is ours, base units (seconds, bytes), `_total` behind what only rises. Labels take values from short, closed
 * lists only: never an id, a name that people choose, or what somebody sent.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export { Counter, Gauge, Histogram };
export type Metrics = Registry;

/** Seconds, from a warm hand-out to a run that takes its time. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** With what every Node process tells of itself: processor, memory, garbage collection, event loop. */
export function createMetrics(app: string): Metrics {
  const metrics = new Registry();
  metrics.setDefaultLabels({ app });
  collectDefaultMetrics({ register: metrics });
  return metrics;
}
