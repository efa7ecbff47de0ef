import type { ReactNode } from "react";

export type EmptyStateProps = {
  readonly icon?: ReactNode;
  readonly title: ReactNode;
  /** What this place is for, and what to do next. */
  readonly children?: ReactNode;
  readonly action?: ReactNode;
};

export function EmptyState({ icon, title, children, action }: EmptyStateProps): ReactNode {
  return (
    <div className="flex flex-col items-center justify-center gap-3 rounded-md border border-dashed border-line-strong bg-surface px-6 py-14 text-center">
      {icon === undefined ? null : (
        <span aria-hidden className="flex size-10 items-center justify-center rounded-full bg-sunken text-ink-3 [&_svg]:size-5">
          {icon}
        </span>
      )}
      <div className="max-w-[52ch]">
        <h2 className="text-lg font-semibold">{title}</h2>
        {children === undefined ? null : <div className="mt-1 text-pretty text-ink-2">{children}</div>}
      </div>
      {action === undefined ? null : <div className="mt-1 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
