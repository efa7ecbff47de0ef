"use client";
/** The editor of one draft: its manifest, its code, what changed, and *Try it* beside it. */
import { Badge } from "@agent-factory/ui/badge";
import { Button } from "@agent-factory/ui/button";
import type { CodeEditorHandle } from "@agent-factory/ui/code-editor";
import { Kbd } from "@agent-factory/ui/kbd";
import { PageHeader } from "@agent-factory/ui/page-header";
import { Notice } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { Tabs } from "@agent-factory/ui/tabs";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { GitCompareArrows, Lock, Play } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useAddress } from "../../session/use-address.ts";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { archiveOf } from "./archive-of.ts";
import { ArchiveUpload } from "./archive-upload.tsx";
import { ChangeBar } from "./change-bar.tsx";
import { changesSince, type DraftChanges } from "./changes.ts";
import { withArchive } from "./code-digest.ts";
import { CodeFiles, type CodePlace } from "./code-files.tsx";
import { ComparePane } from "./compare-pane.tsx";
import { NewerNotice, RecoveryNotice, StaleNotice } from "./draft-notices.tsx";
import { type DraftKey, dropForgotten, dropRecovery, recover } from "./draft-recovery.ts";
import { ManifestPane, ProblemList, useProblems } from "./manifest-pane.tsx";
import { templateMessages } from "./messages.ts";
import { newestMarks, type SchemaMark } from "./problems.ts";
import { SaveState } from "./save-state.tsx";
import type { DraftView } from "./template-view.ts";
import { useDraft } from "./use-draft.ts";
import { useDraftShortcuts } from "./use-draft-shortcuts.ts";

/** What the page needs to put *Try it* beside the editor: features do not know each other. */
export type TryProps = {
  readonly templateName: string;
  readonly draftId: string;
  readonly inputKey: { readonly tenant: string; readonly user: string; readonly template: string };
  readonly settle: () => Promise<number | null>;
  readonly errors: number;
  readonly undecided: boolean;
  readonly paths: readonly string[] | null;
  readonly onOpenFrame: (path: string, line: number, column: number) => void;
  /** Counts the requests to run from outside the pane (the editor's shortcut, the header's button). */
  readonly requests: number;
};

/** What the page needs to put *Ask for review* among the editor's actions. */
export type ReviewProps = {
  readonly draftId: string;
  readonly templateName: string;
  readonly review: DraftView["review"];
  readonly errors: number;
  readonly changes: DraftChanges;
  /** What was typed could not be saved. */
  readonly unsaved: boolean;
  readonly settle: () => Promise<number | null>;
};

type Props = {
  readonly name: string;
  readonly draftId: string;
  readonly renderTry: (props: TryProps) => ReactNode;
  readonly renderReview: (props: ReviewProps) => ReactNode;
};

export function DraftEditor({ name, draftId, renderTry, renderReview }: Props): ReactNode {
  const messages = useMessages(templateMessages);
  const trpc = useTRPC();
  // Never from a cache: an editor that opens on an old revision ends in a conflict with itself.
  const draft = useQuery(
    trpc.drafts.get.queryOptions(
      { draftId },
      { gcTime: 0, staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false },
    ),
  );
  if (draft.data) return <LoadedDraft key={draft.data.id} draft={draft.data} renderTry={renderTry} renderReview={renderReview} />;
  return (
    <>
      <PageHeader breadcrumbs={crumbs(messages.title, name)} title={messages.draft} />
      <div className="p-4 md:px-6 md:py-5">
        {draft.isError ? (
          <QueryProblem error={draft.error} retry={() => void draft.refetch()} />
        ) : (
          <div aria-busy className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_372px]">
            <Skeleton className="h-[calc(100dvh-110px)] w-full rounded-md" />
            <Skeleton className="h-64 w-full rounded-md" />
          </div>
        )}
      </div>
    </>
  );
}

