/**
 * A notice: what one person should know or do, in facts; the console owns the sentence. Pure: which event tells whom what.
 *
 *   (absent) -> unread                 an event of the outbox concerns the person; at most one for each `key`
 *   unread -> read                     they opened it, were where it leads, said so, or what it asked of them is settled
 *   version.published -> version.signed    the same line, read or unread: the signature follows within moments
 *   read -> (absent)                   forgotten 90 days after it was read
 */
import { z } from "zod";
import { ACTIONS } from "../access/actions.ts";

export type AboutReview = {
  readonly number: number;
  readonly title: string;
  readonly templateName: string;
  readonly by: string;
};
export type AboutVersion = { readonly templateName: string; readonly semver: string };

export type AboutRollout = {
  readonly number: number;
  readonly templateName: string;
  readonly channel: string;
  readonly semver: string;
  /** As the rollout names it: `breached:failed`, `too-few-samples`, `aborted`, or somebody's words; null when it completed. */
  readonly reason: string | null;
};

export type AboutBudget = {
  /** Null: the whole tenant's. */
  readonly templateName: string | null;
  /** `2026-11` */
  readonly month: string;
  /** The level that was reached, of the amount. */
  readonly percent: number;
  readonly amountMicros: number;
  readonly spentMicros: number;
  readonly currency: string;
};

/** What a notice says, by kind. */
export type NoticeContent =
  | { readonly kind: "review.requested" | "review.approved"; readonly data: AboutReview }
  | { readonly kind: "review.commented"; readonly data: AboutReview & { readonly excerpt: string | null } }
  | { readonly kind: "review.rejected"; readonly data: AboutReview & { readonly note: string | null } }
  | { readonly kind: "review.revised"; readonly data: AboutReview & { readonly reason: string | null } }
  | { readonly kind: "review.problem"; readonly data: Omit<AboutReview, "by"> & { readonly code: string | null } }
  | { readonly kind: "version.published" | "version.signed"; readonly data: AboutVersion }
  | { readonly kind: "version.revoked"; readonly data: AboutVersion & { readonly by: string | null; readonly reason: string | null } }
  | {
      readonly kind: "run.refused";
      readonly data: AboutVersion & { readonly check: string | null; readonly hostName: string | null; readonly runs: number };
    }
  | { readonly kind: "rollout.paused" | "rollout.rolled-back" | "rollout.completed"; readonly data: AboutRollout }
  | { readonly kind: "budget.warned" | "budget.stopped"; readonly data: AboutBudget }
  | {
      readonly kind: "key.distrusted";
      readonly data: {
        readonly hint: string | null;
        readonly by: string | null;
        readonly from: string | null;
        readonly reason: string | null;
      };
    };

export type NoticeKind = NoticeContent["kind"];

/** Whom a notice is for: these people and whoever has one of these roles, except those who know already. */
export type People = { readonly ids: readonly string[]; readonly roles: readonly string[]; readonly except: readonly string[] };

export type Notice = NoticeContent & {
  /** Names the cause: hearing of it again changes nothing. */
  readonly key: string;
  /** Where it leads, as a path of the console. */
  readonly href: string;
  readonly people: People;
};

/** What the tables say of the thing that an event names; null where there is no such thing. */
export type Facts = {
  readonly version: (AboutVersion & { readonly reason: string | null; readonly authors: readonly string[] }) | null;
  readonly run: { readonly finishedAt: Date | null } | null;
  readonly key: { readonly hint: string; readonly from: Date | null; readonly reason: string | null } | null;
};

const text = z.string().max(2_000).nullish().catch(null);
const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const people = z
  .array(z.unknown())
  .catch([])
  .transform((ids) => ids.filter((id): id is string => uuid.safeParse(id).success));

