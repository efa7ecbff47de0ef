"use client";
import { Button } from "@agent-factory/ui/button";
import { CodeDiff } from "@agent-factory/ui/code-diff";
import { GitCompareArrows, History, RefreshCw } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import type { Autosave, AutosaveEvent } from "./autosave.ts";
import type { Recovery } from "./draft-recovery.ts";
import { templateMessages } from "./messages.ts";

type Tone = "warning" | "accent";

function Notice({
  tone,
  icon: Icon,
  title,
  text,
  children,
  below,
}: {
  tone: Tone;
  icon: typeof History;
  title: string;
  text: string;
  children: ReactNode;
  below?: ReactNode;
}): ReactNode {
  return (
    <section
      role="alert"
      className={`rounded-md border border-line-strong border-l-[3px] bg-surface ${tone === "warning" ? "border-l-warning" : "border-l-accent"}`}
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5">
        <Icon aria-hidden className={`size-4 shrink-0 ${tone === "warning" ? "text-warning" : "text-accent"}`} />
        <p className="min-w-0 flex-1 basis-72">
          <b className="font-semibold">{title}.</b> <span className="text-ink-2">{text}</span>
        </p>
        <div className="flex flex-wrap gap-2">{children}</div>
      </div>
      {below}
    </section>
  );
}

/** Two texts want to be the next revision. Nothing happens until a person chooses; typing goes on meanwhile. */
export function StaleNotice({ state, dispatch }: { state: Autosave; dispatch: (event: AutosaveEvent) => void }): ReactNode {
  const messages = useMessages(templateMessages);
  const who = useWho();
  const [compare, setCompare] = useState(false);
  const { theirs } = state;
  if (state.phase !== "stale" || !theirs) return null;
  const author = who(theirs.updatedByName);
  return (
    <Notice
      tone="warning"
      icon={GitCompareArrows}
      title={messages.staleTitle(author)}
      text={messages.staleText}
      below={
        compare ? (
          <Difference before={theirs.source} after={state.text} beforeLabel={messages.theirText(author)} afterLabel={messages.myText} />
        ) : null
      }
    >
      <Button size="sm" aria-expanded={compare} onClick={() => setCompare(!compare)}>
        {compare ? messages.staleHide : messages.staleShow}
      </Button>
      <Button size="sm" onClick={() => dispatch({ type: "take-theirs", theirs })}>
        {messages.staleTake}
      </Button>
      <Button size="sm" variant="primary" onClick={() => dispatch({ type: "keep-mine" })}>
        {messages.staleKeep}
      </Button>
    </Notice>
  );
}

/** Somebody saved while nothing was typed here: said, not done. */
export function NewerNotice({ state, onLoad }: { state: Autosave; onLoad: () => void }): ReactNode {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  const who = useWho();
  if (state.phase !== "clean" || !state.newer) return null;
  return (
    <Notice
      tone="accent"
      icon={RefreshCw}
      title={messages.newerTitle(who(state.newer.updatedByName), format.relative(state.newer.updatedAt))}
      text={messages.newerText(state.revision)}
    >
      <Button size="sm" variant="primary" onClick={onLoad}>
        {messages.newerLoad}
      </Button>
    </Notice>
  );
}

/** Text that an earlier visit could not save. */
export function RecoveryNotice({
  recovery,
  stored,
  savedBy,
  onUse,
  onDrop,
}: {
  recovery: Recovery;
  stored: string;
  savedBy: string;
  onUse: () => void;
  onDrop: () => void;
}): ReactNode {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  const who = useWho();
  const [compare, setCompare] = useState(false);
  const { kept, behind } = recovery;
  const ago = format.relative(kept.keptAt);
  return (
    <Notice
      tone="warning"
      icon={History}
      title={messages.recoveredTitle}
      text={behind ? messages.recoveredBehind(ago, who(savedBy)) : messages.recovered(ago)}
      below={
        compare ? (
          <Difference before={stored} after={kept.text} beforeLabel={messages.theirText(who(savedBy))} afterLabel={messages.myText} />
        ) : null
      }
    >
      <Button size="sm" aria-expanded={compare} onClick={() => setCompare(!compare)}>
        {compare ? messages.staleHide : messages.recoveredShow}
      </Button>
      <Button size="sm" onClick={onDrop}>
        {messages.recoveredDrop}
      </Button>
      <Button size="sm" variant="primary" onClick={onUse}>
        {messages.recoveredUse}
      </Button>
    </Notice>
  );
}

function Difference(props: { before: string; after: string; beforeLabel: string; afterLabel: string }): ReactNode {
  return (
    <div className="border-t border-line">
      <div className="grid grid-cols-2 px-4 py-1 text-[11px] text-ink-2">
        <span>{props.beforeLabel}</span>
        <span>{props.afterLabel}</span>
      </div>
      <div className="h-64">
        <CodeDiff language="yaml" layout="split" {...props} />
      </div>
    </div>
  );
}

/** Null for oneself, in another tab: otherwise the sentence reads as if somebody else had done it. */
function useWho(): (name: string) => string | null {
  const viewer = useViewer();
  return (name) => (name === viewer.user.name ? null : name);
}
