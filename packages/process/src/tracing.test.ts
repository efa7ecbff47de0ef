import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";
import { currentTraceId, currentTraceparent, newTraceparent, withTrace } from "./tracing.ts";

test("a caller's trace goes on, with a span of our own", async () => {
  const traceparent = newTraceparent();
  await withTrace(traceparent, async () => {
    await setImmediate();
    expect(currentTraceId()).toBe(traceparent.split("-")[1]);
    expect(currentTraceparent()).not.toBe(traceparent);
    expect(currentTraceparent()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
  expect(currentTraceId()).toBeUndefined();
});

test.each([undefined, "", "garbage", `ff-${"1".repeat(32)}-${"1".repeat(16)}-01`, `00-${"0".repeat(32)}-${"1".repeat(16)}-01`])(
  "a missing or malformed traceparent (%s) starts a new trace",
  (traceparent) => {
    withTrace(traceparent, () => expect(currentTraceId()).toMatch(/^[0-9a-f]{32}$/));
  },
);

test("two requests at the same time keep their own traces", async () => {
  const seen = await Promise.all(
    [newTraceparent(), newTraceparent()].map((parent) =>
      withTrace(parent, async () => {
        await setImmediate();
        return currentTraceId() === parent.split("-")[1];
      }),
    ),
  );
  expect(seen).toEqual([true, true]);
});

test("a log line carries app, time, trace id, and no secret", () => {
  const lines: string[] = [];
  const logger = createLogger({ app: "test", destination: { write: (line) => lines.push(line) } });
  withTrace(newTraceparent(), () => logger.info({ token: "s3cret", headers: { authorization: "Bearer s3cret" } }, "hello"));
  const line = JSON.parse(lines[0] ?? "{}");
  expect(line).toMatchObject({ level: "info", app: "test", msg: "hello", traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(new Date(line.time).getTime()).toBeGreaterThan(0);
  expect(lines[0]).not.toContain("s3cret");
});
