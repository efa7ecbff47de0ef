"use client";
import type { Change } from "@agent-factory/manifest/compare";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Field, Input, Textarea } from "@agent-factory/ui/field";
import { Notice } from "@agent-factory/ui/panel";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, GitPullRequestArrow } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { keepWords, useKeptWords } from "./kept-words.ts";
import { requestMessages } from "./request-messages.ts";

const TITLE_MAX = 120;
const DESCRIPTION_MAX = 10_000;

/** What the editor knows of the draft; features do not know each other, so the page passes it on. */
export type RequestReviewProps = {
  readonly draftId: string;
  readonly templateName: string;
  /** The live review of this draft. */
  readonly review: { readonly number: number; readonly state: string } | null;
  readonly errors: number;
  /** What changed since the base version. */
  readonly changes:
    | { readonly kind: "new" }
    | { readonly kind: "unknown"; readonly since: string }
    | { readonly kind: "none"; readonly since: string; readonly layout: boolean }
    | { readonly kind: "some"; readonly since: string; readonly changes: readonly Change[]; readonly next: string | null };
  /** What was typed could not be saved, and a person has to settle that. */
  readonly unsaved: boolean;
  /** Saves what was typed; resolves with the stored revision, or null when it could not be saved. */
  readonly settle: () => Promise<number | null>;
};

/** *Ask for review* beside the editor, or the way to the review that is open already. */
export function RequestReview(props: RequestReviewProps): ReactNode {
  const { review } = props;
  const messages = useMessages(requestMessages);
  const [open, setOpen] = useState(false);
  const why = useWhyNot(props);
  if (review)
    return (
      <LinkButton>
        <Link href={`/reviews/${review.number}`} title={messages.reviewNote}>
          <GitPullRequestArrow aria-hidden />
          {review.state === "approved" ? messages.approvedReview(review.number) : messages.openReview(review.number)}
        </Link>
      </LinkButton>
    );
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)} disabledReason={why}>
        {messages.ask}
      </Button>
      {open ? <AskDialog {...props} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function useWhyNot({ errors, changes, unsaved }: RequestReviewProps): string | undefined {
  const messages = useMessages(requestMessages);
  const viewer = useViewer();
  const permission = viewer.can("reviews.request");
  if (!permission.allowed) return permission.reason;
  if (errors > 0) return messages.askErrors(errors);
  if (changes.kind === "none") return changes.layout ? messages.askOnlyLayout(changes.since) : messages.askNothing(changes.since);
  return unsaved ? messages.askUnsaved : undefined;
}

function AskDialog({ draftId, templateName, changes, settle, onClose }: RequestReviewProps & { onClose: () => void }): ReactNode {
  const messages = useMessages(requestMessages);
  const viewer = useViewer();
  const router = useRouter();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const key = (field: string) => ({ tenant: viewer.tenant.id, user: viewer.user.id, place: `draft/${draftId}/${field}` });
  const [title, setTitle] = useKeptWords(key("title"), useSuggestedTitle(templateName, changes));
  const [description, setDescription] = useKeptWords(key("description"));
  const [asked, setAsked] = useState(false);
  const [unsaved, setUnsaved] = useState(false);
  const [saving, setSaving] = useState(false);
  const request = useMutation(trpc.reviews.request.mutationOptions());
  const tooLong = title.length > TITLE_MAX ? messages.askTooLong(TITLE_MAX) : undefined;
  const send = async () => {
    setAsked(true);
    setUnsaved(false);
    if (title.trim() === "" || tooLong) return;
    setSaving(true);
    try {
      const expectedRevision = await settle();
      if (expectedRevision === null) return setUnsaved(true);
      const { number } = await request.mutateAsync({ draftId, expectedRevision, title: title.trim(), description: description.trim() });
      for (const field of ["title", "description"]) keepWords(sessionStorage, key(field), "");
      toast.success(messages.asked(number));
      void queries.invalidateQueries(trpc.reviews.list.infiniteQueryFilter());
      router.push(`/reviews/${number}`);
    } catch {
      // Told in the dialog: see `request.error`.
    } finally {
      setSaving(false);
    }
  };
  const next = changes.kind === "some" ? changes.next : null;
  return (
    <Dialog
      open
      onOpenChange={(open) => (open || saving ? undefined : onClose())}
      title={messages.askTitle(templateName)}
      description={next === null ? messages.askTextFirst : messages.askText(next)}
      closeLabel={messages.close}
      onSubmit={() => {
        if (!saving) void send();
      }}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button type="submit" variant="primary" loading={saving}>
            {messages.askSend}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field
          label={messages.askFieldTitle}
          hint={messages.askFieldTitleHint}
          required
          error={tooLong ?? (asked && title.trim() === "" ? messages.askRequired : undefined)}
        >
          <Input value={title} autoFocus onChange={(event) => setTitle(event.target.value)} />
        </Field>
        <Field label={messages.askFieldDescription} hint={messages.askFieldDescriptionHint}>
          <Textarea rows={5} value={description} maxLength={DESCRIPTION_MAX} onChange={(event) => setDescription(event.target.value)} />
        </Field>
        {unsaved ? <Notice tone="breached" icon={<CircleAlert aria-hidden />} title={messages.askSaved} /> : null}
        {request.error ? <QueryProblem error={request.error} title={messages.ask} /> : null}
      </div>
    </Dialog>
  );
}

/** The gravest change in its own words: most reviews are about one thing. */
function useSuggestedTitle(templateName: string, changes: RequestReviewProps["changes"]): string {
  const messages = useMessages(requestMessages);
  const language = useLocale();
  const [suggested] = useState(() => {
    if (changes.kind === "new") return messages.titleFirst(templateName);
    const [first, ...more] = changes.kind === "some" ? changes.changes : [];
    if (!first) return "";
    const words = first.message[language].replace(/\.$/, "");
    const short = words.length > 90 ? `${words.slice(0, 87)}…` : words;
    return more.length === 0 ? short : messages.titleMore(short, more.length);
  });
  return suggested;
}
