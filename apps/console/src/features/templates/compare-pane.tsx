"use client";
import { CodeDiff, type DiffCount } from "@agent-factory/ui/code-diff";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { ChangeList, Demand } from "./change-bar.tsx";
import type { DraftChanges } from "./changes.ts";
import { templateMessages } from "./messages.ts";

type Props = {
  readonly base: { readonly semver: string; readonly source: string } | null;
  readonly text: string;
  readonly changes: DraftChanges;
};

/** The draft beside the version it is based on: what each change means first, then the words. */
export function ComparePane({ base, text, changes }: Props): ReactNode {
  const messages = useMessages(templateMessages);
  const [layout, setLayout] = useState<"split" | "unified">("unified");
  const [count, setCount] = useState<DiffCount | null>(null);
  const same = base !== null && base.source === text;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <section aria-label={messages.changes} className="max-h-[45%] shrink-0 overflow-auto border-b border-line px-4 py-3">
        <ChangeList changes={changes} />
        {changes.kind === "some" ? (
          <p className="mt-3">
            <Demand changes={changes} />
          </p>
        ) : null}
      </section>
      {base === null ? null : same ? (
        <p className="p-4 text-ink-2">{messages.sameAsBase(base.semver)}</p>
      ) : (
        <>
          <div className="flex items-center gap-3 border-b border-line px-4 py-1.5 text-sm text-ink-2">
            <span className="min-w-0 truncate">
              {messages.baseText(base.semver)} → {messages.draftText}
            </span>
            {count ? (
              <span className="shrink-0 font-mono" data-testid="diff-count">
                <span className="text-healthy">+ {count.added}</span> <span className="text-breached">− {count.removed}</span>
              </span>
            ) : null}
            <fieldset className="ml-auto flex shrink-0 rounded-sm border border-line-strong p-0.5">
              <legend className="sr-only">{messages.layoutLabel}</legend>
              {(["unified", "split"] as const).map((choice) => (
                <button
                  key={choice}
                  type="button"
                  aria-pressed={layout === choice}
                  onClick={() => setLayout(choice)}
                  className="rounded-[3px] px-2 text-ink-2 hover:bg-hover aria-pressed:bg-accent-soft aria-pressed:text-accent"
                >
                  {messages[choice]}
                </button>
              ))}
            </fieldset>
          </div>
          <div className="min-h-0 flex-1">
            <CodeDiff
              before={base.source}
              after={text}
              language="yaml"
              layout={layout}
              beforeLabel={messages.baseText(base.semver)}
              afterLabel={messages.draftText}
              onCount={setCount}
            />
          </div>
        </>
      )}
    </div>
  );
}
