import { expect, test } from "vitest";
import { createHealth, serveHealth } from "./health.ts";

test("a process is ready only when every known part is ok, and live while it only lacks a dependency", () => {
  const health = createHealth();
  expect(health.ready()).toBe(false);
  health.set("database", "ok");
  health.set("redis", "starting");
  expect(health.ready()).toBe(false);
  health.set("redis", "ok");
  expect(health.ready()).toBe(true);
  health.set("redis", "failing", "connection refused");
  expect([health.live(), health.ready()]).toEqual([true, false]);
  health.set("process", "failing");
  expect(health.live()).toBe(false);
});

test("the endpoints answer with the state and the parts", async () => {
  const health = createHealth();
  health.set("database", "failing", "no route");
  const served = await serveHealth(health, { host: "127.0.0.1", port: 0 });
  try {
    const ready = await fetch(`http://127.0.0.1:${served.port}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ ready: false, parts: { database: { state: "failing", detail: "no route" } } });
    expect((await fetch(`http://127.0.0.1:${served.port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${served.port}/other`)).status).toBe(404);
  } finally {
    await served.close();
  }
});
