"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Button, IconButton, LinkButton } from "@agent-factory/ui/button";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FilePen, GitBranch, Play, Trash2 } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useRouter } from "next/navigation";
import type { ComponentType, ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useAddress } from "../../session/use-address.ts";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { templateMessages } from "./messages.ts";
import { latestRunnable } from "./runnable-version.ts";
import type { DraftRow, TemplateView } from "./template-view.ts";
import { useWhyNotRun } from "./version-actions.tsx";
import { VersionBanner } from "./version-banner.tsx";
import { VersionLineage } from "./version-lineage.tsx";
import { versionMessages } from "./version-messages.ts";
import { VersionTable } from "./version-table.tsx";

// What shows code brings an editor and reads manifests; the page stands before it.
const VersionCode = dynamic(() => import("./version-code.tsx").then((loaded) => loaded.VersionCode), {
  ssr: false,
  loading: () => <Skeleton className="m-4 h-24" />,
});
const VersionManifest = dynamic(() => import("./version-manifest.tsx").then((loaded) => loaded.VersionManifest), { ssr: false });

/** A page that waits for a signature looks again this often. */
const SIGNING_MS = 2_000;

/** What other features show on this page. */
export type TemplateSlots = {
  /** Asks for an input and submits a run of one version. */
  readonly RunDialog: ComponentType<{ readonly templateName: string; readonly semver: string; readonly onClose: () => void }>;
  /** Checks a version's proof in the browser and says so when it does not hold. */
  readonly ProofAlarm: ComponentType<{ readonly name: string; readonly semver: string }>;
  /** Who runs it. */
  readonly Runners: ComponentType<{ readonly templateName: string }>;
  /** What runs may ask for by name, and the rollouts that move it. */
  readonly Channels: ComponentType<{ readonly templateName: string }>;
};

/** One template: its versions and where each came from, who runs it, who works on it, and the code of the newest. */
export function TemplatePage({ name, ...slots }: { name: string } & TemplateSlots): ReactNode {
  const messages = useMessages(templateMessages);
  const trpc = useTRPC();
  const template = useQuery(
    trpc.templates.get.queryOptions(
      { name },
      {
        refetchInterval: ({ state }) =>
          state.data?.versions.some(({ signed, state }) => !signed && state !== "revoked") ? SIGNING_MS : false,
      },
    ),
  );
  const latest = template.data?.versions[0];
  const address = useAddress();
  const running = address.get("run");
  return (
    <>
      <PageHeader
        breadcrumbs={[
          <Link key="templates" href="/templates">
            {messages.title}
          </Link>,
        ]}
        title={name}
        badges={
          latest ? (
            <Badge tone="neutral" icon={<GitBranch aria-hidden />}>
              {latest.semver}
            </Badge>
          ) : template.data ? (
            <Badge tone="unknown">{messages.notPublished}</Badge>
          ) : null
        }
        actions={
          template.data ? (
            <>
              <RunLatest template={template.data} onRun={(semver) => address.set("run", semver)} />
              <DraftButtons template={template.data} />
            </>
          ) : null
        }
      />
      <PageBody>
        {template.data ? (
          <Loaded template={template.data} slots={slots} />
        ) : template.isError ? (
          <QueryProblem error={template.error} retry={() => void template.refetch()} />
        ) : (
          <div aria-busy className="grid gap-4 min-[1400px]:grid-cols-[minmax(0,1fr)_300px]">
            <Skeleton className="h-56 w-full" />
            <Skeleton className="h-40 w-full" />
          </div>
        )}
      </PageBody>
      {template.data?.versions.some(({ semver }) => semver === running) && running !== null ? (
        <slots.RunDialog templateName={name} semver={running} onClose={() => address.set("run", null)} />
      ) : null}
    </>
  );
}

/** Runs what "latest" means; where nothing can run, the button stays and says why. */
function RunLatest({ template, onRun }: { template: TemplateView; onRun: (semver: string) => void }): ReactNode {
  const messages = useMessages(versionMessages);
  const whyNotRun = useWhyNotRun();
  const version = latestRunnable(template.versions) ?? template.versions[0];
  return (
    <Button
      disabledReason={version ? whyNotRun(version, template.versions) : messages.whyNothing}
      onClick={() => {
        if (version) onRun(version.semver);
      }}
    >
      <Play aria-hidden />
      {version ? messages.runOf(version.semver) : messages.run}
    </Button>
  );
}

