"use client";
import { clsx } from "clsx";
import { Slot } from "radix-ui";
import type { ComponentPropsWithRef, MouseEvent, ReactNode } from "react";
import { Tooltip } from "./tooltip.tsx";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger";
export type ButtonSize = "sm" | "md";

type Look = {
  readonly variant?: ButtonVariant | undefined;
  readonly size?: ButtonSize | undefined;
};

type Availability = {
  /** Why it cannot be used now, and who can or what to do: shown as a tooltip, read out, and clicks do nothing. */
  readonly disabledReason?: string | undefined;
  /** Its work is going on: it keeps its width and its focus, and clicks do nothing. */
  readonly loading?: boolean | undefined;
};

export type ButtonProps = Look & Availability & Omit<ComponentPropsWithRef<"button">, "disabled">;

const base =
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-sm border font-medium whitespace-nowrap select-none transition-colors [&_svg]:shrink-0";

const sizes: Record<ButtonSize, string> = { sm: "h-7 px-2 text-sm [&_svg]:size-3.5", md: "h-[30px] px-3 text-md [&_svg]:size-4" };
const squares: Record<ButtonSize, string> = { sm: "size-7 [&_svg]:size-3.5", md: "size-[30px] [&_svg]:size-4" };

const variants: Record<ButtonVariant, string> = {
  primary: "border-transparent bg-accent text-accent-ink hover:bg-[color-mix(in_oklch,var(--accent)_90%,var(--ink))]",
  secondary: "border-line-strong bg-surface text-ink hover:bg-hover",
  ghost: "border-transparent bg-transparent text-ink-2 hover:bg-hover hover:text-ink data-[state=open]:bg-hover",
  danger: "border-transparent bg-breached text-surface hover:bg-[color-mix(in_oklch,var(--breached)_90%,var(--ink))]",
};

const unavailable = "border-line bg-sunken text-ink-3 hover:bg-sunken hover:text-ink-3";

function look(variant: ButtonVariant, shape: string, off: boolean, className: string | undefined): string {
  return clsx(base, shape, off ? unavailable : variants[variant], className);
}

/** A button that says why when it cannot be pressed: it stays reachable by keyboard so that the reason can be read. */
export function Button({
  variant = "secondary",
  size = "md",
  disabledReason,
  loading = false,
  className,
  children,
  ...rest
}: ButtonProps): ReactNode {
  const off = disabledReason !== undefined;
  const button = (
    <button
      type="button"
      {...rest}
      {...guard(off || loading, rest.onClick)}
      aria-busy={loading || undefined}
      className={look(variant, sizes[size], off, clsx(loading && "relative", className))}
    >
      {loading ? (
        <>
          <span className="inline-flex items-center gap-1.5 opacity-0">{children}</span>
          <span aria-hidden className="absolute inset-x-3 h-0.5 overflow-hidden rounded-full bg-current/25">
            <span className="block h-full w-1/2 animate-pulse rounded-full bg-current" />
          </span>
        </>
      ) : (
        children
      )}
    </button>
  );
  return off ? <Tooltip content={disabledReason}>{button}</Tooltip> : button;
}

export type IconButtonProps = Look &
  Availability &
  Omit<ComponentPropsWithRef<"button">, "disabled" | "aria-label"> & {
    /** What it does, in a word or two: its accessible name and its tooltip. */
    readonly label: string;
  };

export function IconButton({
  variant = "ghost",
  size = "md",
  label,
  disabledReason,
  loading = false,
  className,
  children,
  ...rest
}: IconButtonProps): ReactNode {
  const off = disabledReason !== undefined;
  return (
    <Tooltip content={off ? `${label}: ${disabledReason}` : label}>
      <button
        type="button"
        {...rest}
        {...guard(off || loading, rest.onClick)}
        aria-label={label}
        aria-busy={loading || undefined}
        className={look(variant, squares[size], off, clsx(loading && "animate-pulse", className))}
      >
        {children}
      </button>
    </Tooltip>
  );
}

export type LinkButtonProps = Look & {
  /** One link element (`<Link href>` or `<a href>`), which keeps its own behaviour. */
  readonly children: ReactNode;
  readonly className?: string;
};

/** A link that looks like a button, for going somewhere: `<LinkButton><Link href="/runs">Runs</Link></LinkButton>`. */
export function LinkButton({ variant = "secondary", size = "md", className, children }: LinkButtonProps): ReactNode {
  return <Slot.Root className={look(variant, sizes[size], false, className)}>{children}</Slot.Root>;
}

function guard(off: boolean, onClick: ((event: MouseEvent<HTMLButtonElement>) => void) | undefined) {
  if (!off) return onClick ? { onClick } : {};
  return {
    "aria-disabled": true,
    onClick: (event: MouseEvent<HTMLButtonElement>) => {
      event.preventDefault();
      event.stopPropagation();
    },
  } as const;
}
