/**
 * The inbox: everybody's own list of what they should know or do. It hears the outbox and tells people; it decides nothing, and no
 * module waits for it. Fail-open: an event that says too little is passed over with a warning, never kept waiting.
 */
import type { Logger } from "@agent-factory/process/logger";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import type { SystemActor, UserActor } from "../actor.ts";
import { type Event, type Notice, namedIn, noticeOf, noticeTopics, settledBy } from "./notice.ts";
import { countInto, deleteRead, findFacts, insertNotices, isNews, type Marked, markRead, settleRequests } from "./notice-store.ts";

export type { NoticeContent, NoticeKind } from "./notice.ts";
export type { Marked } from "./notice-store.ts";
export { noticeTopics };

export type Notices = {
  /** Tells those whom an event of the actor's tenant concerns. Heard twice, it tells once. */
  hear(actor: SystemActor, event: Event): Promise<void>;
  /** Marks notices of the actor's own as read, by id, by where they lead, or all; says how many were unread. */
  markRead(actor: UserActor, input: Marked): Promise<{ marked: number }>;
  /** Deletes one batch of what was read 90 days ago; says how many there were. */
  forget(loop: SystemActor): Promise<number>;
};

/** Rung when this person's notices changed. */
export const noticesDoorbell = (userId: string): string => `notices:${userId}`;

const KEPT_MS = 90 * 24 * 60 * 60_000;
const FORGET_BATCH = 5_000;

export type NoticesDependencies = {
  access: Access;
  fastDatabase: FastDatabase;
  redis: Pick<RedisConnections, "publish">;
  clock: Clock;
  logger: Logger;
};

export function createNotices({ access, fastDatabase, redis, clock, logger }: NoticesDependencies): Notices {
  const ring = async (userIds: readonly string[]) => {
    for (const userId of userIds) await redis.publish(noticesDoorbell(userId), "");
  };

  /** One audit entry an event that told anybody: who was told is the record, that there was nobody left to tell is none. */
  const send = async (actor: SystemActor, tenantId: string, event: Event, notice: Notice): Promise<void> => {
    const told = await access.performFast(
      { actor, action: "notices.send", resource: { kind: "notice", id: notice.key } },
      async (tx, note) => {
        const userIds = await insertNotices(tx, tenantId, notice, event.id);
        note.after({ kind: notice.kind, href: notice.href, people: userIds.length });
        return userIds;
      },
    );
    await ring(told);
  };

  return {
    hear: async (actor, event) => {
      const { tenantId } = actor;
      if (tenantId === null) return;
      const settled = settledBy(event);
      // What one has read or need not read is no act on anybody's behalf: not audited, like everybody's own marks below.
      if (settled !== null) await ring(await fastDatabase.inTenant(tenantId, (tx) => settleRequests(tx, settled, clock.now())));
      const sending = { actor, action: "notices.send" as const, resource: { kind: "notice", id: event.topic } };
      const found = await access.readFast(sending, async (tx) => {
        const notice = noticeOf(event, await findFacts(tx, namedIn(event.payload)));
        return notice && { notice, news: await isNews(tx, notice) };
      });
      if (!found) {
        if (settled === null)
          logger.warn({ topic: event.topic, event: event.id, tenantId }, "an event says too little to tell anybody of it");
        return;
      }
      const { notice, news } = found;
      if (news) await send(actor, tenantId, event, notice);
      if (notice.kind === "run.refused") await fastDatabase.inTenant(tenantId, (tx) => countInto(tx, notice.key, event.id));
    },
    markRead: async (actor, input) => {
      const own = { actor, action: "notices.read" as const, resource: { kind: "notice", id: "*" } };
      await access.readFast(own, async () => undefined);
      const marked = await fastDatabase.inTenant(actor.tenantId, (tx) => markRead(tx, actor.id, input, clock.now()));
      if (marked > 0) await ring([actor.id]);
      return { marked };
    },
    forget: () => fastDatabase.asSystem((tx) => deleteRead(tx, new Date(clock.now().getTime() - KEPT_MS), FORGET_BATCH)),
  };
}
