/** Runs nothing: what it measures is everything around a run. */
import { NOTHING_USED } from "../meter/meter.ts";
import type { Driver } from "./driver.ts";

export const noopDriver: Driver = {
  start(_lease, _log, onStarted) {
    onStarted({ handOutMs: 0, warm: true });
    return {
      ended: Promise.resolve({ outcome: "succeeded", output: { inline: "null" }, error: null, usage: { ...NOTHING_USED, warm: true } }),
      cancel: () => {},
    };
  },
};
