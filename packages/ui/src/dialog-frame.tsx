"use client";
import { clsx } from "clsx";
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { FormEvent, ReactNode } from "react";

export type DialogProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly children?: ReactNode;
  /** Buttons, the one that does it last. */
  readonly footer?: ReactNode;
  readonly closeLabel: string;
  readonly size?: "sm" | "md" | "lg";
  /** Wraps body and footer in a form: Enter submits. */
  readonly onSubmit?: () => void;
  /** False: the page behind stays usable, and a click outside does not close it. */
  readonly modal?: boolean;
};

/** What a dialog is made of, fetched when the first one opens. */
export function DialogFrame({
  open,
  onOpenChange,
  title,
  description,
  children,
  footer,
  closeLabel,
  size = "md",
  onSubmit,
  modal = true,
}: DialogProps): ReactNode {
  const width = { sm: "max-w-md", md: "max-w-xl", lg: "max-w-3xl" }[size];
  const inside = (
    <>
      <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
      {footer === undefined ? null : <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">{footer}</div>}
    </>
  );
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange} modal={modal}>
      <Radix.Portal>
        {modal ? <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" /> : null}
        <Radix.Content
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          onOpenAutoFocus={(event) => {
            // What is asked for comes first; the button that closes it stands before it only in the text.
            const field = (event.currentTarget as HTMLElement).querySelector<HTMLElement>("input, textarea, [role=combobox]");
            if (field === null) return;
            event.preventDefault();
            field.focus();
          }}
          onInteractOutside={(event) => {
            if (!modal) event.preventDefault();
          }}
          className={clsx(
            "fixed top-[max(24px,10dvh)] left-1/2 z-50 flex max-h-[80dvh] w-[calc(100vw-32px)] -translate-x-1/2 animate-appear flex-col rounded-md border border-line-strong bg-surface shadow-raised outline-none",
            width,
          )}
        >
          <header className="flex items-start gap-3 px-5 pt-4">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
              {description === undefined ? null : (
                <Radix.Description className="mt-0.5 text-pretty text-ink-2">{description}</Radix.Description>
              )}
            </div>
            <Radix.Close
              aria-label={closeLabel}
              className="-mr-1.5 flex size-7 items-center justify-center rounded-sm text-ink-3 hover:bg-hover hover:text-ink"
            >
              <X aria-hidden className="size-4" />
            </Radix.Close>
          </header>
          {onSubmit === undefined ? (
            inside
          ) : (
            <form
              className="flex min-h-0 flex-1 flex-col"
              noValidate
              onSubmit={(event: FormEvent) => {
                event.preventDefault();
                event.stopPropagation();
                onSubmit();
              }}
            >
              {inside}
            </form>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
