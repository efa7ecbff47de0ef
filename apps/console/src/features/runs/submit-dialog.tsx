"use client";
/** Runs a published version: an input as in *Try it*, then the run's own page. The input is remembered beside those of tries. */
import { Button } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { useMutation } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { submitMessages } from "./submit-messages.ts";
import { TryFailure } from "./try-failure.tsx";
import { faultOf, INPUT_BYTES_MAX, type InputFault } from "./try-input.ts";
import { TryInputField } from "./try-input-field.tsx";
import { useTryInput } from "./use-try-input.ts";

export function SubmitDialog({ templateName, semver, onClose }: { templateName: string; semver: string; onClose: () => void }): ReactNode {
  const messages = useMessages(submitMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const router = useRouter();
  const key = { tenant: viewer.tenant.id, user: viewer.user.id, template: templateName };
  const { input, setInput, recent, remember } = useTryInput(key);
  const [fault, setFault] = useState<InputFault | null>(null);
  const submit = useMutation(trpc.runs.submit.mutationOptions({ onSuccess: ({ runId }) => router.push(`/runs/${runId}`) }));

  const launch = () => {
    if (submit.isPending || submit.isSuccess || !viewer.can("runs.submit").allowed) return;
    const wrong = faultOf(input);
    setFault(wrong);
    submit.reset();
    if (wrong) return;
    remember(input);
    submit.mutate({ templateName, range: semver, input: input.text });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      size="lg"
      title={messages.title(templateName, semver)}
      description={messages.text}
      closeLabel={messages.close}
      onSubmit={launch}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button
            type="submit"
            variant="primary"
            loading={submit.isPending || submit.isSuccess}
            disabledReason={viewer.can("runs.submit").reason}
          >
            <Play aria-hidden />
            {messages.run}
          </Button>
        </>
      }
    >
      <TryInputField
        name={`run/${templateName}/input.json`}
        input={input}
        recent={recent}
        onChange={(next) => {
          setInput(next);
          setFault(null);
          submit.reset();
        }}
      />
      <Complaint fault={fault} />
      {submit.error ? <TryFailure error={submit.error} /> : null}
    </Dialog>
  );
}

function Complaint({ fault }: { fault: InputFault | null }): ReactNode {
  const messages = useMessages(submitMessages);
  const format = useFormat();
  if (fault === null) return null;
  const sentence = {
    empty: () => messages.empty,
    "too-large": () => messages.tooLarge(format.bytes(INPUT_BYTES_MAX)),
    "not-json": () => (fault.kind === "not-json" ? messages.notJson(fault.line, fault.column) : ""),
  }[fault.kind]();
  return (
    <p role="alert" className="mt-2 text-sm text-breached">
      {sentence}
    </p>
  );
}