/** What must be there of an event to speak of it; what else it says is taken when it has the expected shape. */
const reviewEvent = z.object({
  number: z.int().positive(),
  title: z.string(),
  templateName: z.string(),
  actorName: z.string().catch(""),
  audience: people,
  excerpt: text,
  note: text,
  reason: text,
  problem: z.object({ code: text }).nullish().catch(null),
});
const versionEvent = z.object({ versionId: uuid, actorId: text, actorName: text, reason: text });
const runEvent = z.object({ runId: uuid, templateName: z.string(), semver: z.string(), check: text, hostName: text });
const rolloutEvent = z.object({
  number: z.int().positive(),
  templateName: z.string(),
  channel: z.string(),
  semver: z.string(),
  reason: text,
  startedBy: z.string().catch(""),
  actorId: z.string().catch(""),
});
const budgetEvent = z.object({
  templateName: z.string().nullable(),
  month: z.string().regex(/^\d{4}-\d\d$/),
  percent: z.number().positive(),
  amountMicros: z.number().nonnegative(),
  spentMicros: z.number().nonnegative(),
  currency: z.string().regex(/^[A-Z]{3}$/),
});
const keyEvent = z.object({ keyId: uuid, hint: text, by: text, from: text, reason: text });

/** The rows that an event names, for looking them up. */
export type Named = { readonly versionId: string | null; readonly runId: string | null; readonly keyId: string | null };

export function namedIn(payload: unknown): Named {
  const one = (name: string) =>
    uuid
      .nullable()
      .catch(null)
      .parse((payload as Readonly<Record<string, unknown>> | null)?.[name] ?? null);
  return { versionId: one("versionId"), runId: one("runId"), keyId: one("keyId") };
}

export type Event = { readonly id: number; readonly topic: string; readonly payload: unknown };

/** Topics that make notices, or settle them. */
export const noticeTopics = [
  "review.requested",
  "review.commented",
  "review.approved",
  "review.rejected",
  "review.revised",
  "review.problem",
  "review.withdrawn",
  "version.published",
  "version.signed",
  "version.revoked",
  "run.refused",
  "rollout.paused",
  "rollout.rolled-back",
  "rollout.completed",
  "budget.warned",
  "budget.stopped",
  "key.distrusted",
] as const satisfies readonly (NoticeKind | "review.withdrawn")[];

/** The notice that an event makes; null when it says too little, or of things that are not there: then there is nobody to tell. */
export function noticeOf({ id, topic, payload }: Event, facts: Facts): Notice | null {
  if (topic.startsWith("review.")) return ofReview(id, topic, payload);
  if (topic.startsWith("version.")) return ofVersion(topic, payload, facts.version);
  if (topic.startsWith("rollout.")) return ofRollout(id, topic, payload, facts.version);
  if (topic.startsWith("budget.")) return ofBudget(id, topic, payload);
  if (topic === "run.refused") return ofRun(payload, facts.run);
  return topic === "key.distrusted" ? ofKey(payload, facts.key) : null;
}

function ofReview(id: number, topic: string, payload: unknown): Notice | null {
  const event = reviewEvent.safeParse(payload).data;
  if (!event) return null;
  const content = reviewContent(topic, event);
  // One review goes through the same states more than once: the event is the cause.
  return content && { ...content, key: `${topic}:${id}`, href: `/reviews/${event.number}`, people: just(event.audience) };
}

function reviewContent(topic: string, event: z.infer<typeof reviewEvent>): NoticeContent | null {
  const subject = { number: event.number, title: clip(event.title), templateName: event.templateName };
  const about = { ...subject, by: event.actorName };
  switch (topic) {
    case "review.requested":
    case "review.approved":
      return { kind: topic, data: about };
    case "review.commented":
      return { kind: topic, data: { ...about, excerpt: clipped(event.excerpt) } };
    case "review.rejected":
      return { kind: topic, data: { ...about, note: clipped(event.note) } };
    case "review.revised":
      return { kind: topic, data: { ...about, reason: event.reason ?? null } };
    case "review.problem":
      return { kind: topic, data: { ...subject, code: event.problem?.code ?? null } };
    default:
      return null;
  }
}

function ofVersion(topic: string, payload: unknown, version: Facts["version"]): Notice | null {
  const event = versionEvent.safeParse(payload).data;
  if (!event || !version) return null;
  const { versionId, actorId, actorName } = event;
  const { templateName, semver, authors } = version;
  const href = `/templates/${templateName}`;
  if (topic === "version.published" || topic === "version.signed")
    return { kind: topic, data: { templateName, semver }, key: `version:${versionId}`, href, people: just(authors) };
  if (topic !== "version.revoked") return null;
  const reason = clipped(event.reason ?? version.reason);
  return {
    kind: topic,
    data: { templateName, semver, by: actorName ?? null, reason },
    key: `${topic}:${versionId}`,
    href,
    people: { ids: authors, roles: ACTIONS["templates.revoke"], except: [actorId].filter((known) => typeof known === "string") },
  };
}

