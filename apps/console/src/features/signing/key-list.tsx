"use client";
import { Button } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody } from "@agent-factory/ui/page-header";
import { Figure, Panel } from "@agent-factory/ui/panel";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, Table } from "@agent-factory/ui/table";
import { useQuery } from "@tanstack/react-query";
import { ChevronRight, KeyRound, RefreshCw } from "lucide-react";
import dynamic from "next/dynamic";
import { type ReactNode, useEffect, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { NotAllowed } from "../../session/not-allowed.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { CopyText } from "./copy-text.tsx";
import { KeyState } from "./key-state.tsx";
import { KeyTimeline } from "./key-timeline.tsx";
import { type Axis, axisOf } from "./key-window.ts";
import { signingMessages } from "./messages.ts";
import { type KeyRow, type KeysView, shortHash } from "./signing-view.ts";
import { TrustHeader } from "./trust-header.tsx";

const DistrustDialog = dynamic(() => import("./distrust-dialog.tsx").then((loaded) => loaded.DistrustDialog), { ssr: false });
const RotateDialog = dynamic(() => import("./rotate-dialog.tsx").then((loaded) => loaded.RotateDialog), { ssr: false });

/** The tenant's signing keys: which one signs, since when, until when, and how to stop trusting one. */
export function KeyList(): ReactNode {
  const { allowed, reason } = useViewer().can("signing.read");
  return allowed ? (
    <AllowedList />
  ) : (
    <>
      <TrustHeader section="keys" />
      <PageBody>
        <NotAllowed reason={reason} />
      </PageBody>
    </>
  );
}

function AllowedList(): ReactNode {
  const messages = useMessages(signingMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const keys = useQuery(trpc.signing.keys.queryOptions());
  const [rotating, setRotating] = useState(false);
  return (
    <>
      <TrustHeader
        section="keys"
        actions={
          <Button onClick={() => setRotating(true)} disabledReason={viewer.can("signing.rotate").reason}>
            <RefreshCw aria-hidden />
            {messages.rotate}
          </Button>
        }
      />
      <PageBody>
        <p className="max-w-3xl text-pretty text-ink-2">{messages.keysLead}</p>
        {keys.data ? (
          keys.data.items.length === 0 ? (
            <EmptyState icon={<KeyRound />} title={messages.emptyTitle}>
              {messages.emptyText}
            </EmptyState>
          ) : (
            <Keys keys={keys.data} />
          )
        ) : keys.isError ? (
          <QueryProblem title={messages.problem} error={keys.error} retry={() => void keys.refetch()} pending={keys.isFetching} />
        ) : (
          <SkeletonRows rows={3} label={messages.loading} />
        )}
      </PageBody>
      {rotating ? <RotateDialog onClose={() => setRotating(false)} /> : null}
    </>
  );
}

function Keys({ keys }: { keys: KeysView }): ReactNode {
  const messages = useMessages(signingMessages);
  const format = useFormat();
  const now = useNow();
  const [open, setOpen] = useState<string | null>(null);
  const [distrusting, setDistrusting] = useState<KeyRow | null>(null);
  const axis = axisOf(keys.items, keys.nextRotationAt, now);
  const active = keys.items.find(({ state, distrustedFrom }) => state === "active" && distrustedFrom === null);
  const distrustOf = (key: KeyRow) => <DistrustButton signingKey={key} onAsk={() => setDistrusting(key)} />;
  const signatures = keys.items.reduce((sum, key) => sum + key.signatures, 0);
  return (
    <>
      <Panel>
        <dl className="grid grid-cols-1 gap-4 sm:grid-cols-3">
          <Figure
            label={messages.figureActive}
            value={active ? <span className="font-mono">{shortHash(active.hint)}</span> : messages.figureNone}
          />
          <Figure
            label={messages.figureNext}
            value={keys.nextRotationAt === null ? messages.neverRotates : format.date(keys.nextRotationAt)}
            of={messages.figureEvery(keys.rotationDays)}
          />
          <Figure label={messages.figureSignatures} value={format.number(signatures)} of={messages.figureByKeys(keys.items.length)} />
        </dl>
      </Panel>
      <Table
        label={messages.keys}
        rows={keys.items}
        rowKey={(key) => key.id}
        columns={columnsOf(messages, format, axis, open, setOpen, distrustOf)}
        isSelected={(key) => key.id === open}
        detail={(key) => (key.id === open ? <KeyDetails signingKey={key}>{distrustOf(key)}</KeyDetails> : null)}
      />
      {distrusting === null ? null : <DistrustDialog signingKey={distrusting} onClose={() => setDistrusting(null)} />}
    </>
  );
}

function columnsOf(
  messages: (typeof signingMessages)["en"],
  format: ReturnType<typeof useFormat>,
  axis: Axis,
  open: string | null,
  setOpen: (id: string | null) => void,
  distrustOf: (key: KeyRow) => ReactNode,
): readonly Column<KeyRow>[] {
  return [
    {
      key: "key",
      header: messages.columnKey,
      cell: (key) => (
        <span className="flex items-center gap-2">
          <button
            type="button"
            aria-expanded={open === key.id}
            aria-label={(open === key.id ? messages.hideKey : messages.showKey)(shortHash(key.hint))}
            onClick={() => setOpen(open === key.id ? null : key.id)}
            className="flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-3 after:absolute after:inset-0 hover:text-ink"
          >
            <ChevronRight aria-hidden className={`size-4 transition-transform ${open === key.id ? "rotate-90" : ""}`} />
          </button>
          <span className="font-mono font-semibold whitespace-nowrap">{shortHash(key.hint)}</span>
        </span>
      ),
    },
    { key: "state", header: messages.columnState, cell: (key) => <KeyState signingKey={key} /> },
    {
      key: "window",
      header: (
        <span className="inline-flex items-center gap-1.5">
          {messages.columnWindow}
          <span aria-hidden className="ml-2 h-3 w-px bg-ink" />
          <span aria-hidden>{messages.now}</span>
        </span>
      ),
      from: "sm",
      cell: (key) => <KeyTimeline signingKey={key} axis={axis} />,
      className: "w-2/5",
    },
    { key: "signatures", header: messages.columnSignatures, align: "right", from: "sm", cell: (key) => format.number(key.signatures) },
    {
      key: "actions",
      header: messages.columnActions,
      headerHidden: true,
      align: "right",
      from: "sm",
      cell: (key) => <span className="relative z-1">{distrustOf(key)}</span>,
    },
  ];
}

function DistrustButton({ signingKey: key, onAsk }: { signingKey: KeyRow; onAsk: () => void }): ReactNode {
  const messages = useMessages(signingMessages);
  const viewer = useViewer();
  const wholly = key.distrustedFrom !== null && Date.parse(key.distrustedFrom) <= Date.parse(key.notBefore);
  return (
    <Button
      size="sm"
      variant="ghost"
      aria-label={messages.distrustOf(shortHash(key.hint))}
      disabledReason={viewer.can("signing.distrust").reason ?? (wholly ? messages.whyDistrusted : undefined)}
      onClick={onAsk}
    >
      {messages.distrust}
    </Button>
  );
}

/** `children`: what can be done with the key, where its row has no room for it. */
function KeyDetails({ signingKey: key, children }: { signingKey: KeyRow; children: ReactNode }): ReactNode {
  const messages = useMessages(signingMessages);
  const format = useFormat();
  const facts: readonly (readonly [string, ReactNode])[] = [
    [messages.factHint, <code key="hint">{key.hint}</code>],
    [messages.factCreated, format.dateTime(key.createdAt)],
    [messages.factFrom, format.dateTime(key.notBefore)],
    [messages.factTo, key.notAfter === null ? messages.factOpen : format.dateTime(key.notAfter)],
    ...(key.distrustedFrom === null
      ? []
      : ([
          [messages.factDistrusted, format.dateTime(key.distrustedFrom)],
          [messages.factReason, key.distrustReason ?? ""],
        ] as const)),
  ];
  return (
    <div className="grid gap-x-8 gap-y-4 px-4 py-4 whitespace-normal lg:grid-cols-2">
      <div>
        <div className="mb-2 flex items-start gap-2">
          <p className="flex-1 text-ink-2">{messages[`note_${key.state}`]}</p>
          <span className="sm:hidden">{children}</span>
        </div>
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5">
          {facts.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-ink-3">{name}</dt>
              <dd className="min-w-0 break-all">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      <CopyText label={messages.publicKey} text={key.publicKeyPem} />
    </div>
  );
}

/** The clock of the timeline; it needs no more than a minute's precision. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
