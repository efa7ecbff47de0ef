/**
 * A run as it happens, for as long as somebody looks. PostgreSQL is asked; Redis only says when to ask. With Redis away the news
 * comes by a poll each second. The position after each piece of news names both what was told, so a follower that lost its
 * connection goes on where it was, on any registry process.
 */
import type { Actor } from "../domain/actor.ts";
import { RUNS_DOORBELL } from "../domain/runs/runs.ts";
import { type Bells, doorbell } from "./doorbell.ts";
import type { LogView, RunPosition, RunsView, RunView } from "./runs.ts";

export type RunNewsEvent = { type: "run"; run: RunView } | { type: "log"; entries: LogView[] } | { type: "end" };

export type RunWatch = (
  actor: Actor,
  input: { runId: string; lastEventId?: string | null | undefined },
  signal: AbortSignal,
) => AsyncGenerator<{ id: string; event: RunNewsEvent }, void, void>;

const POLL_MS = 1_000;
/** A run that prints in a hurry is looked at this often at most. */
const PACE_MS = 50;

export function createRunWatch({ view, redis }: { view: Pick<RunsView, "since">; redis: Bells }): RunWatch {
  return async function* (actor, { runId, lastEventId }, signal) {
    const bell = doorbell(signal);
    const silence = await redis.subscriber.on(RUNS_DOORBELL, (message) => {
      if (message.includes(runId)) bell.ring();
    });
    try {
      let position = parsePosition(lastEventId);
      while (!signal.aborted) {
        const news = await view.since(actor, { runId, after: position });
        if (news.entries.length > 0) {
          position = { eventId: position.eventId, logId: news.position.logId };
          yield { id: formatPosition(position), event: { type: "log", entries: news.entries } };
        }
        if (news.run) {
          position = news.position;
          yield { id: formatPosition(position), event: { type: "run", run: news.run } };
        }
        if (news.over) {
          yield { id: formatPosition(position), event: { type: "end" } };
          return;
        }
        if (news.entries.length === 0) await bell.next(POLL_MS);
        else await bell.pause(PACE_MS);
      }
    } finally {
      await silence();
    }
  };
}

function formatPosition({ eventId, logId }: RunPosition): string {
  return `${eventId}.${logId}`;
}

/** From the beginning when it is not one of ours: told twice is better than never. */
function parsePosition(text: string | null | undefined): RunPosition {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(text ?? "");
  return { eventId: Number(match?.[1] ?? 0), logId: Number(match?.[2] ?? 0) };
}