/** A version that hosts refuse is refused a thousand times in a row: one notice an hour, which counts. */
function ofRun(payload: unknown, run: Facts["run"]): Notice | null {
  const event = runEvent.safeParse(payload).data;
  if (!event || !run?.finishedAt) return null;
  const { runId, templateName, semver, check, hostName } = event;
  const hour = run.finishedAt.toISOString().slice(0, "2026-11-24T09".length);
  return {
    kind: "run.refused",
    data: { templateName, semver, check: check ?? null, hostName: hostName ?? null, runs: 1 },
    key: `run.refused:${templateName}@${semver}:${hour}`,
    href: `/runs/${runId}`,
    people: { ids: [], roles: ACTIONS["templates.revoke"], except: [] },
  };
}

/**
 * Those who can do something about it, and who began it; not whoever did it themselves. Of a good end only who began it; of a version that
 * was taken back those who wrote it too: they were told that hosts run it.
 */
function ofRollout(id: number, topic: string, payload: unknown, version: Facts["version"]): Notice | null {
  const event = rolloutEvent.safeParse(payload).data;
  if (!event || (topic !== "rollout.paused" && topic !== "rollout.rolled-back" && topic !== "rollout.completed")) return null;
  const { number, templateName, channel, semver, startedBy, actorId } = event;
  const roles = topic === "rollout.completed" ? [] : ACTIONS["rollouts.pass-gate"];
  return {
    kind: topic,
    data: { number, templateName, channel, semver, reason: clipped(event.reason) },
    // A rollout pauses more than once: the event is the cause.
    key: `${topic}:${id}`,
    href: `/rollouts/${number}`,
    people: { ids: [startedBy, ...(topic === "rollout.rolled-back" ? (version?.authors ?? []) : [])], roles, except: [actorId] },
  };
}

/** Those who may change it. */
function ofBudget(id: number, topic: string, payload: unknown): Notice | null {
  const data = budgetEvent.safeParse(payload).data;
  if (!data || (topic !== "budget.warned" && topic !== "budget.stopped")) return null;
  // A budget that was raised is used up a second time: the event is the cause.
  return { kind: topic, data, key: `${topic}:${id}`, href: "/costs", people: { ids: [], roles: ACTIONS["budgets.set"], except: [] } };
}

/** Whoever distrusted the key is told too: an act that nobody remembers is an alarm. */
function ofKey(payload: unknown, key: Facts["key"]): Notice | null {
  const event = keyEvent.safeParse(payload).data;
  if (!event || !key) return null;
  const from = event.from ?? key.from?.toISOString() ?? null;
  return {
    kind: "key.distrusted",
    data: { hint: event.hint ?? key.hint, by: event.by ?? null, from, reason: clipped(event.reason ?? key.reason) },
    // The distrust of a key can reach further back later: that is news.
    key: `key.distrusted:${event.keyId}:${from}`,
    href: "/trust",
    people: { ids: [], roles: ACTIONS["signing.distrust"], except: [] },
  };
}

/** Where the requests lead that an event settles: whoever was asked and did not look need not any more. Null: none. */
export function settledBy({ topic, payload }: Event): string | null {
  if (topic !== "review.approved" && topic !== "review.rejected" && topic !== "review.withdrawn") return null;
  const number = reviewEvent.shape.number.safeParse((payload as Readonly<Record<string, unknown>> | null)?.["number"]).data;
  return number === undefined ? null : `/reviews/${number}`;
}

function just(ids: readonly string[]): People {
  return { ids, roles: [], except: [] };
}

const SHOWN_CHARACTERS_MAX = 200;

/** Words of people are quoted, not stored: the beginning, never half a character, nothing that PostgreSQL cannot keep. */
function clip(words: string): string {
  const whole = words.replaceAll("\u0000", "").replace(/\s+/g, " ").trim().toWellFormed();
  const characters = [...whole];
  return characters.length <= SHOWN_CHARACTERS_MAX
    ? whole
    : `${characters
        .slice(0, SHOWN_CHARACTERS_MAX - 1)
        .join("")
        .trimEnd()}…`;
}

function clipped(words: string | null | undefined): string | null {
  const shown = clip(words ?? "");
  return shown === "" ? null : shown;
}
