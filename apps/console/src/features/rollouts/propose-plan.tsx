"use client";
import { Button, LinkButton } from "@agent-factory/ui/button";
import type { CodeMarker } from "@agent-factory/ui/code-editor";
import { Field, Input } from "@agent-factory/ui/field";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Notice, Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useAddress } from "../../session/use-address.ts";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { failureOf, QueryProblem } from "../../trpc/failure.tsx";
import { planCrumbs } from "./plan-list.tsx";
import { planMessages } from "./plan-messages.ts";
import { issuesOf, NEW_PLAN, type PlanIssue, planNameOf } from "./plan-text.ts";

const TITLE_MAX = 200;

// An editor is fetched when it is shown.
const CodeEditor = dynamic(() => import("@agent-factory/ui/code-editor").then((loaded) => loaded.CodeEditor), {
  ssr: false,
  loading: () => <Skeleton className="h-full w-full" />,
});

/** A new plan, or the next revision of one; `?plan=` says which. */
export function ProposePlan(): ReactNode {
  const messages = useMessages(planMessages);
  const name = useAddress().get("plan");
  const trpc = useTRPC();
  const plan = useQuery(trpc.plans.get.queryOptions({ name: name ?? "" }, { enabled: name !== null, staleTime: 0 }));
  const title = name === null ? messages.newTitle : messages.changeTitle(name);
  if (name === null) return <Form key="new" base={null} title={title} />;
  if (plan.data) return <Form key={`${name}@${plan.data.revision}`} base={plan.data} title={title} />;
  return (
    <>
      <PageHeader breadcrumbs={planCrumbs(messages.rollouts, messages.title)} title={title} />
      <PageBody>
        {plan.isError ? (
          <QueryProblem error={plan.error} retry={() => void plan.refetch()} title={messages.notFoundTitle} />
        ) : (
          <Skeleton className="h-96 w-full rounded-md" />
        )}
      </PageBody>
    </>
  );
}

type Place = PlanIssue & { readonly marker: CodeMarker };

function Form({ base, title }: { base: { readonly name: string; readonly source: string } | null; title: string }): ReactNode {
  const messages = useMessages(planMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const [source, setSource] = useState(base?.source ?? NEW_PLAN);
  const [words, setWords] = useState("");
  const [asked, setAsked] = useState(false);
  const [problems, setProblems] = useState<readonly Place[]>([]);
  const [nameless, setNameless] = useState(false);
  const propose = useMutation(trpc.plans.propose.mutationOptions());
  const why = viewer.can("plans.propose").reason ?? (base !== null && source === base.source ? messages.unchanged : undefined);

  const send = async (): Promise<void> => {
    setAsked(true);
    setProblems([]);
    setNameless(false);
    if (why !== undefined || words.trim() === "") return;
    const { readDocument } = await import("@agent-factory/manifest/document");
    const text = readDocument(source);
    const name = base?.name ?? planNameOf(text.data);
    // What cannot be read at all has no name either: the registry says where it breaks.
    if (name === null && text.diagnostics.length === 0) return setNameless(true);
    try {
      const { reviewNumber } = await propose.mutateAsync({ name: name ?? "plan", source, title: words.trim() });
      toast.success(messages.sent(reviewNumber));
      void queries.invalidateQueries(trpc.reviews.list.infiniteQueryFilter());
      router.push(`/reviews/${reviewNumber}`);
    } catch (error) {
      setProblems(
        issuesOf(failureOf(error)).map((issue) => ({
          ...issue,
          marker: { ...text.locate(issue.pointer), severity: "error", message: issue.message },
        })),
      );
    }
  };
  return (
    <>
      <PageHeader
        breadcrumbs={planCrumbs(messages.rollouts, messages.title)}
        title={title}
        actions={
          <>
            <LinkButton variant="ghost">
              <Link href={base === null ? "/rollouts/plans" : `/rollouts/plans/${base.name}`}>{messages.cancel}</Link>
            </LinkButton>
            <Button variant="primary" onClick={() => void send()} loading={propose.isPending} disabledReason={why}>
              {messages.send}
            </Button>
          </>
        }
      />
      <PageBody>
        <p className="text-pretty text-ink-2">{messages.explain}</p>
        <Field
          label={messages.whatItDoes}
          hint={messages.whatItDoesHint}
          required
          error={asked && words.trim() === "" ? messages.needed : undefined}
          className="max-w-xl"
        >
          <Input value={words} maxLength={TITLE_MAX} onChange={(event) => setWords(event.target.value)} />
        </Field>
        {nameless ? <Notice tone="breached" icon={<CircleAlert aria-hidden />} title={messages.nameNeeded} /> : null}
        {problems.length > 0 ? (
          <Notice tone="breached" icon={<CircleAlert aria-hidden />} title={messages.problems(problems.length)}>
            <ul className="flex flex-col gap-0.5">
              {problems.map(({ pointer, message, marker }) => (
                <li key={`${marker.line}:${marker.column}${pointer}${message}`}>
                  {messages.line(marker.line)}: {pointer === "" ? null : <code className="text-sm text-ink">{pointer} </code>}
                  {message}
                </li>
              ))}
            </ul>
          </Notice>
        ) : propose.error ? (
          <QueryProblem error={propose.error} title={messages.send} />
        ) : null}
        <Panel title={messages.editor} padding="none">
          <div className="h-[440px]">
            <CodeEditor
              name="plan.yaml"
              language="yaml"
              label={messages.editor}
              value={source}
              onChange={setSource}
              markers={problems.map(({ marker }) => marker)}
            />
          </div>
        </Panel>
      </PageBody>
    </>
  );
}
