import { clsx } from "clsx";
import { type ReactNode, useId } from "react";

export type PanelProps = {
  readonly title?: ReactNode;
  /** Beside the title, on the right. */
  readonly actions?: ReactNode;
  readonly footer?: ReactNode;
  readonly children: ReactNode;
  /** `none` when the content (a table, an editor) brings its own edges. */
  readonly padding?: "normal" | "none";
  readonly className?: string;
  readonly id?: string;
};

/** A bordered area of a page with one subject. With a title it is a region of its own for screen readers. */
export function Panel({ title, actions, footer, children, padding = "normal", className, id }: PanelProps): ReactNode {
  const heading = useId();
  const header = title !== undefined || actions !== undefined;
  return (
    <section
      id={id}
      aria-labelledby={title === undefined ? undefined : heading}
      className={clsx("flex min-w-0 flex-col rounded-md border border-line bg-surface", className)}
    >
      {header ? (
        <header className={clsx("flex min-h-[38px] items-center gap-3 px-4", padding === "none" ? "border-b border-line py-1" : "pt-1.5")}>
          {title === undefined ? null : (
            <h2 id={heading} className="flex min-w-0 items-center gap-2 truncate text-md font-semibold">
              {title}
            </h2>
          )}
          {actions === undefined ? null : <div className="ml-auto flex items-center gap-2">{actions}</div>}
        </header>
      ) : null}
      <div className={clsx("min-h-0 min-w-0 flex-1", padding === "normal" && (header ? "px-4 pt-1.5 pb-4" : "p-4"))}>{children}</div>
      {footer === undefined ? null : (
        <footer className="flex min-h-[38px] items-center gap-3 border-t border-line px-4 py-1.5 text-md text-ink-2">{footer}</footer>
      )}
    </section>
  );
}

/** A verdict or a warning that stands above what it is about: a sentence, its figures, and what to do. */
export function Notice({
  tone,
  icon,
  title,
  children,
  actions,
}: {
  tone: "healthy" | "breached" | "warning" | "accent";
  icon?: ReactNode;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}): ReactNode {
  const edge = { healthy: "border-l-healthy", breached: "border-l-breached", warning: "border-l-warning", accent: "border-l-accent" }[tone];
  const ink = { healthy: "text-healthy", breached: "text-breached", warning: "text-warning", accent: "text-accent" }[tone];
  return (
    <div
      role={tone === "breached" || tone === "warning" ? "alert" : "status"}
      className={clsx("flex flex-wrap items-start gap-3 rounded-md border border-l-[3px] border-line bg-surface px-4 py-3", edge)}
    >
      {icon === undefined ? null : <span className={clsx("mt-0.5 [&_svg]:size-4", ink)}>{icon}</span>}
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-semibold">{title}</p>
        {children === undefined ? null : <div className="mt-0.5 text-pretty text-ink-2">{children}</div>}
      </div>
      {actions === undefined ? null : <div className="flex items-center gap-2">{actions}</div>}
    </div>
  );
}

/** One figure with its name, what it is out of, and what it means. */
export function Figure({
  label,
  value,
  of,
  note,
  tone,
}: {
  label: ReactNode;
  value: ReactNode;
  /** Small, beside the figure: "of 4". */
  of?: ReactNode;
  note?: ReactNode;
  tone?: "healthy" | "breached" | "warning";
}): ReactNode {
  const ink = tone === undefined ? "text-ink-2" : { healthy: "text-healthy", breached: "text-breached", warning: "text-warning" }[tone];
  return (
    <div className="min-w-0">
      <dt className="text-xs text-ink-3">{label}</dt>
      <dd className="m-0">
        <span className="text-xl font-semibold">{value}</span>
        {of === undefined ? null : <span className="text-md text-ink-3"> {of}</span>}
        {note === undefined ? null : <span className={clsx("block text-md", ink)}>{note}</span>}
      </dd>
    </div>
  );
}
