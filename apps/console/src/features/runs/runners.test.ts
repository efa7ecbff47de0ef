import { expect, test } from "vitest";
import { runnersOf } from "./runners.ts";

const run = (id: string, submittedByName: string, state: "succeeded" | "failed" = "succeeded") => ({
  id,
  state,
  submittedAt: `2026-11-24T00:00:0${id}.000Z`,
  submittedByName,
});

test("whoever runs it most stands first, with their newest run", () => {
  const runners = runnersOf([run("4", "Otto", "failed"), run("3", "Emma"), run("2", "ci"), run("1", "Emma")]);
  expect(runners.map(({ name, runs, lastRunId }) => [name, runs, lastRunId])).toEqual([
    ["Emma", 2, "3"],
    ["Otto", 1, "4"],
    ["ci", 1, "2"],
  ]);
  expect(runners[1]?.lastState).toBe("failed");
});
