/** Somebody's own inbox, newest first. Nobody reads another's: every query is narrowed to the reader, beside row-level security. */
import type { Access } from "../domain/access/access.ts";
import type { UserActor } from "../domain/actor.ts";
import { type NoticeContent, noticesDoorbell } from "../domain/notices/notices.ts";
import type { FastTransaction } from "../platform/fast-database.ts";
import { type Bells, doorbell } from "./doorbell.ts";

export type NoticeView = NoticeContent & {
  readonly id: string;
  readonly href: string;
  readonly at: string;
  readonly readAt: string | null;
};

export type NoticeQuery = { readonly cursor?: string | null | undefined; readonly unreadOnly?: boolean | undefined };

export type NoticesView = {
  /** A cursor that is none of ours starts from the newest. */
  list(actor: UserActor, query: NoticeQuery): Promise<{ items: NoticeView[]; nextCursor: string | null }>;
  /** Counted up to a thousand. */
  unread(actor: UserActor): Promise<{ unread: number }>;
  /** How many are unread, then each time that changed, until `signal` aborts. */
  watch(actor: UserActor, signal: AbortSignal): AsyncGenerator<{ unread: number }, void, void>;
};

const PAGE_SIZE = 30;
const UNREAD_COUNTED_MAX = 1_000;
/** Everybody who has the console open waits here: the doorbell brings the news, the poll is for when Redis is away. */
const POLL_MS = 10_000;
const PACE_MS = 200;

type Row = { id: string; kind: string; href: string; data: Record<string, unknown>; at: Date; readAt: Date | null };

export function createNoticesView({ access, redis }: { access: Access; redis: Bells }): NoticesView {
  const reading = (actor: UserActor) => ({ actor, action: "notices.read" as const, resource: { kind: "notice", id: "*" } });
  const unread = (actor: UserActor) => access.readFast(reading(actor), (tx) => countUnread(tx, actor.id));
  return {
    list: (actor, { cursor, unreadOnly = false }) =>
      access.readFast(reading(actor), async (tx) => {
        const after = parseCursor(cursor);
        const { rows } = await tx.query<Row>(
          `select id, kind, href, data - 'event' as data, at, read_at as "readAt" from notices
           where user_id = $1::uuid and ($2::timestamptz is null or (at, id) < ($2::timestamptz, $3::uuid)) ${unreadOnly ? "and read_at is null" : ""}
           order by at desc, id desc limit ${PAGE_SIZE + 1}`,
          [actor.id, after?.at ?? null, after?.id ?? null],
        );
        const page = rows.slice(0, PAGE_SIZE);
        const last = page.at(-1);
        return { items: page.map(viewOf), nextCursor: rows.length > PAGE_SIZE && last ? `${last.at.toISOString()}_${last.id}` : null };
      }),
    unread,
    watch: async function* (actor, signal) {
      const bell = doorbell(signal);
      const silence = await redis.subscriber.on(noticesDoorbell(actor.id), bell.ring);
      try {
        for (let told = -1; !signal.aborted; ) {
          const now = await unread(actor);
          if (now.unread !== told) yield now;
          told = now.unread;
          await bell.pause(PACE_MS);
          await bell.next(POLL_MS);
        }
      } finally {
        await silence();
      }
    },
  };
}

async function countUnread(tx: FastTransaction, userId: string): Promise<{ unread: number }> {
  const { rows } = await tx.query<{ unread: number }>(
    `select count(*)::int as unread from (
       select from notices where user_id = $1::uuid and read_at is null limit ${UNREAD_COUNTED_MAX}
     ) counted`,
    [userId],
  );
  return { unread: rows[0]?.unread ?? 0 };
}

/** What a notice holds was written by the domain, of its kind. */
function viewOf({ id, kind, href, data, at, readAt }: Row): NoticeView {
  return { ...({ kind, data } as NoticeContent), id, href, at: at.toISOString(), readAt: readAt?.toISOString() ?? null };
}

const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function parseCursor(cursor: string | null | undefined): { at: Date; id: string } | null {
  const [, at, id] = CURSOR.exec(cursor ?? "") ?? [];
  if (at === undefined || id === undefined || Number.isNaN(Date.parse(at))) return null;
  return { at: new Date(at), id };
}