function LoadedDraft({ draft, renderTry, renderReview }: { draft: DraftView } & Pick<Props, "renderTry" | "renderReview">): ReactNode {
  const messages = useMessages(templateMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const address = useAddress();
  const key = useMemo<DraftKey>(
    () => ({ tenant: viewer.tenant.id, user: viewer.user.id, draftId: draft.id }),
    [viewer.tenant.id, viewer.user.id, draft.id],
  );
  // Read before the autosave opens: its first act is to mirror, and what is mirrored is clean.
  const [recovery, setRecovery] = useState(() => recover(localStorage, key, draft));
  useEffect(() => dropForgotten(localStorage, new Date()), []);
  const open = useDraft(draft, key);
  const { state, dispatch, parsed, text } = open;

  const [schemaMarks, setSchemaMarks] = useState<readonly SchemaMark[]>([]);
  const readMarks = useCallback((read: readonly SchemaMark[]) => setSchemaMarks((known) => newestMarks(known, read)), []);
  const problems = useProblems(parsed, open.policy, schemaMarks);
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const [problemsShown, setProblemsShown] = useState(() => draft.diagnostics.length > 0 || draft.policy.length > 0);
  const changes = useMemo(() => changesSince(draft.base, parsed, text), [draft.base, parsed, text]);
  const digest = archiveOf(parsed.data);
  const archive = useQuery(
    trpc.archives.get.queryOptions(
      { digest: digest ?? "" },
      { enabled: digest !== null && /^sha256:[0-9a-f]{64}$/.test(digest), staleTime: Number.POSITIVE_INFINITY, retry: false },
    ),
  );
  const paths = useMemo(() => archive.data?.files.map((file) => file.path) ?? null, [archive.data]);

  const editor = useRef<CodeEditorHandle>(null);
  const [place, setPlace] = useState<CodePlace | null>(null);
  const [requests, setRequests] = useState(0);
  const view = address.get("view") ?? "manifest";
  const setView = useCallback((next: string) => address.set("view", next === "manifest" ? null : next), [address]);
  const openFrame = useCallback(
    (path: string, line: number, column: number) => {
      setPlace({ path, line, column });
      setView("code");
    },
    [setView],
  );
  const tryIt = () => setRequests((count) => count + 1);
  const permission = viewer.can("drafts.save");
  const readOnly = draft.state !== "open" || permission.reason !== undefined;
  useDraftShortcuts({ save: () => dispatch({ type: "save-now" }), tryIt });
  const type = (next: string) => dispatch({ type: "typed", text: next });

  return (
    <div className="flex min-h-dvh flex-col xl:h-dvh xl:min-h-0">
      <PageHeader
        breadcrumbs={crumbs(messages.title, draft.templateName)}
        title={draft.templateName}
        badges={
          <>
            <Badge tone="accent" icon={null}>
              {messages.draft} · {draft.title}
            </Badge>
            {readOnly ? null : <SaveState state={state} onRetry={() => dispatch({ type: "save-now" })} />}
          </>
        }
        actions={
          <>
            <Button onClick={() => setView(view === "compare" ? "manifest" : "compare")} aria-pressed={view === "compare"}>
              <GitCompareArrows aria-hidden />
              {messages.tabCompare}
            </Button>
            <Button onClick={tryIt} aria-keyshortcuts="Control+Enter Meta+Enter" disabledReason={viewer.can("runs.try").reason}>
              <Play aria-hidden />
              {messages.tryIt}
              <Kbd>{isApple() ? "⌘↵" : "Ctrl ↵"}</Kbd>
            </Button>
            {draft.state === "open"
              ? renderReview({
                  draftId: draft.id,
                  templateName: draft.templateName,
                  review: draft.review,
                  errors,
                  changes,
                  unsaved: state.phase === "stale" || state.phase === "failed",
                  settle: open.settle,
                })
              : null}
          </>
        }
      />
      <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)] gap-4 p-4 md:px-6 md:py-5 xl:grid-cols-[minmax(0,1fr)_372px]">
        <div className="flex min-h-0 min-w-0 flex-col gap-3">
          {readOnly ? <WhyReadOnly draft={draft} reason={permission.reason} /> : null}
          {recovery && !readOnly ? (
            <RecoveryNotice
              recovery={recovery}
              stored={draft.source}
              savedBy={draft.updatedByName}
              onUse={() => {
                type(recovery.kept.text);
                dropRecovery(localStorage, key);
                setRecovery(null);
              }}
              onDrop={() => {
                dropRecovery(localStorage, key);
                setRecovery(null);
              }}
            />
          ) : null}
          <StaleNotice state={state} dispatch={dispatch} />
          <NewerNotice state={state} onLoad={() => void open.loadNewest()} />
          <Tabs
            className="h-[70dvh] min-h-[420px] rounded-md border border-line bg-surface xl:h-auto xl:min-h-0 xl:flex-1"
            label={messages.tabsLabel}
            keepMounted
            value={view}
            onValueChange={setView}
            aside={
              <Verdict
                errors={errors}
                warnings={problems.length - errors}
                shown={problemsShown}
                onToggle={() => setProblemsShown(!problemsShown)}
              />
            }
            tabs={[
              {
                value: "manifest",
                label: messages.tabManifest,
                content: (
                  <div className="flex h-full min-h-0 flex-col">
                    <div className="min-h-0 flex-1">
                      <ManifestPane
                        draftId={draft.id}
                        text={state.text}
                        parsed={parsed}
                        problems={problems}
                        readOnly={readOnly}
                        onChange={type}
                        onSchemaMarks={readMarks}
                        editor={editor}
                      />
                    </div>
                    {problemsShown && problems.length > 0 ? (
                      <ProblemList problems={problems} onOpen={(problem) => editor.current?.revealAt(problem.line, problem.column)} />
                    ) : null}
                    <ChangeBar changes={changes} onOpen={() => setView("compare")} />
                  </div>
                ),
              },
              {
                value: "code",
                label: messages.tabCode,
                content:
                  view === "code" ? (
                    <div className="flex h-full min-h-0 flex-col">
                      <ArchiveUpload
                        current={digest}
                        disabledReason={readOnly ? (permission.reason ?? messages.readOnlyDraft) : viewer.can("archives.upload").reason}
                        onArchive={(uploaded) => open.change((text) => withArchive(text, uploaded))}
                      />
                      <div className="min-h-0 flex-1">
                        <CodeFiles digest={digest} place={place} onPlace={setPlace} />
                      </div>
                    </div>
                  ) : null,
              },
              {
                value: "compare",
                label: messages.tabCompare,
                content: view === "compare" ? <ComparePane base={draft.base} text={text} changes={changes} /> : null,
              },
            ]}
          />
        </div>
        <aside aria-label={messages.tryIt} className="-m-1 flex min-w-0 flex-col gap-4 p-1 xl:overflow-y-auto">
          {renderTry({
            templateName: draft.templateName,
            draftId: draft.id,
            inputKey: { tenant: viewer.tenant.id, user: viewer.user.id, template: draft.templateName },
            settle: open.settle,
            errors,
            undecided: state.phase === "stale",
            paths,
            onOpenFrame: openFrame,
            requests,
          })}
        </aside>
      </div>
    </div>
  );
}

