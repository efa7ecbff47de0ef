"use client";
import { Button } from "@agent-factory/ui/button";
import { Select } from "@agent-factory/ui/field";
import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { runChannelMessages } from "./channel-messages.ts";
import { runMessages } from "./messages.ts";
import type { FilterName, RunFilters } from "./run-filters.ts";
import { runStates } from "./run-view.ts";

const ANY = "ANY";
const KEPT_MS = 60_000;

type BarProps = { readonly filter: RunFilters; readonly set: (name: FilterName, value: string | null) => void };

/** What may be looked for: chosen here, or given by a link and taken off here. */
export function RunFilterBar({ filter, set }: BarProps): ReactNode {
  const messages = useMessages(runMessages);
  const words = useMessages(runChannelMessages);
  const trpc = useTRPC();
  const { templateName, channel } = filter;
  const templates = useQuery(trpc.templates.list.queryOptions({}, { staleTime: KEPT_MS }));
  const channels = useQuery(trpc.channels.list.queryOptions(templateName === undefined ? {} : { templateName }, { staleTime: KEPT_MS }));
  const any = { value: ANY, label: messages.any };
  const choose = (name: FilterName) => (value: string) => set(name, value === ANY ? null : value);
  return (
    <div className="flex flex-wrap gap-2">
      <Filter
        label={messages.filterState}
        value={filter.state ?? ANY}
        onValueChange={choose("state")}
        options={[any, ...runStates.map((state) => ({ value: state, label: messages[`state_${state}`] }))]}
      />
      <Filter
        label={messages.filterTemplate}
        value={templateName ?? ANY}
        onValueChange={choose("template")}
        options={[any, ...namesOf(templates.data?.items, templateName)]}
      />
      <Filter
        label={words.channel}
        value={channel ?? ANY}
        onValueChange={choose("channel")}
        options={[any, ...namesOf(channels.data?.items, channel)]}
      />
      <Filter
        label={messages.filterKind}
        value={filter.kind ?? ANY}
        onValueChange={choose("kind")}
        options={[any, { value: "try", label: messages.kind_try }, { value: "run", label: messages.kind_run }]}
      />
      {filter.versionSemver === undefined ? null : (
        <Given label={words.version(filter.versionSemver)} onRemove={() => set("version", null)} />
      )}
      {filter.movedFrom === undefined ? null : <Given label={words.movedFrom(filter.movedFrom)} onRemove={() => set("movedFrom", null)} />}
    </div>
  );
}

/** Each name once, and the one that is looked for also where it names nothing any more. */
function namesOf(items: readonly { readonly name: string }[] | undefined, chosen: string | undefined) {
  const names = new Set([...(items ?? []).map(({ name }) => name), ...(chosen === undefined ? [] : [chosen])]);
  return [...names].map((name) => ({ value: name, label: name }));
}

type FilterProps = {
  readonly label: string;
  readonly value: string;
  readonly onValueChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly label: string }[];
};

function Filter({ label, value, onValueChange, options }: FilterProps): ReactNode {
  return (
    <span className="flex items-center gap-1.5">
      <span aria-hidden className="text-sm text-ink-3">
        {label}
      </span>
      <Select label={label} className="min-w-28" value={value} onValueChange={onValueChange} options={options} />
    </span>
  );
}

function Given({ label, onRemove }: { label: string; onRemove: () => void }): ReactNode {
  const words = useMessages(runChannelMessages);
  return (
    <Button onClick={onRemove}>
      <span className="sr-only">{words.removeFilter} </span>
      {label}
      <X aria-hidden />
    </Button>
  );
}
