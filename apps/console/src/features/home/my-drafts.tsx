"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { PenLine } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { homeMessages } from "./messages.ts";
import { StateWord } from "./state-word.tsx";

const SHOWN_MAX = 8;

export function MyDrafts(): ReactNode {
  const messages = useMessages(homeMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const list = useQuery(trpc.templates.list.queryOptions({}));
  if (list.isError) return <QueryProblem title={messages.problemDrafts} error={list.error} retry={() => void list.refetch()} />;
  const mine = list.data?.items.filter((template) => template.myDraftId !== null).slice(0, SHOWN_MAX);
  return (
    <Panel title={messages.myDrafts} padding="none">
      {mine === undefined ? (
        <Rows />
      ) : mine.length === 0 ? (
        <div className="flex flex-wrap items-center gap-3 px-4 py-5">
          <p className="flex-1 text-ink-2">{messages.myDraftsEmpty}</p>
          <LinkButton>
            <Link href="/templates">{messages.myDraftsStart}</Link>
          </LinkButton>
        </div>
      ) : (
        <ul>
          {mine.map((template) => (
            <li
              key={template.id}
              className="relative flex min-h-[52px] items-center gap-3 border-b border-line px-4 py-2 last:border-b-0 hover:bg-hover/60"
            >
              <PenLine aria-hidden className="size-4 shrink-0 text-ink-3" />
              <span className="min-w-0 flex-1">
                <Link
                  href={`/templates/${template.name}/drafts/${template.myDraftId}`}
                  className="rounded-sm font-semibold after:absolute after:inset-0 hover:underline"
                >
                  {template.name}
                </Link>
                <span className="block truncate text-sm text-ink-3">
                  {template.latest === null ? messages.neverPublished : messages.draftOf(template.latest.semver)}
                </span>
              </span>
              {template.lastRunState === null ? null : <StateWord state={template.lastRunState} />}
              <time dateTime={template.updatedAt} className="w-24 text-right text-sm text-ink-3">
                {format.relative(template.updatedAt)}
              </time>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function Rows({ count = 3 }: { count?: number }): ReactNode {
  return (
    <div aria-hidden>
      {Array.from({ length: count }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <div key={row} className="flex h-[52px] items-center gap-3 border-b border-line px-4 last:border-b-0">
          <Skeleton className="h-3.5 w-44" />
          <Skeleton className="ml-auto h-3.5 w-20" />
        </div>
      ))}
    </div>
  );
}
