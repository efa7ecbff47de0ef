"use client";
import { Check, CircleAlert, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Toaster as Sonner, toast as sonner } from "sonner";

/** Once, in the layout. `label` names the region ("Notifications"). */
export function Toaster({ label }: { label: string }): ReactNode {
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

type Extra = {
  readonly description?: ReactNode;
  /** One thing to do, such as undo. While it is offered the toast stays longer. */
  readonly action?: { readonly label: string; readonly onAction: () => void };
};

function show(kind: "success" | "error" | "warning" | "info", title: ReactNode, extra: Extra = {}): void {
  sonner[kind](title, {
    duration: kind === "error" || extra.action ? 10_000 : 5_000,
    ...(extra.description === undefined ? {} : { description: extra.description }),
    ...(extra.action === undefined ? {} : { action: { label: extra.action.label, onClick: extra.action.onAction } }),
  });
}

/** Says in passing what happened; what must not be missed stands in the page instead. */
export const toast = {
  success: (title: ReactNode, extra?: Extra) => show("success", title, extra),
  error: (title: ReactNode, extra?: Extra) => show("error", title, extra),
  warning: (title: ReactNode, extra?: Extra) => show("warning", title, extra),
  info: (title: ReactNode, extra?: Extra) => show("info", title, extra),
};
