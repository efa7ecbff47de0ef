"use client";
import { parseManifest } from "@agent-factory/manifest";
import { Button } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Field, Input, Textarea } from "@agent-factory/ui/field";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { useFailure } from "../../i18n/failures.ts";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { templateMessages } from "./messages.ts";
import { fillStarter, type TemplateWords } from "./starter.ts";

const noWords: TemplateWords = { name: "", title: "", description: "", owner: "" };

/** A new template from the platform's starter: its words are judged by the manifest's own rules, as one types. */
export function NewTemplate({ onClose }: { onClose: () => void }): ReactNode {
  const messages = useMessages(templateMessages);
  const locale = useLocale();
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const [words, setWords] = useState(noWords);
  const [asked, setAsked] = useState(false);
  const starter = useQuery(trpc.templates.starter.queryOptions(undefined, { staleTime: Number.POSITIVE_INFINITY }));
  const create = useMutation(
    trpc.templates.create.mutationOptions({
      onSuccess: (made) => {
        void queries.invalidateQueries({ queryKey: trpc.templates.list.pathKey() });
        router.push(`/templates/${made.name}/drafts/${made.draftId}`);
      },
    }),
  );
  const refused = useFailure(create.error);

  const { diagnostics } = parseManifest(starter.data ? fillStarter(starter.data.source, words) : "");
  const wrong = (key: keyof TemplateWords): string | undefined => {
    if (!asked) return undefined;
    if (words[key].trim() === "" && key !== "description") return messages.required;
    return diagnostics.find((found) => found.pointer === `/metadata/${key}`)?.message[locale];
  };
  const submit = () => {
    setAsked(true);
    if (!starter.data || create.isPending) return;
    if (words.name.trim() === "" || words.title.trim() === "" || words.owner.trim() === "") return;
    if (diagnostics.some((found) => found.pointer.startsWith("/metadata"))) return;
    create.mutate({ source: fillStarter(starter.data.source, words) });
  };
  const field = (key: keyof TemplateWords) => ({
    value: words[key],
    onChange: (event: { target: { value: string } }) => {
      create.reset();
      setWords({ ...words, [key]: event.target.value });
    },
  });

  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      size="sm"
      title={messages.newTitle}
      description={messages.newText}
      closeLabel={messages.close}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button type="submit" variant="primary" loading={create.isPending || create.isSuccess}>
            {messages.create}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={messages.fieldName} hint={messages.fieldNameHint} error={wrong("name")} required>
          <Input mono autoFocus {...field("name")} />
        </Field>
        <Field label={messages.fieldTitle} error={wrong("title")} required>
          <Input {...field("title")} />
        </Field>
        <Field label={messages.fieldDescription} hint={messages.fieldDescriptionHint} error={wrong("description")}>
          <Textarea rows={2} {...field("description")} />
        </Field>
        <Field label={messages.fieldOwner} hint={messages.fieldOwnerHint} error={wrong("owner")} required>
          <Input mono {...field("owner")} />
        </Field>
        {refused ? (
          <p role="alert" className="text-sm text-breached">
            {refused.sentence}
          </p>
        ) : null}
      </div>
    </Dialog>
  );
}
