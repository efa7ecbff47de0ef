import { rm } from "node:fs/promises";
import path from "node:path";
import { createLogger } from "@agent-factory/process/logger";
import { temporaryDir } from "@agent-factory/testkit/postgres";
import { startRedis } from "@agent-factory/testkit/redis";
import { expect, test } from "vitest";
import { openRedis } from "./redis.ts";

const logger = createLogger({ app: "test", level: "silent" });

test("a doorbell rings for everybody who listens, until they stop", async () => {
  const dir = temporaryDir("redis");
  const server = await startRedis({ dataDir: path.join(dir, "a") });
  const redis = openRedis(server.url(), logger);
  try {
    const [first, second]: string[][] = [[], []];
    const stopFirst = await redis.subscriber.on("draft:1", (message) => first?.push(message));
    const stopSecond = await redis.subscriber.on("draft:1", (message) => second?.push(message));
    const heardBySecond = async () => {
      await redis.publish("draft:1", "a");
      return second;
    };
    await expect.poll(heardBySecond).toContain("a");
    await stopFirst();
    const heard = first?.length;
    await redis.publish("draft:1", "b");
    await expect.poll(() => second).toContain("b");
    expect(first).toHaveLength(heard ?? -1);
    await stopSecond();
  } finally {
    await redis.close();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
});

test("without Redis nothing throws and nothing waits; when it is back, listeners hear again", async () => {
  const dir = temporaryDir("redis-restart");
  const dataDir = path.join(dir, "b");
  const first = await startRedis({ dataDir });
  const redis = openRedis(first.url(), logger);
  const heard: string[] = [];
  try {
    await redis.subscriber.on("run:1", (message) => heard.push(message));
    await first.stop();
    await redis.publish("run:1", "lost");
    await redis.subscriber.on("run:2", (message) => heard.push(message));
    const second = await startRedis({ dataDir, port: first.port });
    try {
      const heardAgain = async () => {
        await redis.publish("run:1", "one");
        await redis.publish("run:2", "two");
        return heard;
      };
      await expect.poll(heardAgain).toEqual(expect.arrayContaining(["one", "two"]));
      expect(heard).not.toContain("lost");
    } finally {
      await second.stop();
    }
  } finally {
    await redis.close();
    await rm(dir, { recursive: true, force: true });
  }
});
