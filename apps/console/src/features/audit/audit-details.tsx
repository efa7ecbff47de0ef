"use client";
import { Button } from "@agent-factory/ui/button";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import type { AuditEntry } from "./audit-entry.ts";
import { changedFields } from "./changed-fields.ts";
import { auditMessages } from "./messages.ts";
import type { AuditFilters } from "./use-audit-filters.ts";

/** What an entry recorded: fields before and after, why, and the ids by which it is found elsewhere. */
export function AuditDetails({ entry, onFilter }: { entry: AuditEntry; onFilter: (filters: AuditFilters) => void }): ReactNode {
  const messages = useMessages(auditMessages);
  const fields = changedFields(entry.before, entry.after);
  return (
    <div className="grid gap-x-8 gap-y-4 px-4 py-4 whitespace-normal lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <section aria-label={messages.changes}>
        <h3 className="font-semibold">{messages.changes}</h3>
        {fields.length === 0 ? (
          <p className="mt-1 text-ink-3">{messages.nothing}</p>
        ) : (
          <table className="mt-1.5 w-full border-collapse text-left text-sm">
            <thead>
              <tr className="border-b border-line text-xs text-ink-3">
                <th scope="col" className="py-1 pr-4 font-medium">
                  {messages.field}
                </th>
                <th scope="col" className="py-1 pr-4 font-medium">
                  {messages.before}
                </th>
                <th scope="col" className="py-1 font-medium">
                  {messages.after}
                </th>
              </tr>
            </thead>
            <tbody>
              {fields.map((field) => (
                <tr key={field.path} className="border-b border-line align-top last:border-b-0">
                  <th scope="row" className="py-1 pr-4 font-normal text-ink-3">
                    {field.path}
                  </th>
                  <td className="py-1 pr-4">
                    <Value value={field.before} tone={field.changed ? "removed" : "same"} />
                  </td>
                  <td className="py-1">
                    <Value value={field.after} tone={field.changed ? "added" : "same"} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section aria-label={messages.entry}>
        <h3 className="font-semibold">{messages.entry}</h3>
        <dl className="mt-1.5 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm">
          {(
            [
              [messages.entry, entry.id],
              [messages.actor, entry.actorId],
              [messages.resource, `${entry.resourceKind} ${entry.resourceId}`],
              ...(entry.reason === null ? [] : [[messages.reason, entry.reason]]),
              ...(entry.traceId === null ? [] : [[messages.traceId, entry.traceId]]),
            ] as [string, string][]
          ).map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-ink-3">{name}</dt>
              <dd className="font-mono break-all select-all">{value}</dd>
            </div>
          ))}
        </dl>
        <Button size="sm" className="mt-3" onClick={() => onFilter({ resourceKind: entry.resourceKind, resourceId: entry.resourceId })}>
          {messages.onlyThis}
        </Button>
      </section>
    </div>
  );
}

function Value({ value, tone }: { value: unknown; tone: "added" | "removed" | "same" }): ReactNode {
  if (value === undefined) return <span className="text-ink-3">–</span>;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const look = { added: "bg-added-soft", removed: "bg-removed-soft", same: "" }[tone];
  return <span className={`rounded-[3px] px-1 font-mono break-words ${look}`}>{text.length > 400 ? `${text.slice(0, 400)}…` : text}</span>;
}
