import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import { TRPCClientError } from "@trpc/client";
import type { ReactNode } from "react";
import { NoticeWatch } from "../../features/notices/notice-watch.tsx";
import { Bell, UnreadCount } from "../../features/notices/unread-count.tsx";
import { LiveCount } from "../../features/rollouts/live-count.tsx";
import { describeFailure } from "../../i18n/failure-sentences.ts";
import { getLocale } from "../../i18n/server.ts";
import { ViewerProvider } from "../../session/viewer.tsx";
import { AppShell } from "../../shell/app-shell.tsx";
import { SessionProblem } from "../../shell/session-problem.tsx";
import { TRPCProvider } from "../../trpc/client.tsx";
import { getServerTrpc } from "../../trpc/server.tsx";

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const { client, queryClient, trpc } = await getServerTrpc();
  const [session] = await Promise.all([
    client.session.me.query().catch((cause: unknown) => problemOf(cause)),
    queryClient.prefetchQuery(trpc.notices.unread.queryOptions()),
  ]);
  if ("problem" in session) {
    const { code, traceId } = session.problem;
    return <SessionProblem code={code} traceId={traceId} {...describeFailure(await getLocale(), { code, message: "", details: {} })} />;
  }
  return (
    <TRPCProvider key={session.tenant.slug} tenant={session.tenant.slug}>
      <ViewerProvider session={session}>
        <HydrationBoundary state={dehydrate(queryClient)}>
          <NoticeWatch />
          <AppShell bell={<Bell />} counts={{ inbox: <UnreadCount />, rollouts: <LiveCount /> }}>
            {children}
          </AppShell>
        </HydrationBoundary>
      </ViewerProvider>
    </TRPCProvider>
  );
}

/** What crosses to the browser must be plain. */
function problemOf(cause: unknown): { problem: { code: string; traceId: string | null } } {
  const data =
    cause instanceof TRPCClientError
      ? (cause.data as { failure?: { code: string } | null; traceId?: string | null } | undefined)
      : undefined;
  return {
    problem: {
      code: data?.failure?.code ?? (data === undefined ? "console.unreachable" : "console.internal"),
      traceId: data?.traceId ?? null,
    },
  };
}
