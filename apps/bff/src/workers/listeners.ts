/**
 * Who hears what of the outbox. Every listener of a topic hears each event, one after the other; one that throws keeps no other from
 * hearing, and the event comes again to all of them until none throws. A listener must therefore bear hearing an event twice.
 */
import type { Logger } from "@agent-factory/process/logger";
import { systemActor } from "../domain/actor.ts";
import type { OutboxDelivery } from "../domain/audit/outbox.ts";
import type { Runs } from "../domain/runs/runs.ts";

export type Listener = (event: OutboxDelivery) => Promise<unknown>;
export type Listeners = { readonly [topic: string]: readonly Listener[] };

export type ListenersParts = { readonly runs: Pick<Runs, "takeBack"> };

/** Topic by topic; what must happen first stands first. */
export function createListeners({ runs }: ListenersParts): Listeners {
  return {
    "host.revoked": [({ payload }) => runs.takeBack(systemActor("outbox"), { hostId: named(payload, "hostId"), reason: "host-revoked" })],
    "host.lost": [({ payload }) => runs.takeBack(systemActor("outbox"), { hostId: named(payload, "hostId"), reason: "host-lost" })],
  };
}

/** Tells an event to all who listen. Throws when one of them did, after the last has heard it. */
export async function tell(listeners: Listeners, event: OutboxDelivery, logger: Logger): Promise<void> {
  const { topic, key } = event;
  const hearing = Object.hasOwn(listeners, topic) ? (listeners[topic] ?? []) : [];
  if (hearing.length === 0) logger.warn({ topic, key }, "nobody listens to this event");
  const failures: unknown[] = [];
  for (const listener of hearing) {
    try {
      await listener(event);
    } catch (error) {
      logger.error({ err: error, topic, key, attempts: event.attempts }, "a listener failed; it hears the event again");
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1)
    throw new AggregateError(failures, failures.map((error) => (error instanceof Error ? error.message : String(error))).join("; "));
}

function named(payload: unknown, name: string): string {
  const value = (payload as Readonly<Record<string, unknown>> | null)?.[name];
  if (typeof value !== "string") throw new Error(`The event names no ${name}`);
  return value;
}
