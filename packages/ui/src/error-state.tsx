"use client";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";

export type ErrorStateProps = {
  /** What does not work, in a few words. */
  readonly title: ReactNode;
  /** What happened and why. */
  readonly children: ReactNode;
  /** What the reader can do about it. */
  readonly wayOut?: ReactNode;
  readonly trace?: { readonly label: string; readonly id: string } | undefined;
  readonly retry?: { readonly label: string; readonly onRetry: () => void; readonly pending?: boolean } | undefined;
  readonly actions?: ReactNode;
};

export function ErrorState({ title, children, wayOut, trace, retry, actions }: ErrorStateProps): ReactNode {
  return (
    <div role="alert" className="flex items-start gap-3 rounded-md border border-l-[3px] border-line border-l-breached bg-surface p-4">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-breached" />
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{title}</p>
        <div className="mt-0.5 max-w-[80ch] text-pretty text-ink-2">{children}</div>
        {wayOut === undefined ? null : <div className="mt-0.5 max-w-[80ch] text-pretty text-ink-2">{wayOut}</div>}
        {retry === undefined && actions === undefined ? null : (
          <div className="mt-3 flex flex-wrap items-center gap-2">
            {retry === undefined ? null : (
              <Button onClick={retry.onRetry} loading={retry.pending}>
                {retry.label}
              </Button>
            )}
            {actions}
          </div>
        )}
        {trace === undefined ? null : (
          <p className="mt-3 text-sm text-ink-3">
            {trace.label} <code className="select-all">{trace.id}</code>
          </p>
        )}
      </div>
    </div>
  );
}
