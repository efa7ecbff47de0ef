/**
 * Who hears what of the outbox. Every listener of a topic hears each event, one after the other; one that throws keeps no other from
 * hearing, and the event comes again to all of them until none throws. A listener must therefore bear hearing an event twice.
 */
import type { Logger } from "@agent-factory/process/logger";
import { systemActor } from "../domain/actor.ts";
import type { OutboxDelivery } from "../domain/audit/outbox.ts";
import { Failure } from "../domain/failure.ts";
import type { HostTrust } from "../domain/fleet/fleet.ts";
import { type Notices, noticeTopics } from "../domain/notices/notices.ts";
import type { Plans } from "../domain/rollouts/plans.ts";
import type { Rollouts } from "../domain/rollouts/rollouts.ts";
import type { Runs } from "../domain/runs/runs.ts";
import type { Templates } from "../domain/templates/templates.ts";

export type Listener = (event: OutboxDelivery) => Promise<unknown>;
export type Listeners = { readonly [topic: string]: readonly Listener[] };

export type ListenersParts = {
  readonly templates: Pick<Templates, "publish" | "sign">;
  readonly plans: Pick<Plans, "publish" | "sign">;
  readonly rollouts: Pick<Rollouts, "onVersionRevoked">;
  readonly runs: Pick<Runs, "takeBack" | "cancelOfVersion">;
  readonly trust: Pick<HostTrust, "changed">;
  readonly notices: Pick<Notices, "hear">;
};

/** Topic by topic, what must happen first first; after those who act, people are told. */
export function createListeners({ templates, plans, rollouts, runs, trust, notices }: ListenersParts): Listeners {
  const acting: Listeners = {
    "review.approved": [
      ({ tenantId, payload }) => {
        const [publisher, input] = [systemActor("publisher", tenantId), { reviewId: named(payload, "reviewId") }];
        return settled(plans.publish(publisher, input).then(async (plan) => plan ?? (await templates.publish(publisher, input))));
      },
    ],
    "version.published": [
      ({ tenantId, payload }) => templates.sign(systemActor("signer", tenantId), { versionId: named(payload, "versionId") }),
    ],
    "plan.published": [({ tenantId, payload }) => plans.sign(systemActor("signer", tenantId), { planId: named(payload, "planId") })],
    // Channels first: what waits for the version gets another, where there is one, before the rest is ended.
    // Then the ledger: a host that hears of the revocation and refuses a run then finds that this is the end it was to have.
    "version.revoked": [
      ({ payload }) => rollouts.onVersionRevoked(systemActor("outbox"), { versionId: named(payload, "versionId") }),
      ({ payload }) => runs.cancelOfVersion(systemActor("outbox"), { versionId: named(payload, "versionId") }),
      ({ tenantId, payload }) => trust.changed(systemActor("outbox"), { tenantId: tenantId ?? "", digests: [named(payload, "digest")] }),
    ],
    "key.distrusted": [({ tenantId }) => trust.changed(systemActor("outbox"), { tenantId: tenantId ?? "", digests: [] })],
    "host.revoked": [({ payload }) => runs.takeBack(systemActor("outbox"), { hostId: named(payload, "hostId"), reason: "host-revoked" })],
    "host.lost": [({ payload }) => runs.takeBack(systemActor("outbox"), { hostId: named(payload, "hostId"), reason: "host-lost" })],
  };
  const informing: Listener = (event) => notices.hear(systemActor("notices", event.tenantId), event);
  return { ...acting, ...Object.fromEntries(noticeTopics.map((topic) => [topic, [...(acting[topic] ?? []), informing]])) };
}

/** A refusal that says something about the matter stands, and is on record there; what is missing or away now may be there next time. */
async function settled(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Failure) || ["missing", "unavailable", "limit"].includes(error.kind) || error.code === "access.denied")
      throw error;
  }
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
