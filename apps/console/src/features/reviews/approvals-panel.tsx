"use client";
import { Panel } from "@agent-factory/ui/panel";
import { Ban, Check, CircleDashed, CircleSlash, X } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { reviewMessages } from "./messages.ts";
import type { Decision, ReviewPageView } from "./review-view.ts";
import { usePeople } from "./use-people.ts";
import { When } from "./when.tsx";
import { Words } from "./words.tsx";

const died = {
  "content-changed": "died_contentChanged",
  "policy-changed": "died_policyChanged",
  contributed: "died_contributed",
  "base-changed": "died_baseChanged",
  withdrawn: "died_withdrawn",
} as const;

/** Who said yes to which revision, what no longer counts and why, and who can give what is missing. */
export function ApprovalsPanel({ review }: { review: ReviewPageView }): ReactNode {
  const messages = useMessages(reviewMessages);
  const { approvals, decisions } = review;
  const live = decisions.filter(({ killedAt }) => killedAt === null);
  // One's newest dead approval tells enough; the conversation has them all.
  const dead = decisions
    .filter(({ killedAt, verdict }) => killedAt !== null && verdict === "approve")
    .filter((decision, at, all) => all.findLastIndex(({ userId }) => userId === decision.userId) === at)
    .filter(({ userId }) => !live.some((decision) => decision.userId === userId));
  const missing = review.state === "open" ? Math.max(0, approvals.required - approvals.given) : 0;
  return (
    <Panel title={messages.approvalsTitle(approvals.given, approvals.required)}>
      <ul className="flex flex-col" data-testid="approvals">
        {live.map((decision) => (
          <Live key={decision.id} decision={decision} />
        ))}
        {missing > 0 ? <Missing review={review} missing={missing} /> : null}
        {dead.map((decision) => (
          <Dead key={decision.id} decision={decision} />
        ))}
        <Contributors review={review} />
      </ul>
      <Rules rules={approvals.rules} />
    </Panel>
  );
}

function Item({ icon, children }: { icon: ReactNode; children: ReactNode }): ReactNode {
  return (
    <li className="flex gap-2 border-b border-line py-2.5 first:pt-0.5 last:border-b-0 last:pb-0">
      <span className="flex h-5 shrink-0 items-center [&_svg]:size-4">{icon}</span>
      <div className="min-w-0 flex-1">{children}</div>
    </li>
  );
}

function Live({ decision }: { decision: Decision }): ReactNode {
  const messages = useMessages(reviewMessages);
  const approve = decision.verdict === "approve";
  return (
    <Item icon={approve ? <Check aria-hidden className="text-healthy" /> : <X aria-hidden className="text-breached" />}>
      <b className="font-semibold">{decision.userName}</b>{" "}
      <span className="text-ink-2">{approve ? messages.approvedRevision(decision.revision) : messages.rejectedIt(decision.revision)}</span>{" "}
      <When at={decision.at} />
      {decision.note === "" ? null : (
        <div className="mt-1 text-ink-2">
          <Words text={decision.note} />
        </div>
      )}
    </Item>
  );
}

function Dead({ decision }: { decision: Decision }): ReactNode {
  const messages = useMessages(reviewMessages);
  const why = decision.killedReason === null ? "died_other" : died[decision.killedReason];
  return (
    <Item icon={<CircleSlash aria-hidden className="text-warning" />}>
      <b className="font-semibold">{decision.userName}</b>{" "}
      <span className="text-ink-2">
        {messages.approvalDied(decision.revision)} {messages[why]}
      </span>
    </Item>
  );
}

function Missing({ review, missing }: { review: ReviewPageView; missing: number }): ReactNode {
  const messages = useMessages(reviewMessages);
  const people = usePeople();
  const others = people.others(review.whoCan);
  const me = review.whoCan.length > others.length;
  const who =
    review.whoCan.length === 0
      ? messages.nobodyCan
      : me
        ? others.length === 0
          ? messages.onlyYou
          : messages.youOr(people.list(others, "disjunction"))
        : people.list(others, "disjunction");
  return (
    <Item icon={<CircleDashed aria-hidden className="text-ink-3" />}>
      <b className="font-semibold">{messages.stillNeeded(missing)}</b>{" "}
      <span className="text-ink-2">{messages.anyOf(people.roles(review.approvals.roles))}</span>
      <p className="text-ink-3">{who}</p>
    </Item>
  );
}

const ruleSentences: Readonly<Record<string, "rule_permission" | "rule_secrets" | "rule_egress">> = {
  "reviews.permission": "rule_permission",
  "reviews.secrets": "rule_secrets",
  "reviews.egress": "rule_egress",
};
/** The rule that always holds needs no telling. */
const USUAL = "reviews.usual";

/** Why it takes as many as it takes; a rule that the console has no sentence for is told by its name. */
function Rules({ rules }: { rules: readonly string[] }): ReactNode {
  const messages = useMessages(reviewMessages);
  const telling = rules.filter((rule) => rule !== USUAL);
  if (telling.length === 0) return null;
  return (
    <ul className="mt-3 flex flex-col gap-1 border-t border-line pt-2.5 text-sm text-ink-2">
      {telling.map((rule) => {
        const sentence = ruleSentences[rule];
        return (
          <li key={rule} title={rule}>
            {sentence === undefined ? <code>{rule}</code> : messages[sentence]}
          </li>
        );
      })}
    </ul>
  );
}

function Contributors({ review }: { review: ReviewPageView }): ReactNode {
  const messages = useMessages(reviewMessages);
  const people = usePeople();
  const { contributors } = review;
  if (contributors.length === 0) return null;
  const others = people.others(contributors);
  const me = others.length < contributors.length;
  return (
    <Item icon={<Ban aria-hidden className="text-ink-3" />}>
      <span className="text-ink-2">
        {!me
          ? messages.wroteIt(people.list(contributors), contributors.length)
          : others.length === 0
            ? messages.youWroteIt
            : messages.youAnd(people.list(others))}
      </span>
    </Item>
  );
}
