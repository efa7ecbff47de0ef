import { expect, test } from "vitest";
import { createHealth, serveHealth } from "./health.ts";
import { Counter, createMetrics, Gauge } from "./metrics.ts";

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

test("metrics are told in the text format, with what the process tells of itself, and a gauge that cannot be read is no figure", async () => {
  const metrics = createMetrics("test");
  const made = new Counter({ name: "agent_factory_things_total", help: "Things.", labelNames: ["kind"], registers: [metrics] });
  made.inc({ kind: "one" }, 2);
  let away = false;
  const collect = () => {
    if (away) throw new Error("the database is away");
  };
  new Gauge({ name: "agent_factory_waiting", help: "What waits.", registers: [metrics], collect });
  const served = await serveHealth(createHealth(), { host: "127.0.0.1", port: 0 }, { metrics });
  try {
    const told = await fetch(`http://127.0.0.1:${served.port}/metrics`);
    expect(told.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await told.text();
    expect(text).toContain('agent_factory_things_total{kind="one",app="test"} 2');
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds\{app="test"\} /m);
    away = true;
    const failed = await fetch(`http://127.0.0.1:${served.port}/metrics`);
    expect([failed.status, await failed.text()]).toEqual([503, "the database is away"]);
  } finally {
    await served.close();
  }
});