function DraftButtons({ template }: { template: TemplateView }): ReactNode {
  const messages = useMessages(templateMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const router = useRouter();
  const say = useFailureToast();
  const start = useMutation(
    trpc.drafts.create.mutationOptions({
      onSuccess: (made) => router.push(`/templates/${template.name}/drafts/${made.draftId}`),
      onError: say,
    }),
  );
  const mine = template.drafts.find((draft) => draft.state === "open" && draft.updatedByName === viewer.user.name);
  const latest = template.versions[0];
  return (
    <>
      <Button
        variant={mine ? "secondary" : "primary"}
        disabledReason={viewer.can("drafts.create").reason}
        loading={start.isPending || start.isSuccess}
        onClick={() => start.mutate({ templateName: template.name, ...(latest ? { baseSemver: latest.semver } : {}) })}
      >
        <FilePen aria-hidden />
        {latest ? messages.startDraftFrom(latest.semver) : messages.startDraft}
      </Button>
      {mine ? (
        <LinkButton variant="primary">
          <Link href={`/templates/${template.name}/drafts/${mine.id}`}>{messages.openMyDraft}</Link>
        </LinkButton>
      ) : null}
    </>
  );
}

function Loaded({ template, slots }: { template: TemplateView; slots: TemplateSlots }): ReactNode {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  const address = useAddress();
  const shown = address.get("version");
  const open = template.drafts.filter((draft) => draft.state === "open");
  const labels = Object.entries(template.labels as Readonly<Record<string, string>>);
  const latest = latestRunnable(template.versions);
  return (
    <>
      <VersionBanner template={template} />
      {latest ? <slots.ProofAlarm name={template.name} semver={latest.semver} /> : null}
      <div className="grid items-start gap-4 min-[1400px]:grid-cols-[minmax(0,1fr)_300px]">
        <div className="flex min-w-0 flex-col gap-4">
          <VersionTable
            template={template}
            onRun={(semver) => address.set("run", semver)}
            onManifest={(semver) => address.set("version", semver)}
          />
          <LatestCode template={template} />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title={messages.facts}>
            <p className="font-semibold">{template.title}</p>
            {template.description === "" ? null : <p className="mt-0.5 text-pretty text-ink-2">{template.description}</p>}
            <dl className="mt-3 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
              <dt className="text-ink-3">{messages.owner}</dt>
              <dd>{template.owner}</dd>
              <dt className="text-ink-3">{messages.created}</dt>
              <dd>{format.dateTime(template.createdAt)}</dd>
              {labels.length > 0 ? (
                <>
                  <dt className="text-ink-3">{messages.labels}</dt>
                  <dd className="flex flex-wrap gap-1">
                    {labels.map(([key, value]) => (
                      <Badge key={key} icon={null}>
                        {key}: {value}
                      </Badge>
                    ))}
                  </dd>
                </>
              ) : null}
            </dl>
          </Panel>
          {template.versions.length > 0 ? <slots.Channels templateName={template.name} /> : null}
          <Drafts name={template.name} drafts={open} />
          {template.versions.length > 0 ? (
            <>
              <slots.Runners templateName={template.name} />
              <VersionLineage template={template} />
            </>
          ) : null}
        </div>
        {shown === null ? null : <VersionManifest name={template.name} semver={shown} onClose={() => address.set("version", null)} />}
      </div>
    </>
  );
}

function Drafts({ name, drafts }: { name: string; drafts: readonly DraftRow[] }): ReactNode {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  const viewer = useViewer();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useFailureToast();
  const refresh = () => queries.invalidateQueries({ queryKey: trpc.templates.pathKey() });
  const restore = useMutation(trpc.drafts.restore.mutationOptions({ onSuccess: refresh, onError: say }));
  const discard = useMutation(
    trpc.drafts.discard.mutationOptions({
      onSuccess: async (_made, { draftId }) => {
        const title = drafts.find((draft) => draft.id === draftId)?.title ?? "";
        toast.success(messages.discarded(title), { action: { label: messages.undo, onAction: () => restore.mutate({ draftId }) } });
        await refresh();
      },
      onError: say,
    }),
  );
  return (
    <Panel title={messages.drafts}>
      {drafts.length === 0 ? (
        <p className="text-ink-2">{messages.draftsEmpty}</p>
      ) : (
        <ul className="-my-1 flex flex-col divide-y divide-line">
          {drafts.map((draft) => (
            <li key={draft.id} className="flex items-start gap-2 py-2">
              <div className="min-w-0 flex-1">
                <Link href={`/templates/${name}/drafts/${draft.id}`} className="rounded-sm font-semibold hover:underline">
                  {draft.title}
                </Link>
                <p className="text-sm text-ink-3">
                  {draft.baseSemver === null ? messages.draftFromNothing : messages.draftFrom(draft.baseSemver)} ·{" "}
                  {messages.draftRevision(draft.revision)}
                </p>
                <p className="text-sm text-ink-3">{messages.draftSavedBy(draft.updatedByName, format.relative(draft.updatedAt))}</p>
              </div>
              <IconButton
                size="sm"
                label={messages.discardDraft(draft.title)}
                disabledReason={viewer.can("drafts.discard").reason}
                loading={discard.isPending && discard.variables.draftId === draft.id}
                onClick={() => discard.mutate({ draftId: draft.id })}
              >
                <Trash2 aria-hidden />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** The code the newest version runs, to read before one starts a draft. */
function LatestCode({ template }: { template: TemplateView }): ReactNode {
  const messages = useMessages(templateMessages);
  const latest = template.versions[0];
  if (!latest) return null;
  return (
    <Panel title={messages.codeOf(latest.semver)} padding="none">
      <div className="h-[420px]">
        <VersionCode name={template.name} semver={latest.semver} />
      </div>
    </Panel>
  );
}
