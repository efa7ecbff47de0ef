/** Who submitted the runs of a list. Pure. */
import type { RunRow } from "./run-view.ts";

export type Runner = {
  readonly name: string;
  readonly runs: number;
  readonly lastRunId: string;
  readonly lastAt: string;
  readonly lastState: RunRow["state"];
};

/** `runs` newest first; whoever ran most comes first, then whoever ran last. */
export function runnersOf(runs: readonly Pick<RunRow, "id" | "state" | "submittedAt" | "submittedByName">[]): readonly Runner[] {
  const runners = new Map<string, Runner>();
  for (const { id, state, submittedAt, submittedByName: name } of runs) {
    const known = runners.get(name);
    runners.set(name, known ? { ...known, runs: known.runs + 1 } : { name, runs: 1, lastRunId: id, lastAt: submittedAt, lastState: state });
  }
  // The map holds them by their last run; sorting keeps that order among equals.
  return [...runners.values()].sort((a, b) => b.runs - a.runs);
}
