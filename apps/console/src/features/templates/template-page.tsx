"use client";
import { parseManifest } from "@agent-factory/manifest";
import { Badge } from "@agent-factory/ui/badge";
import { Button, IconButton, LinkButton } from "@agent-factory/ui/button";
import { CodeEditor } from "@agent-factory/ui/code-editor";
import { Dialog } from "@agent-factory/ui/dialog";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { type Column, Table } from "@agent-factory/ui/table";
import { toast } from "@agent-factory/ui/toast";
import { Tooltip } from "@agent-factory/ui/tooltip";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FilePen, FileText, GitBranch, Trash2 } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { archiveOf } from "./code-digest.ts";
import { CodeFiles, type CodePlace } from "./code-files.tsx";
import { templateMessages } from "./messages.ts";
import { type DraftRow, shortDigest, type TemplateView, type VersionRow } from "./template-view.ts";
import { useAddress } from "./use-address.ts";
import { useFailureToast } from "./use-failure-toast.ts";

/** One template: its versions and where each came from, who works on it, and the code of the newest. */
export function TemplatePage({ name }: { name: string }): ReactNode {
  const messages = useMessages(templateMessages);
  const trpc = useTRPC();
  const template = useQuery(trpc.templates.get.queryOptions({ name }));
  const latest = template.data?.versions[0];
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
        actions={template.data ? <DraftButtons template={template.data} /> : null}
      />
      <PageBody>
        {template.data ? (
          <Loaded template={template.data} />
        ) : template.isError ? (
          <QueryProblem error={template.error} retry={() => void template.refetch()} />
        ) : (
          <div aria-busy className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_300px]">
            <Skeleton className="h-56 w-full" />
            <Skeleton className="h-40 w-full" />
          </div>
        )}
      </PageBody>
    </>
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

function Loaded({ template }: { template: TemplateView }): ReactNode {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  const address = useAddress();
  const shown = address.get("version");
  const open = template.drafts.filter((draft) => draft.state === "open");
  const labels = Object.entries(template.labels as Readonly<Record<string, string>>);
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_300px]">
      <div className="flex min-w-0 flex-col gap-4">
        <Versions versions={template.versions} onOpen={(semver) => address.set("version", semver)} />
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
        <Drafts name={template.name} drafts={open} />
      </div>
      {shown === null ? null : <VersionManifest name={template.name} semver={shown} onClose={() => address.set("version", null)} />}
    </div>
  );
}

function Versions({ versions, onOpen }: { versions: readonly VersionRow[]; onOpen: (semver: string) => void }): ReactNode {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  const states = {
    published: ["healthy", messages.statePublished],
    deprecated: ["warning", messages.stateDeprecated],
    revoked: ["breached", messages.stateRevoked],
  } as const;
  if (versions.length === 0) {
    return (
      <Panel title={messages.versions}>
        <p className="text-ink-2">{messages.versionsEmpty}</p>
      </Panel>
    );
  }
  const columns: Column<VersionRow>[] = [
    { key: "semver", header: messages.columnVersion, cell: (row) => <span className="font-mono font-semibold">{row.semver}</span> },
    {
      key: "state",
      header: messages.columnState,
      cell: (row) => {
        const [tone, word] = states[row.state];
        return <Badge tone={tone}>{word}</Badge>;
      },
    },
    {
      key: "digest",
      header: messages.columnDigest,
      from: "md",
      cell: (row) => (
        <Tooltip content={messages.copyDigest}>
          <button
            type="button"
            className="rounded-sm font-mono text-sm text-ink-2 hover:text-ink hover:underline"
            title={row.digest}
            onClick={() => void navigator.clipboard.writeText(row.digest).then(() => toast.success(messages.copied))}
          >
            {shortDigest(row.digest)}
          </button>
        </Tooltip>
      ),
    },
    {
      key: "from",
      header: messages.columnFrom,
      from: "sm",
      cell: (row) =>
        row.parentSemver === null ? (
          <span className="text-ink-3">{messages.firstVersion}</span>
        ) : (
          <span className="font-mono text-sm">{row.parentSemver}</span>
        ),
    },
    {
      key: "published",
      header: messages.columnPublished,
      cell: (row) => (
        <span className="whitespace-nowrap text-ink-2">
          {format.relative(row.publishedAt)} <span className="hidden text-ink-3 xl:inline">{messages.publishedBy(row.publishedBy)}</span>
        </span>
      ),
    },
    {
      key: "open",
      header: messages.viewManifest,
      headerHidden: true,
      align: "right",
      cell: (row) => (
        <Button size="sm" variant="ghost" onClick={() => onOpen(row.semver)} aria-label={messages.manifestOf(row.semver)}>
          <FileText aria-hidden />
          {messages.viewManifest}
        </Button>
      ),
    },
  ];
  return <Table label={messages.versions} columns={columns} rows={versions} rowKey={(row) => row.id} />;
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
  const trpc = useTRPC();
  const latest = template.versions[0];
  const [place, setPlace] = useState<CodePlace | null>(null);
  const version = useQuery(
    trpc.templates.getVersion.queryOptions(
      { name: template.name, semver: latest?.semver ?? "" },
      { enabled: latest !== undefined, staleTime: Number.POSITIVE_INFINITY },
    ),
  );
  if (!latest) return null;
  return (
    <Panel title={messages.codeOf(latest.semver)} padding="none">
      <div className="h-[420px]">
        {version.isError ? (
          <QueryProblem error={version.error} retry={() => void version.refetch()} />
        ) : version.data ? (
          <CodeFiles digest={archiveOf(parseManifest(version.data.source).data)} place={place} onPlace={setPlace} />
        ) : (
          <Skeleton className="m-4 h-24" />
        )}
      </div>
    </Panel>
  );
}

function VersionManifest({ name, semver, onClose }: { name: string; semver: string; onClose: () => void }): ReactNode {
  const messages = useMessages(templateMessages);
  const trpc = useTRPC();
  const version = useQuery(trpc.templates.getVersion.queryOptions({ name, semver }, { staleTime: Number.POSITIVE_INFINITY }));
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      size="lg"
      title={messages.manifestOf(semver)}
      {...(version.data ? { description: <code className="text-sm break-all">{version.data.digest}</code> } : {})}
      closeLabel={messages.close}
    >
      <div className="-mx-5 -my-4 h-[60dvh]">
        {version.isError ? (
          <QueryProblem error={version.error} retry={() => void version.refetch()} />
        ) : version.data ? (
          <CodeEditor
            name={`version/${name}/${semver}.yaml`}
            language="yaml"
            label={messages.manifestOf(semver)}
            value={version.data.source}
            readOnly
          />
        ) : (
          <Skeleton className="m-4 h-24" />
        )}
      </div>
    </Dialog>
  );
}
