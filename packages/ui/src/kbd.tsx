import type { ReactNode } from "react";

/** A key or a chord, as printed on the keyboard. */
export function Kbd({ children }: { children: ReactNode }): ReactNode {
  return (
    <kbd className="inline-flex h-[18px] min-w-[18px] items-center justify-center rounded-sm border border-line-strong bg-surface px-1 font-sans text-xs leading-none text-ink-3">
      {children}
    </kbd>
  );
}