/** Valid, or how many problems; pressing it shows and hides their list. */
function Verdict({
  errors,
  warnings,
  shown,
  onToggle,
}: {
  errors: number;
  warnings: number;
  shown: boolean;
  onToggle: () => void;
}): ReactNode {
  const messages = useMessages(templateMessages);
  if (errors + warnings === 0) return <Badge tone="healthy">{messages.valid}</Badge>;
  return (
    <button
      type="button"
      aria-expanded={shown}
      title={shown ? messages.problemsHide : messages.problemsShow}
      onClick={onToggle}
      className="flex gap-1 rounded-full"
    >
      {errors > 0 ? <Badge tone="breached">{messages.errors(errors)}</Badge> : null}
      {warnings > 0 ? <Badge tone="warning">{messages.warnings(warnings)}</Badge> : null}
    </button>
  );
}

function WhyReadOnly({ draft, reason }: { draft: DraftView; reason: string | undefined }): ReactNode {
  const messages = useMessages(templateMessages);
  const trpc = useTRPC();
  const queries = useQueryClient();
  const restore = useMutation(
    trpc.drafts.restore.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.drafts.get.queryKey({ draftId: draft.id }) }),
    }),
  );
  const title =
    draft.state === "discarded" ? messages.discardedDraft : draft.state === "published" ? messages.publishedDraft : messages.readOnlyDraft;
  return (
    <Notice
      tone="accent"
      icon={<Lock aria-hidden />}
      title={title}
      actions={
        draft.state === "discarded" && reason === undefined ? (
          <Button size="sm" onClick={() => restore.mutate({ draftId: draft.id })} loading={restore.isPending}>
            {messages.restore}
          </Button>
        ) : null
      }
    >
      {draft.state === "open" ? reason : undefined}
    </Notice>
  );
}

function crumbs(templates: string, name: string): ReactNode[] {
  return [
    <Link key="templates" href="/templates">
      {templates}
    </Link>,
    <Link key="template" href={`/templates/${name}`}>
      {name}
    </Link>,
  ].slice(0, 1);
}

function isApple(): boolean {
  return typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);
}
