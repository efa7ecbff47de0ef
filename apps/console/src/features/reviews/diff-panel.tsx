"use client";
import type { SourceDocument } from "@agent-factory/manifest/document";
import { Select } from "@agent-factory/ui/field";
import { History } from "lucide-react";
import { memo, type ReactNode, type Ref, useMemo } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import type { Anchors } from "./anchors.ts";
import type { Layout } from "./diff-rows.ts";
import { type DiffHandle, DiffTable } from "./diff-table.tsx";
import { diffLines } from "./line-diff.ts";
import { LineForm, type LineForms } from "./line-forms.tsx";
import { reviewMessages } from "./messages.ts";
import type { ReviewPageView, Thread } from "./review-view.ts";
import { ThreadCard } from "./thread-card.tsx";
import type { Against, Comparison } from "./use-comparison.ts";
import type { Remarks } from "./use-remarks.ts";

type Props = {
  readonly review: ReviewPageView;
  readonly against: Against;
  readonly comparison: Comparison;
  readonly onAgainst: (against: Against) => void;
  readonly layout: Layout;
  readonly onLayout: (layout: Layout) => void;
  readonly parsed: SourceDocument | null;
  readonly anchors: Anchors<Thread>;
  readonly remarks: Remarks;
  readonly forms: LineForms;
  readonly handle: Ref<DiffHandle>;
};

/** The lines that differ, with what was said about them. */
export const DiffPanel = memo(function DiffPanel(props: Props): ReactNode {
  const { review, against, comparison, layout, onLayout, anchors, remarks, forms, handle } = props;
  const messages = useMessages(reviewMessages);
  const viewer = useViewer();
  const { head } = review;
  const names = { before: useAgainstName(review, against), after: messages.headName(head.revision) };
  const diff = useMemo(
    () => (comparison.before === null ? null : diffLines(comparison.before, head.content)),
    [comparison.before, head.content],
  );
  const revision = head.revision;
  const { byLine } = anchors;
  const { open, replies } = forms;
  const { below, needed } = useMemo(() => {
    const content = new Map<number, ReactNode[]>();
    const seen = new Set<number>();
    const add = (line: number, node: ReactNode) => content.set(line, [...(content.get(line) ?? []), node]);
    for (const [line, threads] of byLine)
      for (const thread of threads) {
        add(
          line,
          <ThreadCard
            key={thread.id}
            thread={thread}
            reviewNumber={review.number}
            revision={revision}
            remarks={remarks}
            replying={replies.has(thread.id)}
          />,
        );
        if (thread.resolvedAt === null) seen.add(line);
      }
    for (const form of open) {
      add(form.line, <LineForm key={form.pointer} reviewNumber={review.number} form={form} onClose={forms.close} remarks={remarks} />);
      seen.add(form.line);
    }
    const nodes = [...content].map(
      ([line, cards]) =>
        [
          line,
          <div key={line} className="flex flex-col gap-2">
            {cards}
          </div>,
        ] as const,
    );
    return { below: new Map<number, ReactNode>(nodes), needed: [...seen].sort((a, b) => a - b).join(" ") };
  }, [byLine, open, replies, forms.close, review.number, revision, remarks]);
  // By its content: rows are laid out anew only when other lines must be seen.
  const steady = useMemo(() => new Set(needed === "" ? [] : needed.split(" ").map(Number)), [needed]);
  const canComment = viewer.can("reviews.comment").allowed && props.parsed !== null;

  return (
    <section aria-labelledby="diff-title" className="min-w-0 rounded-md border border-line bg-surface" data-testid="diff">
      <header className="z-10 flex min-h-[38px] flex-wrap items-center gap-x-3 gap-y-1 rounded-t-md border-b border-line bg-surface px-4 py-1 lg:sticky lg:top-[52px]">
        <h2 id="diff-title" className="font-semibold">
          {review.subjectKind === "plan" ? messages.plan : messages.manifest}
        </h2>
        {diff ? (
          <span data-testid="diff-count" className="font-mono text-sm text-ink-2">
            <span aria-hidden>
              + {diff.added} − {diff.removed}
            </span>
            <span className="sr-only">{messages.lines(diff.added, diff.removed)}</span>
          </span>
        ) : null}
        <div className="ml-auto flex flex-wrap items-center gap-2">
          <AgainstChoice review={review} against={against} onAgainst={props.onAgainst} />
          <fieldset className="flex shrink-0 rounded-sm border border-line-strong p-px text-sm">
            <legend className="sr-only">{messages.layoutLabel}</legend>
            {(["unified", "split"] as const).map((choice) => (
              <button
                key={choice}
                type="button"
                aria-pressed={layout === choice}
                onClick={() => onLayout(choice)}
                className="h-6 rounded-[4px] px-2 text-ink-2 hover:bg-hover aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent"
              >
                {messages[choice]}
              </button>
            ))}
          </fieldset>
        </div>
      </header>
      {comparison.error ? (
        <div className="p-4">
          <QueryProblem error={comparison.error} retry={comparison.retry} />
        </div>
      ) : diff === null ? (
        <div aria-busy className="h-64" />
      ) : (
        <>
          {diff.added + diff.removed === 0 ? <p className="border-b border-line px-4 py-2 text-ink-2">{messages.sameText}</p> : null}
          <DiffTable
            // Another comparison is another table: its folds are its own.
            key={`${against.kind}-${comparison.before?.length}-${head.revision}`}
            label={messages.diffLabel(names.before, names.after)}
            before={comparison.before ?? ""}
            after={head.content}
            diff={diff}
            layout={layout}
            below={below}
            needed={steady}
            {...(canComment ? { onComment: forms.openAt } : {})}
            handle={handle}
          />
        </>
      )}
      {anchors.gone.length === 0 ? null : (
        <section aria-labelledby="gone-title" data-testid="gone" className="border-t border-line px-4 py-3">
          <h3 id="gone-title" className="font-semibold">
            {messages.goneTitle}
          </h3>
          <p className="mb-2 text-ink-2">{messages.goneText}</p>
          <div className="flex flex-col gap-2">
            {anchors.gone.map((thread) => (
              <ThreadCard
                key={thread.id}
                thread={thread}
                reviewNumber={review.number}
                revision={revision}
                remarks={remarks}
                replying={replies.has(thread.id)}
              />
            ))}
          </div>
        </section>
      )}
    </section>
  );
});

