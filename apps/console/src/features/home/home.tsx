"use client";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { HostHealth } from "./host-health.tsx";
import { LastRuns } from "./last-runs.tsx";
import { homeMessages } from "./messages.ts";
import { MyDrafts } from "./my-drafts.tsx";
import { MyReviews } from "./my-reviews.tsx";

/** What other features show here, put together by the page. */
export type HomeParts = {
  readonly first: ReactNode;
  readonly endingTokens: ReactNode;
  readonly rollouts: ReactNode;
  readonly risks: ReactNode;
  readonly costs: ReactNode;
};

/**
 * What needs me (`first`) and what moves, by what one is here for: whoever writes sees drafts and the reviews they asked for, whoever
 * runs things sees rollouts and hosts, whoever pays sees costs and what is at risk.
 */
export function Home({ first, endingTokens, rollouts, risks, costs }: HomeParts): ReactNode {
  const messages = useMessages(homeMessages);
  const viewer = useViewer();
  const may = (action: Parameters<typeof viewer.can>[0]) => viewer.can(action).allowed;
  const pays = may("budgets.set");
  const operates = may("rollouts.control");
  return (
    <>
      <PageHeader title={messages.hello(viewer.user.name)} />
      <PageBody>
        {may("tokens.create") ? endingTokens : null}
        {first}
        <div className="grid min-w-0 gap-4 xl:grid-cols-[minmax(0,1fr)_380px]">
          <div className="flex min-w-0 flex-col gap-4">
            {operates && may("rollouts.read") ? rollouts : null}
            {pays ? risks : null}
            {may("reviews.request") ? <MyReviews /> : null}
            {may("drafts.create") ? <MyDrafts /> : null}
            {may("runs.list") ? <LastRuns /> : null}
          </div>
          <div className="order-first flex min-w-0 flex-col gap-4 xl:order-none">
            {pays && may("usage.read") ? costs : null}
            {may("fleet.read") ? <HostHealth /> : null}
          </div>
        </div>
      </PageBody>
    </>
  );
}
