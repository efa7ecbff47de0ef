"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Button } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { Field, Input, Select } from "@agent-factory/ui/field";
import { Menu, MenuItem } from "@agent-factory/ui/menu";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, Table } from "@agent-factory/ui/table";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Ban, Braces, Check, ChevronRight, Download, ScrollText, Search, Sheet, ShieldCheck } from "lucide-react";
import { type ReactNode, useState } from "react";
import { type Format, useFormat, useMessages } from "../../i18n/i18n.tsx";
import { NotAllowed } from "../../session/not-allowed.tsx";
import { type Action, useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { AuditDetails } from "./audit-details.tsx";
import type { AuditEntry } from "./audit-entry.ts";
import { auditMessages } from "./messages.ts";
import { TrailCheckResult } from "./trail-check.tsx";
import { useAuditExport } from "./use-audit-export.ts";
import { ACTOR_KINDS, type AuditFilters, useAuditFilters } from "./use-audit-filters.ts";
import { useVerifyTrail } from "./use-verify-trail.ts";
import { verifyMessages } from "./verify-messages.ts";

const ANY = "any";
const KINDS = [
  "template",
  "draft",
  "archive",
  "review",
  "plan",
  "channel",
  "rollout",
  "run",
  "budget",
  "price-book",
  "quota",
  "host",
  "signing-key",
  "token",
  "member",
  "tenant",
] as const;

export function AuditTrail(): ReactNode {
  const messages = useMessages(auditMessages);
  const words = useMessages(verifyMessages);
  const { allowed, reason } = useViewer().can("audit.read");
  const { check, start } = useVerifyTrail();
  return (
    <>
      <PageHeader
        title={messages.title}
        actions={
          allowed ? (
            <Button onClick={start} loading={check.state === "checking"}>
              <ShieldCheck aria-hidden />
              {check.state === "done" ? words.again : words.verify}
            </Button>
          ) : undefined
        }
      />
      <PageBody>
        <p className="max-w-3xl text-pretty text-ink-2">{messages.lead}</p>
        <TrailCheckResult check={check} again={start} />
        {allowed ? <Trail /> : <NotAllowed reason={reason} />}
      </PageBody>
    </>
  );
}

function Trail(): ReactNode {
  const messages = useMessages(auditMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const { filters, change, clear, active } = useAuditFilters();
  const [open, setOpen] = useState<string | null>(null);
  const list = useInfiniteQuery(trpc.audit.list.infiniteQueryOptions(filters, { getNextPageParam: (page) => page.nextCursor }));
  const entries = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-2">
        <Filters filters={filters} change={change} clear={active ? clear : undefined} />
        <ExportMenu filters={filters} nothing={list.data !== undefined && entries.length === 0} />
      </div>
      {list.isError ? (
        <QueryProblem title={messages.problem} error={list.error} retry={() => void list.refetch()} />
      ) : !list.data ? (
        <SkeletonRows label={messages.loading} rows={8} />
      ) : entries.length === 0 ? (
        <EmptyState
          icon={<ScrollText />}
          title={active ? messages.noMatchTitle : messages.emptyTitle}
          action={active ? <Button onClick={clear}>{messages.clear}</Button> : undefined}
        >
          {active ? messages.noMatchText : messages.emptyText}
        </EmptyState>
      ) : (
        <Table
          label={messages.table}
          rows={entries}
          rowKey={(entry) => entry.id}
          columns={columnsOf(messages, format, open, setOpen)}
          isSelected={(entry) => entry.id === open}
          detail={(entry) => (entry.id === open ? <AuditDetails entry={entry} onFilter={change} /> : null)}
          {...(list.hasNextPage
            ? {
                footer: (
                  <Button size="sm" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                    {messages.more}
                  </Button>
                ),
              }
            : {})}
        />
      )}
    </>
  );
}

/** Saves what the filters leave, not only what is on the screen. */
function ExportMenu({ filters, nothing }: { filters: AuditFilters; nothing: boolean }): ReactNode {
  const messages = useMessages(auditMessages);
  const format = useFormat();
  const { count, save } = useAuditExport(filters);
  return (
    <span className="flex items-center">
      <span role="status" className="text-sm text-ink-3 tabular-nums not-empty:mr-2">
        {count === null || count === 0 ? null : messages.exportingCount(format.number(count))}
      </span>
      <Menu
        trigger={
          <Button loading={count !== null} disabledReason={nothing ? messages.exportNothing : undefined}>
            <Download aria-hidden />
            {messages.export}
          </Button>
        }
      >
        <MenuItem icon={<Sheet aria-hidden />} onSelect={() => save("csv")}>
          {messages.exportCsv}
        </MenuItem>
        <MenuItem icon={<Braces aria-hidden />} onSelect={() => save("jsonl")}>
          {messages.exportJsonl}
        </MenuItem>
      </Menu>
    </span>
  );
}

function Filters({
  filters,
  change,
  clear,
}: {
  filters: AuditFilters;
  change: (next: AuditFilters) => void;
  clear: (() => void) | undefined;
}): ReactNode {
  const messages = useMessages(auditMessages);
  const { permissions } = useViewer();
  const actions = (Object.keys(permissions) as Action[]).filter((action) => !/\.(read|list)$/.test(action)).sort();
  return (
    <search className="flex flex-wrap items-end gap-2">
      <Field label={messages.filterWho}>
        <Select
          label={messages.filterWho}
          value={filters.actorKind ?? ANY}
          onValueChange={(kind) => change({ ...filters, actorKind: ACTOR_KINDS.find((known) => known === kind) })}
          options={[
            { value: ANY as string, label: messages.anybody },
            ...ACTOR_KINDS.map((kind) => ({ value: kind as string, label: messages[`byKind_${kind}`] })),
          ]}
          className="w-36"
        />
      </Field>
      <Field label={messages.filterAction}>
        <Select
          label={messages.filterAction}
          value={filters.action ?? ANY}
          onValueChange={(action) => change({ ...filters, action: action === ANY ? undefined : action })}
          options={[
            { value: ANY, label: messages.any },
            ...(filters.action !== undefined && !actions.some((action) => action === filters.action) ? [filters.action] : []).map(
              (action) => ({ value: action, label: action }),
            ),
            ...actions.map((action) => ({ value: action as string, label: action })),
          ]}
          className="w-48"
        />
      </Field>
      <Field label={messages.filterKind}>
        <Select
          label={messages.filterKind}
          value={filters.resourceKind ?? ANY}
          onValueChange={(kind) => change({ ...filters, resourceKind: kind === ANY ? undefined : kind })}
          options={[{ value: ANY, label: messages.anyKind }, ...KINDS.map((kind) => ({ value: kind as string, label: kind }))]}
          className="w-36"
        />
      </Field>
      <form
        className="min-w-48 flex-1 sm:max-w-80"
        onSubmit={(event) => {
          event.preventDefault();
          const id = String(new FormData(event.currentTarget).get("resource") ?? "").trim();
          change({ ...filters, resourceId: id === "" ? undefined : id });
        }}
      >
        <Field label={messages.filterResource}>
          <Input
            key={filters.resourceId ?? ""}
            type="search"
            name="resource"
            defaultValue={filters.resourceId ?? ""}
            placeholder={messages.filterResource}
            icon={<Search aria-hidden />}
            maxLength={200}
            spellCheck={false}
          />
        </Field>
      </form>
      {clear === undefined ? null : (
        <Button variant="ghost" onClick={clear}>
          {messages.clear}
        </Button>
      )}
    </search>
  );
}

function columnsOf(
  messages: (typeof auditMessages)["en"],
  format: Format,
  open: string | null,
  setOpen: (id: string | null) => void,
): readonly Column<AuditEntry>[] {
  return [
    {
      key: "when",
      header: messages.when,
      cell: (entry) => (
        <span className="flex items-center gap-2">
          <button
            type="button"
            aria-expanded={open === entry.id}
            aria-label={open === entry.id ? messages.hide(entry.action) : messages.show(entry.action)}
            onClick={() => setOpen(open === entry.id ? null : entry.id)}
            className="flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-3 after:absolute after:inset-0"
          >
            <ChevronRight aria-hidden className={`size-4 transition-transform ${open === entry.id ? "rotate-90" : ""}`} />
          </button>
          <time dateTime={entry.at} className="whitespace-nowrap text-ink-2">
            {format.dateTime(entry.at)}
          </time>
        </span>
      ),
    },
    {
      key: "who",
      header: messages.who,
      cell: (entry) => (
        <span className="block min-w-0">
          <span className="block font-semibold whitespace-nowrap">{entry.actorName}</span>
          <span className="block text-sm text-ink-3">{actorKind(messages, entry.actorKind)}</span>
        </span>
      ),
    },
    { key: "action", header: messages.action, cell: (entry) => <code className="text-sm">{entry.action}</code> },
    {
      key: "resource",
      header: messages.resource,
      from: "sm",
      cell: (entry) => (
        <span className="whitespace-nowrap">
          <span className="text-ink-3">{entry.resourceKind}</span>{" "}
          <code className="inline-block max-w-[38ch] truncate align-bottom text-sm">{entry.resourceId}</code>
        </span>
      ),
    },
    {
      key: "outcome",
      header: messages.outcome,
      cell: (entry) =>
        entry.outcome === "denied" ? (
          <Badge tone="breached" icon={<Ban aria-hidden />}>
            {messages.denied}
          </Badge>
        ) : (
          <Badge tone="neutral" icon={<Check aria-hidden />}>
            {messages.allowed}
          </Badge>
        ),
    },
  ];
}

function actorKind(messages: (typeof auditMessages)["en"], kind: string): string {
  switch (kind) {
    case "user":
      return messages.actorKind_user;
    case "token":
      return messages.actorKind_token;
    case "host":
      return messages.actorKind_host;
    default:
      return messages.actorKind_system;
  }
}
