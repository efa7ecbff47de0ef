import { expect, test } from "vitest";
import { createShutdown } from "./shutdown.ts";

const quiet = { info() {}, error() {} };

test("what was opened last is closed first, once, however often it is asked", async () => {
  const closed: string[] = [];
  const shutdown = createShutdown({ logger: quiet, graceMs: 1000 });
  for (const name of ["database", "server"]) {
    shutdown.add(name, async () => {
      closed.push(name);
    });
  }
  await Promise.all([shutdown.run("test"), shutdown.run("test")]);
  expect(closed).toEqual(["server", "database"]);
});

test("a part that hangs or throws does not keep the others open", async () => {
  const closed: string[] = [];
  const shutdown = createShutdown({ logger: quiet, graceMs: 50 });
  shutdown.add("database", async () => {
    closed.push("database");
  });
  shutdown.add("throws", () => Promise.reject(new Error("no")));
  shutdown.add("hangs", () => new Promise(() => {}));
  await shutdown.run("test");
  expect(closed).toEqual(["database"]);
});
