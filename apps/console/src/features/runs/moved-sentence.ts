/** Why a run went on with another version than it was given, as its event tells. Pure. */
import type { runChannelMessages } from "./channel-messages.ts";
import type { RunView } from "./run-view.ts";

const REASONS = ["rolled-back", "version-revoked", "canary-failed", "canary-dead", "canary-gone"] as const;

export function movedSentence(data: RunView["events"][number]["data"], words: (typeof runChannelMessages)["en"]): string {
  const [from, to] = [String(data["from"]), String(data["to"])];
  const known = REASONS.find((reason) => reason === data["reason"]);
  return words.wentOn(to, (known === undefined ? words.why_other : words[`why_${known}`])(from));
}

/** The version that a run was moved away from; null when it never was. */
export function movedFromOf({ events }: Pick<RunView, "events">): string | null {
  const from = events.findLast(({ kind }) => kind === "moved")?.data["from"];
  return typeof from === "string" ? from : null;
}