export function useAgainstName(review: ReviewPageView, against: Against): string {
  const messages = useMessages(reviewMessages);
  if (against.kind === "revision") return messages.revisionName(against.revision);
  if (against.kind === "read") return messages.readBefore;
  return review.head.base ? messages.baseVersion(review.head.base.semver) : messages.nothingPublished;
}

const BASE = "base";
const READ = "read";

/** With what the head is compared. What I approved once is one press away. */
function AgainstChoice({ review, against, onAgainst }: Pick<Props, "review" | "against" | "onAgainst">): ReactNode {
  const messages = useMessages(reviewMessages);
  const { head, mine } = review;
  const approved = mine.lastApprovedRevision;
  const offered = approved !== null && approved !== head.revision;
  const shown = against.kind === "revision" && against.revision === approved;
  const older = review.revisions.filter(({ revision }) => revision !== head.revision);
  const value = against.kind === "revision" ? String(against.revision) : against.kind;
  return (
    <>
      {offered ? (
        <button
          type="button"
          aria-pressed={shown}
          title={shown ? messages.showWhole : messages.showSinceApproval(approved)}
          onClick={() => onAgainst(shown ? { kind: "base" } : { kind: "revision", revision: approved })}
          className="inline-flex h-6 items-center gap-1 rounded-full border border-transparent bg-warning-soft px-2 text-xs font-medium text-warning hover:underline aria-pressed:border-warning"
        >
          <History aria-hidden className="size-3" />
          {messages.sinceApproval(approved)}
        </button>
      ) : null}
      {older.length === 0 && against.kind !== "read" ? null : (
        <Select
          label={messages.compareWith}
          className="h-7 max-w-56 text-sm"
          value={value}
          onValueChange={(next) => {
            if (next === BASE) onAgainst({ kind: "base" });
            else if (next !== READ) onAgainst({ kind: "revision", revision: Number(next) });
          }}
          options={[
            { value: BASE, label: head.base ? messages.baseVersion(head.base.semver) : messages.nothingPublished },
            ...older.map((one) => ({
              value: String(one.revision),
              label: messages.revisionOption(one.revision, one.createdByName),
              ...(one.revision === approved ? { note: messages.yourApproval } : {}),
            })),
            ...(against.kind === "read" ? [{ value: READ, label: messages.readBefore }] : []),
          ]}
        />
      )}
    </>
  );
}
