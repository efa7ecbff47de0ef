"use client";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { runMessages } from "./messages.ts";
import type { RunView } from "./run-view.ts";

/** What a run used, with units; nothing where nothing was measured. */
export function RunUsageView({ usage }: { usage: NonNullable<RunView["usage"]> }): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  const figures = [
    [messages.usageDuration, format.durationMs(usage.durationMs)],
    [messages.usageCpu, format.durationMs(usage.cpuMs)],
    [messages.usageMemory, format.bytes(usage.memoryBytesPeak)],
    [messages.usageHandOut, `${format.durationMs(usage.handOutMs)} · ${usage.warm ? messages.usageWarm : messages.usageCold}`],
  ] as const;
  return (
    <div>
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(132px,1fr))] gap-x-4 gap-y-2 tabular-nums" data-testid="run-usage">
        {figures.map(([name, figure]) => (
          <div key={name}>
            <dt className="text-[11px] text-ink-2">{name}</dt>
            <dd className="text-[13px] font-semibold whitespace-nowrap text-ink">{figure}</dd>
          </div>
        ))}
      </dl>
      {usage.logBytesDropped > 0 ? (
        <p className="mt-2 text-[12px] text-ink-2">{messages.usageLogDropped(format.bytes(usage.logBytesDropped))}</p>
      ) : null}
    </div>
  );
}
