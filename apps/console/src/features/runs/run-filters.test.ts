import { expect, test } from "vitest";
import { filtersOf } from "./run-filters.ts";

test("an address says which runs are looked for", () => {
  const address = new URLSearchParams("state=queued&template=audit&kind=run&channel=production&version=1.2.0&movedFrom=1.1.0");
  expect(filtersOf(address)).toEqual({
    state: "queued",
    templateName: "audit",
    kind: "run",
    channel: "production",
    versionSemver: "1.2.0",
    movedFrom: "1.1.0",
  });
});

test("what the registry would refuse is not asked of it", () => {
  const address = new URLSearchParams({
    state: "asleep",
    template: "A B",
    kind: "job",
    channel: "x".repeat(64),
    version: "newest",
    movedFrom: "",
  });
  expect(filtersOf(address)).toEqual({});
});
