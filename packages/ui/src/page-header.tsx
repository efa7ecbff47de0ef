import type { ReactNode } from "react";

export type PageHeaderProps = {
  /** Links to the pages above this one, from the top down. */
  readonly breadcrumbs?: readonly ReactNode[];
  readonly breadcrumbsLabel?: string;
  readonly title: ReactNode;
  /** Beside the title: a count, a status, "Saved 4 s ago". */
  readonly badges?: ReactNode;
  /** At the right; the one primary button last. */
  readonly actions?: ReactNode;
};

/** The bar at the top of a page: where you are, in what state it is, what you can do. It stays while the page scrolls. */
export function PageHeader({ breadcrumbs = [], breadcrumbsLabel = "Breadcrumbs", title, badges, actions }: PageHeaderProps): ReactNode {
  return (
    <header className="sticky top-0 z-20 flex min-h-[52px] flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-surface px-4 py-2 md:px-6">
      {breadcrumbs.length === 0 ? null : (
        <nav aria-label={breadcrumbsLabel}>
          <ol className="flex items-center gap-2 text-ink-2 [&_a]:rounded-sm [&_a:hover]:text-ink [&_a:hover]:underline">
            {breadcrumbs.map((crumb, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: crumbs are a path; the position is the identity
              <li key={index} className="flex items-center gap-2">
                {crumb}
                <span aria-hidden className="text-ink-3">
                  /
                </span>
              </li>
            ))}
          </ol>
        </nav>
      )}
      <div className="flex min-w-0 flex-wrap items-center gap-x-2.5 gap-y-1">
        <h1 className="min-w-0 truncate text-lg font-semibold">{title}</h1>
        {badges}
      </div>
      {actions === undefined ? null : <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}

/** The area below the header, with the page's margins. */
export function PageBody({ children }: { children: ReactNode }): ReactNode {
  return <div className="flex min-w-0 flex-col gap-4 p-4 md:px-6 md:py-5">{children}</div>;
}
