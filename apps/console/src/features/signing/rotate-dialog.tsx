"use client";
import { ConfirmDialog } from "@agent-factory/ui/dialog";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { signingMessages } from "./messages.ts";

export function RotateDialog({ onClose }: { onClose: () => void }): ReactNode {
  const messages = useMessages(signingMessages);
  const sayFailed = useFailureToast(messages.rotateFailed);
  const trpc = useTRPC();
  const queries = useQueryClient();
  const rotate = useMutation(
    trpc.signing.rotate.mutationOptions({
      onSuccess: async () => {
        toast.success(messages.rotated);
        onClose();
        await queries.invalidateQueries({ queryKey: trpc.signing.pathKey() });
      },
      onError: sayFailed,
    }),
  );
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={messages.rotateTitle}
      affects={messages.rotateText}
      confirmLabel={messages.rotateConfirm}
      cancelLabel={messages.cancel}
      tone="primary"
      pending={rotate.isPending}
      onConfirm={() => rotate.mutate()}
    />
  );
}
