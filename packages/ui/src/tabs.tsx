"use client";
import { clsx } from "clsx";
import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";

export type Tab = { readonly value: string; readonly label: ReactNode; readonly content: ReactNode; readonly disabled?: boolean };

export type TabsProps = {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly value: string;
  readonly onValueChange: (value: string) => void;
  /** At the right of the tabs. */
  readonly aside?: ReactNode;
  readonly className?: string;
  readonly listClassName?: string;
  /** Keep what is in the tabs that are not shown (an editor, for one). */
  readonly keepMounted?: boolean;
};

/** Views of one thing. Arrow keys move between tabs. */
export function Tabs({ label, tabs, value, onValueChange, aside, className, listClassName, keepMounted = false }: TabsProps): ReactNode {
  return (
    <Radix.Root value={value} onValueChange={onValueChange} className={clsx("flex min-h-0 min-w-0 flex-col", className)}>
      <div className={clsx("flex min-h-[38px] items-center gap-3 border-b border-line px-2", listClassName)}>
        <Radix.List aria-label={label} className="flex min-w-0 items-center gap-0.5 overflow-x-auto py-1 [scrollbar-width:none]">
          {tabs.map((tab) => (
            <Radix.Trigger
              key={tab.value}
              value={tab.value}
              disabled={tab.disabled}
              className="h-7 shrink-0 rounded-sm px-2 text-md whitespace-nowrap text-ink-2 -outline-offset-2 transition-colors hover:bg-hover hover:text-ink data-[state=active]:font-semibold data-[state=active]:text-ink"
            >
              {tab.label}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {aside === undefined ? null : <div className="ml-auto flex items-center gap-2">{aside}</div>}
      </div>
      {tabs.map((tab) => (
        <Radix.Content
          key={tab.value}
          value={tab.value}
          {...(keepMounted ? { forceMount: true as const } : {})}
          className="min-h-0 min-w-0 flex-1 focus-visible:-outline-offset-2 data-[state=inactive]:hidden"
        >
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
