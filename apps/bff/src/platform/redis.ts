/**
 * Redis carries doorbells and nothing that may not be lost: every listener also polls its source of truth. Publishing is
 * fail-open (logged); subscribing survives reconnects because ioredis subscribes again by itself.
 */
import type { Logger } from "@agent-factory/process/logger";
import { Redis } from "ioredis";

export type RedisConnections = {
  readonly commands: Redis;
  readonly subscriber: {
    /** Calls `listener` with every message until the returned function is called. Never throws when Redis is away. */
    on(channel: string, listener: (message: string) => void): Promise<() => Promise<void>>;
  };
  /** Fail-open: a doorbell that does not ring is logged, and the poll behind it finds the news later. */
  publish(channel: string, message: string): Promise<void>;
  close(): Promise<void>;
};

export function openRedis(url: string, logger: Logger): RedisConnections {
  const commands = new Redis(url, { maxRetriesPerRequest: 1, enableOfflineQueue: false, lazyConnect: false });
  const subscriptions = new Redis(url, { maxRetriesPerRequest: null, autoResubscribe: true });
  for (const [name, connection] of [["commands", commands] as const, ["subscriptions", subscriptions] as const]) {
    let away = false;
    connection.on("error", (error: Error) => {
      if (!away) logger.warn({ connection: name, error: error.message }, "redis is away");
      away = true;
    });
    connection.on("ready", () => {
      if (away) logger.info({ connection: name }, "redis is back");
      away = false;
    });
  }

  const listeners = new Map<string, Set<(message: string) => void>>();
  subscriptions.on("message", (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(message);
  });

  return {
    commands,
    subscriber: {
      on: async (channel, listener) => {
        const known = listeners.get(channel);
        if (known) {
          known.add(listener);
        } else {
          listeners.set(channel, new Set([listener]));
          // Not awaited when Redis is away: ioredis queues the subscription until it is back.
          const subscribed = subscriptions
            .subscribe(channel)
            .catch((error: Error) => logger.warn({ channel, error: error.message }, "subscribe failed"));
          if (subscriptions.status === "ready") await subscribed;
        }
        return async () => {
          const current = listeners.get(channel);
          if (!current?.delete(listener) || current.size > 0) return;
          listeners.delete(channel);
          if (subscriptions.status === "ready") await subscriptions.unsubscribe(channel).catch(() => undefined);
        };
      },
    },
    publish: async (channel, message) => {
      try {
        await commands.publish(channel, message);
      } catch (error) {
        logger.warn({ channel, error: error instanceof Error ? error.message : String(error) }, "doorbell not rung");
      }
    },
    close: async () => {
      commands.disconnect();
      subscriptions.disconnect();
    },
  };
}
