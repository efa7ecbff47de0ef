"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Button } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { Input, Select } from "@agent-factory/ui/field";
import { Kbd } from "@agent-factory/ui/kbd";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { LayoutTemplate, Plus, Search, SearchX } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { usePathname, useSearchParams } from "next/navigation";
import { type ComponentType, type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { templateMessages } from "./messages.ts";
import type { TemplateRow } from "./template-view.ts";

// It reads manifests, with all that is needed for that.
const NewTemplate = dynamic(() => import("./new-template.tsx").then((loaded) => loaded.NewTemplate), { ssr: false });

type Props = { readonly RunState: ComponentType<{ state: string }> };

/** The select's word for "no owner chosen"; not an owner's name, for it has capitals. */
const ANY = "ANY";

/** All templates of the tenant; what is looked for stands in the address. */
export function TemplateList({ RunState }: Props): ReactNode {
  const messages = useMessages(templateMessages);
  const trpc = useTRPC();
  const viewer = useViewer();
  const { query, owner, setFilter, search, clear } = useFilters();
  const [creating, setCreating] = useState(false);
  const list = useInfiniteQuery(
    trpc.templates.list.infiniteQueryOptions(
      { ...(query === "" ? {} : { query }), ...(owner === "" ? {} : { owner }) },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const first = list.data?.pages[0];
  const columns = useColumns(RunState);
  const filtered = query !== "" || owner !== "";
  const newButton = (
    <Button variant="primary" onClick={() => setCreating(true)} disabledReason={viewer.can("templates.create").reason}>
      <Plus aria-hidden />
      {messages.newTemplate}
    </Button>
  );

  return (
    <>
      <PageHeader title={messages.title} badges={first ? <Badge icon={null}>{first.total}</Badge> : null} actions={newButton} />
      <PageBody>
        <div className="flex flex-wrap gap-2">
          <SearchField value={query} onChange={search} />
          <Select
            label={messages.owner}
            className="min-w-40"
            value={owner === "" ? ANY : owner}
            onValueChange={(value) => setFilter("owner", value === ANY ? "" : value)}
            options={[
              { value: ANY, label: messages.anyOwner },
              ...withChosen(first?.owners ?? [], owner).map((name) => ({ value: name, label: name })),
            ]}
          />
        </div>
        {list.isPending ? (
          <SkeletonRows rows={6} label={messages.title} />
        ) : list.isError ? (
          <QueryProblem error={list.error} retry={() => void list.refetch()} />
        ) : rows.length > 0 ? (
          <Table
            label={messages.title}
            columns={columns}
            rows={rows}
            rowKey={(row) => row.id}
            {...(list.hasNextPage
              ? {
                  footer: (
                    <Button size="sm" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                      {messages.more(Math.max(1, (first?.total ?? 0) - rows.length))}
                    </Button>
                  ),
                }
              : {})}
          />
        ) : filtered ? (
          <EmptyState icon={<SearchX />} title={messages.noMatchTitle} action={<Button onClick={clear}>{messages.clear}</Button>}>
            {messages.noMatchText}
          </EmptyState>
        ) : (
          <EmptyState icon={<LayoutTemplate />} title={messages.emptyTitle} action={newButton}>
            {messages.emptyText}
          </EmptyState>
        )}
      </PageBody>
      {creating ? <NewTemplate onClose={() => setCreating(false)} /> : null}
    </>
  );
}

function useColumns(RunState: Props["RunState"]): Column<TemplateRow>[] {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  return [
    {
      key: "name",
      header: messages.columnTemplate,
      className: "max-w-[420px]",
      cell: (row) => (
        <RowLink note={row.description || row.title}>
          <Link href={`/templates/${row.name}`}>{row.name}</Link>
        </RowLink>
      ),
    },
    {
      key: "owner",
      header: messages.columnOwner,
      from: "md",
      cell: (row) => <span className="whitespace-nowrap text-ink-2">{row.owner}</span>,
    },
    {
      key: "latest",
      header: messages.columnLatest,
      cell: (row) => (
        <span className="whitespace-nowrap">
          {row.latest ? (
            <>
              <span className="font-mono text-sm">{row.latest.semver}</span>{" "}
              <span className="text-sm text-ink-3">{format.relative(row.latest.publishedAt)}</span>
            </>
          ) : (
            <span className="text-ink-3">{messages.notPublished}</span>
          )}
        </span>
      ),
    },
    {
      key: "drafts",
      header: messages.columnDrafts,
      cell: (row) => {
        const others = row.openDrafts - (row.myDraftId === null ? 0 : 1);
        return (
          <span className="flex items-center gap-2 whitespace-nowrap">
            {row.myDraftId === null ? null : (
              <Link href={`/templates/${row.name}/drafts/${row.myDraftId}`} className="relative z-1 rounded-full hover:underline">
                <Badge tone="accent">{messages.draftByYou}</Badge>
              </Link>
            )}
            {others > 0 ? <span className="text-sm text-ink-2">{messages.draftCount(others)}</span> : null}
          </span>
        );
      },
    },
    {
      key: "run",
      header: messages.columnLastTry,
      from: "lg",
      cell: (row) =>
        row.lastRunState && row.lastRunAt ? (
          <span className="flex items-center gap-2 whitespace-nowrap">
            <RunState state={row.lastRunState} />
            <span className="text-sm text-ink-3">{format.relative(row.lastRunAt)}</span>
          </span>
        ) : (
          <span className="text-ink-3">{messages.never}</span>
        ),
    },
    {
      key: "updated",
      header: messages.columnUpdated,
      align: "right",
      from: "lg",
      cell: (row) => <span className="text-ink-2">{format.relative(row.updatedAt)}</span>,
    },
  ];
}

/** What is typed shows at once; the address, and with it the list, follows when the typing pauses. */
function SearchField({ value, onChange }: { value: string; onChange: (text: string) => void }): ReactNode {
  const messages = useMessages(templateMessages);
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    // The address changed by itself (back, a cleared filter): follow it.
    if (value !== sent.current) setText(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      onChange(text);
    }, 200);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  useEffect(() => {
    const slash = (event: KeyboardEvent) => {
      if (event.key !== "/" || (event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [contenteditable]")))
        return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", slash);
    return () => removeEventListener("keydown", slash);
  }, []);
  return (
    <div className="flex w-full max-w-[340px]">
      <Input
        ref={field}
        type="search"
        aria-label={messages.searchLabel}
        aria-keyshortcuts="/"
        placeholder={messages.search}
        value={text}
        onChange={(event) => setText(event.target.value)}
        icon={<Search aria-hidden />}
        {...(text === "" ? { aside: <Kbd>/</Kbd> } : {})}
      />
    </div>
  );
}

function useFilters() {
  const parameters = useSearchParams();
  const path = usePathname();
  const setFilter = useCallback(
    (name: "q" | "owner", value: string) => {
      const next = new URLSearchParams(location.search);
      if (value === "") next.delete(name);
      else next.set(name, value);
      // The list is fetched by the browser: the server has nothing to add to a changed filter.
      history.replaceState(null, "", next.size === 0 ? path : `${path}?${next}`);
    },
    [path],
  );
  const search = useCallback((text: string) => setFilter("q", text), [setFilter]);
  return {
    query: parameters.get("q") ?? "",
    owner: parameters.get("owner") ?? "",
    setFilter,
    search,
    clear: () => history.replaceState(null, "", path),
  };
}

function withChosen(owners: readonly string[], chosen: string): readonly string[] {
  return chosen === "" || owners.includes(chosen) ? owners : [chosen, ...owners];
}
