"use client";
import { Check, CircleAlert, Info, TriangleAlert } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { Toaster as Sonner, toast as sonner } from "sonner";

export type Extra = {
  readonly description?: ReactNode;
  /** One thing to do, such as undo. While it is offered the toast stays longer. */
  readonly action?: { readonly label: string; readonly onAction: () => void };
};
export type Toast = Extra & { readonly kind: "success" | "error" | "warning" | "info"; readonly title: ReactNode };

/** Where toasts appear. `onReady` gets what shows one, as soon as they would be seen. */
export function ToastRegion({ label, onReady }: { label: string; onReady: (show: (toast: Toast) => void) => () => void }): ReactNode {
  // The region's own effects have run by now: what is shown from here on is not lost.
  useEffect(() => onReady(show), [onReady]);
  return (
    <Sonner
      position="bottom-right"
      containerAriaLabel={label}
      gap={8}
      icons={{
        success: <Check className="size-4 text-healthy" />,
        error: <CircleAlert className="size-4 text-breached" />,
        warning: <TriangleAlert className="size-4 text-warning" />,
        info: <Info className="size-4 text-accent" />,
      }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "flex w-[356px] max-w-[calc(100vw-32px)] items-start gap-2.5 rounded-md border border-line-strong bg-surface px-3.5 py-3 text-md text-ink shadow-raised",
          icon: "mt-0.5 shrink-0",
          content: "min-w-0 flex-1",
          title: "font-medium",
          description: "mt-0.5 text-ink-2",
          actionButton: "ml-auto h-6 shrink-0 rounded-sm border border-line-strong px-2 text-sm font-medium hover:bg-hover",
          closeButton: "hidden",
        },
      }}
    />
  );
}

function show({ kind, title, description, action }: Toast): void {
  sonner[kind](title, {
    duration: kind === "error" || action ? 10_000 : 5_000,
    ...(description === undefined ? {} : { description }),
    ...(action === undefined ? {} : { action: { label: action.label, onClick: action.onAction } }),
  });
}
