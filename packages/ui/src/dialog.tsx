"use client";
import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";
import type { DialogProps } from "./dialog-frame.tsx";
import { fetched } from "./fetched.tsx";

/** `loadDialogFrame` fetches what dialogs are made of; called early, so that the first one opens at once. */
const { Fetched: DialogFrame, fetch: loadDialogFrame } = fetched(() => import("./dialog-frame.tsx").then((loaded) => loaded.DialogFrame));

export { loadDialogFrame };

export function Dialog(props: DialogProps): ReactNode {
  const [wanted, setWanted] = useState(props.open);
  if (props.open && !wanted) setWanted(true);
  return wanted ? <DialogFrame {...props} /> : null;
}

export type ConfirmDialogProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: ReactNode;
  /** What it affects, in figures: "2 running runs are retried elsewhere". */
  readonly affects: ReactNode;
  readonly children?: ReactNode;
  /** The verb: "Drain host-03", never "OK". */
  readonly confirmLabel: string;
  readonly cancelLabel: string;
  readonly onConfirm: () => void;
  readonly pending?: boolean;
  readonly tone?: "danger" | "primary";
  readonly disabledReason?: string | undefined;
};

/** Asks once, names what is affected, and closes only when its owner says that it is done. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const {
    open,
    onOpenChange,
    title,
    affects,
    children,
    confirmLabel,
    cancelLabel,
    onConfirm,
    pending = false,
    tone = "danger",
    disabledReason,
  } = props;
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        if (!pending) onOpenChange(next);
      }}
      size="sm"
      title={title}
      closeLabel={cancelLabel}
      onSubmit={() => {
        if (!pending && disabledReason === undefined) onConfirm();
      }}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>{cancelLabel}</Button>
          <Button type="submit" variant={tone} loading={pending} disabledReason={disabledReason}>
            {confirmLabel}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <div className="text-pretty text-ink-2">{affects}</div>
        {children}
      </div>
    </Dialog>
  );
}
