import { clsx } from "clsx";
import type { ReactNode } from "react";

/** The place of something that is on its way, in its size, so that nothing moves when it comes. */
export function Skeleton({ className }: { className?: string }): ReactNode {
  return <span aria-hidden className={clsx("block animate-pulse rounded-sm bg-hover", className ?? "h-4 w-24")} />;
}

/** Rows of a table on their way. `label` is what a screen reader hears. */
export function SkeletonRows({ rows = 5, label }: { rows?: number; label: string }): ReactNode {
  return (
    <div role="status" aria-label={label} className="overflow-hidden rounded-md border border-line bg-surface">
      <div className="h-[33px] border-b border-line" />
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <div key={row} className="flex h-[54px] items-center gap-6 border-b border-line px-4 last:border-b-0">
          <Skeleton className="h-3.5 w-40" />
          <Skeleton className="h-3.5 w-24" />
          <Skeleton className="ml-auto h-3.5 w-16" />
        </div>
      ))}
    </div>
  );
}
