"use client";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Field, Select } from "@agent-factory/ui/field";
import { Notice } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type ReactNode, use, useState } from "react";
import { loadFailureSentences } from "../../i18n/failures.ts";
import { useFormat, useLocale, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { percentOf } from "./percent.ts";
import type { ChannelRow, Preview } from "./rollout-view.ts";
import { startMessages } from "./start-messages.ts";

/** `given`: "template/channel/version" as far as it is chosen already. Names what will be affected before it asks. */
export function StartDialog({ given, onClose }: { given: string; onClose: () => void }): ReactNode {
  const messages = useMessages(startMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const [givenTemplate = "", givenChannel = "", givenVersion = ""] = given.split("/");
  const [templateName, setTemplate] = useState(givenTemplate);
  const [chosenChannel, setChannel] = useState(givenChannel);
  const [chosenVersion, setVersion] = useState(givenVersion);

  const templates = useQuery(trpc.templates.list.queryOptions({}, { staleTime: 60_000 }));
  const named = templateName !== "";
  const channels = useQuery(trpc.channels.list.queryOptions({ templateName }, { enabled: named, staleTime: 0 }));
  const template = useQuery(trpc.templates.get.queryOptions({ name: templateName }, { enabled: named }));
  const usable = template.data?.versions.filter(({ signed, state }) => signed && state !== "revoked") ?? [];
  // Where there is one to choose, it is chosen.
  const only = channels.data?.items.length === 1 ? channels.data.items[0] : undefined;
  const channel = channels.data?.items.find(({ name }) => name === chosenChannel) ?? only;
  const semver = chosenVersion === "" ? (usable.find(({ semver }) => semver !== channel?.stable?.semver)?.semver ?? "") : chosenVersion;
  const complete = named && channel !== undefined && semver !== "";
  const move = { templateName, channel: channel?.name ?? "", semver };
  const preview = useQuery(trpc.rollouts.preview.queryOptions(move, { enabled: complete, staleTime: 0 }));
  const start = useMutation(
    trpc.rollouts.start.mutationOptions({
      onSuccess: async ({ number }) => {
        toast.success(messages.started(number));
        router.push(`/rollouts/${number}`);
        await queries.invalidateQueries({ queryKey: trpc.rollouts.pathKey() });
        await queries.invalidateQueries({ queryKey: trpc.channels.pathKey() });
      },
      onError: () => queries.invalidateQueries(trpc.rollouts.preview.queryFilter()),
    }),
  );
  const why = !complete
    ? messages.chooseAll
    : (viewer.can("rollouts.start").reason ??
      (preview.data === undefined ? messages.checking : preview.data.problems.length > 0 ? messages.hasProblems : undefined));
  const names = [...new Set([...(templates.data?.items.map(({ name }) => name) ?? []), ...(named ? [templateName] : [])])];
  return (
    <Dialog
      open
      onOpenChange={(open) => (open || start.isPending ? undefined : onClose())}
      title={messages.startTitle}
      description={messages.startText}
      closeLabel={messages.close}
      onSubmit={() => {
        if (why === undefined && !start.isPending) start.mutate(move);
      }}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button type="submit" variant="primary" loading={start.isPending || start.isSuccess} disabledReason={why}>
            {complete ? messages.confirm(semver, move.channel) : messages.confirmPlain}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={messages.template} required>
          <Select
            value={named ? templateName : CHOOSE}
            onValueChange={(next) => {
              setTemplate(next === CHOOSE ? "" : next);
              setChannel("");
              setVersion("");
            }}
            options={[
              ...(named ? [] : [{ value: CHOOSE, label: messages.choose }]),
              ...names.map((name) => ({ value: name, label: name })),
            ]}
          />
        </Field>
        {templates.isError ? <QueryProblem error={templates.error} retry={() => void templates.refetch()} /> : null}
        {templates.data?.items.length === 0 ? <p className="text-ink-2">{messages.noTemplates}</p> : null}
        {!named ? null : channels.isError || template.isError ? (
          <QueryProblem
            error={channels.error ?? template.error}
            retry={() => {
              void channels.refetch();
              void template.refetch();
            }}
          />
        ) : !channels.data || !template.data ? (
          <Skeleton className="h-14 w-full" />
        ) : channels.data.items.length === 0 ? (
          <Missing text={messages.noChannels(templateName)} templateName={templateName} />
        ) : usable.length === 0 ? (
          <Missing text={messages.noVersions(templateName)} templateName={templateName} />
        ) : (
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label={messages.channel} required>
              <Select
                value={channel?.name ?? CHOOSE}
                onValueChange={(next) => setChannel(next === CHOOSE ? "" : next)}
                options={[
                  ...(channel ? [] : [{ value: CHOOSE, label: messages.choose }]),
                  ...channels.data.items.map((one) => ({
                    value: one.name,
                    label: one.name,
                    note: one.stable ? messages.present(one.stable.semver) : messages.presentNone,
                  })),
                ]}
              />
            </Field>
            <Field label={messages.version} required>
              <Select
                value={semver === "" ? CHOOSE : semver}
                onValueChange={(next) => setVersion(next === CHOOSE ? "" : next)}
                options={[
                  ...(semver === "" ? [{ value: CHOOSE, label: messages.choose }] : []),
                  ...usable.map((version) => ({
                    value: version.semver,
                    label: version.semver,
                    ...(version.semver === channel?.stable?.semver ? { note: messages.isPresent } : {}),
                  })),
                ]}
              />
            </Field>
          </div>
        )}
        {!complete ? null : preview.isError ? (
          <QueryProblem error={preview.error} retry={() => void preview.refetch()} />
        ) : preview.data ? (
          <Outlook preview={preview.data} channel={channel} semver={semver} />
        ) : (
          <Skeleton className="h-20 w-full" />
        )}
        {start.error ? <QueryProblem error={start.error} title={messages.start} /> : null}
      </div>
    </Dialog>
  );
}

/** Radix knows no empty value. */
const CHOOSE = "CHOOSE";

function Missing({ text, templateName }: { text: string; templateName: string }): ReactNode {
  const messages = useMessages(startMessages);
  return (
    <div className="flex flex-wrap items-center gap-3">
      <p className="text-ink-2">{text}</p>
      <LinkButton size="sm">
        <Link href={`/templates/${templateName}`}>{messages.openTemplate}</Link>
      </LinkButton>
    </div>
  );
}

function Outlook({ preview, channel, semver }: { preview: Preview; channel: ChannelRow; semver: string }): ReactNode {
  const messages = useMessages(startMessages);
  const format = useFormat();
  const locale = useLocale();
  const { describeFailure } = use(loadFailureSentences());
  const { plan, baseline, problems } = preview;
  if (problems.length > 0) {
    return (
      <Notice tone="warning" icon={<CircleAlert aria-hidden />} title={messages.problems}>
        <ul className="flex flex-col gap-1">
          {problems.map(({ code, message }) => {
            const { sentence, wayOut } = describeFailure(locale, { code, message, details: {} });
            return (
              <li key={code}>
                {sentence} {wayOut}
              </li>
            );
          })}
        </ul>
      </Notice>
    );
  }
  const weights = plan?.steps.map(({ weight }) => weight) ?? [];
  const first = weights[0] ?? 100;
  const gates = plan?.steps.filter(({ gate }) => gate !== null).length ?? 0;
  return (
    <div role="status" className="rounded-md border border-l-[3px] border-line border-l-canary bg-surface px-4 py-3" data-testid="outlook">
      <p className="font-semibold">
        {baseline === null ? messages.whatFirst(channel.name, semver) : messages.what(channel.name, baseline, semver)}
      </p>
      <p className="mt-0.5 text-pretty text-ink-2">
        {plan === null ? "" : messages.steps(format.list(weights.map((weight) => percentOf(weight, format))), plan.title)}{" "}
        {gates === 0 ? "" : messages.gates(gates)} {messages.first(percentOf(first, format))}
      </p>
      <p className="mt-1 text-pretty text-ink-2">
        {channel.runsLast24h === 0
          ? messages.noTraffic
          : messages.traffic(format.number(channel.runsLast24h), format.number(Math.round((channel.runsLast24h * first) / 100)))}
      </p>
    </div>
  );
}
