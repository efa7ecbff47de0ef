/** A notice in words: one plain sentence, and where there is more to know a second line. Pure. */
import type * as Sentences from "../../i18n/failure-sentences.ts";
import type { Format, Locale } from "../../i18n/i18n.tsx";
import { integrityGroupOf, integrityMessages } from "../../i18n/integrity-checks.ts";
import { type noticeMessages, TITLE } from "./messages.ts";
import type { Notice } from "./notice-view.ts";

export type NoticeSentence = {
  /** With {@link TITLE} in the place of `title`, where there is one. */
  readonly sentence: string;
  readonly title: string | null;
  /** Somebody's own words are `quoted`. */
  readonly more: { readonly text: string; readonly quoted: boolean } | null;
};

type Words = (typeof noticeMessages)["en"];

/** Whether its sentence needs those of the refusals; they are not fetched for a list that names none. */
export function namesFailure(notice: Pick<Notice, "kind">): boolean {
  return notice.kind === "review.problem";
}

/** `failures` may be null where {@link namesFailure} says no. */
export function sentenceOf(
  notice: Notice,
  words: Words,
  format: Pick<Format, "number" | "percent" | "money" | "dateTime">,
  locale: Locale,
  failures: Pick<typeof Sentences, "describeFailure" | "isKnownFailure"> | null,
): NoticeSentence {
  const said = (sentence: string, more: string | null = null): NoticeSentence => ({ sentence, title: null, more: plain(more) });
  switch (notice.kind) {
    case "review.requested":
    case "review.approved":
    case "review.commented":
    case "review.rejected": {
      const verb = notice.kind === "review.requested" ? "requested" : spoken[notice.kind];
      const { title, templateName } = notice.data;
      const own = "excerpt" in notice.data ? notice.data.excerpt : "note" in notice.data ? notice.data.note : null;
      const sentence = words[verb](named(notice.data.by, words), TITLE, templateName);
      return { sentence, title, more: own === null ? null : { text: own, quoted: true } };
    }
    case "review.revised":
      return { sentence: revised(notice.data, words), title: notice.data.title, more: plain(words.approvalGone) };
    case "review.problem": {
      const { title, templateName, code } = notice.data;
      const why =
        code !== null && failures?.isKnownFailure(code)
          ? failures.describeFailure(locale, { code, message: "", details: {} }).sentence
          : null;
      return { sentence: words.stuck(TITLE, templateName), title, more: plain(why) };
    }
    case "version.published":
      return said(words.published(notice.data.templateName, notice.data.semver));
    case "version.signed":
      return said(words.signed(notice.data.templateName, notice.data.semver), words.signedNote);
    case "version.revoked": {
      const { templateName, semver, by, reason } = notice.data;
      const sentence = by === null ? words.revoked(templateName, semver) : words.revokedBy(by, templateName, semver);
      return { sentence, title: null, more: reason === null ? null : { text: reason, quoted: true } };
    }
    case "run.refused": {
      const { templateName, semver, runs, hostName, check } = notice.data;
      const sentence = runs === 1 ? words.refusedOne(templateName, semver) : words.refusedMany(format.number(runs), templateName, semver);
      const host = hostName === null ? null : words.refusedHost(hostName);
      return said(
        sentence,
        [host, check === null ? null : whatFailed(check, words, locale)].filter((part) => part !== null).join(" ") || null,
      );
    }
    case "rollout.paused":
    case "rollout.rolled-back":
    case "rollout.completed": {
      const { templateName, semver, channel, reason } = notice.data;
      const verb = (
        { "rollout.paused": "rolloutPaused", "rollout.rolled-back": "rolledBack", "rollout.completed": "rolloutCompleted" } as const
      )[notice.kind];
      const sentence = words[verb](templateName, semver, channel);
      if (reason === null) return said(sentence);
      const known = stops.find((one) => one === reason);
      return known ? said(sentence, words[`why_${known}`]) : { sentence, title: null, more: { text: reason, quoted: true } };
    }
    case "budget.warned":
    case "budget.stopped": {
      const { templateName, percent, spentMicros, amountMicros, currency } = notice.data;
      const level = format.percent(percent / 100, 0);
      const whose = templateName === null ? words.budgetOfAll : words.budgetOf(templateName);
      const sentence = notice.kind === "budget.warned" ? words.budgetWarned(whose, level) : words.budgetStopped(whose, level);
      return said(sentence, words.budgetSpent(format.money(spentMicros, currency), format.money(amountMicros, currency)));
    }
    case "key.distrusted": {
      const { by, from, reason } = notice.data;
      const since = from === null ? null : words.distrustedFrom(format.dateTime(from));
      const sentence = by === null ? words.distrusted : words.distrustedBy(by);
      return said(sentence, [since, reason].filter((part) => part !== null).join(" ") || null);
    }
  }
}

/** Why a rollout stopped, as it names it; anything else is somebody's own words. */
const stops = [
  "breached:failed",
  "breached:slow",
  "breached:dear",
  "deadline",
  "too-few-samples",
  "baseline-revoked",
  "canary-revoked",
  "no-valid-version",
  "aborted",
] as const;

const spoken = { "review.approved": "approved", "review.commented": "commented", "review.rejected": "rejected" } as const;

function revised({ by, templateName, reason }: Extract<Notice, { kind: "review.revised" }>["data"], words: Words): string {
  switch (reason) {
    case "content-changed":
      return words.revisedContent(named(by, words), TITLE, templateName);
    case "base-changed":
      return words.revisedBase(TITLE, templateName);
    case "policy-changed":
      return words.revisedPolicy(TITLE, templateName);
    case "contributed":
      return words.revisedContributed(TITLE, templateName);
    default:
      return words.revised(TITLE, templateName);
  }
}

/** A check that this console does not know stands by its name. */
function whatFailed(check: string, words: Words, locale: Locale): string {
  const group = integrityGroupOf(check);
  return group === null ? words.refusedCheck(check) : integrityMessages[locale][group];
}

function named(by: string, words: Words): string {
  return by === "" ? words.somebody : by;
}

function plain(text: string | null): NoticeSentence["more"] {
  return text === null ? null : { text, quoted: false };
}
