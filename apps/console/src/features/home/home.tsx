"use client";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { HostHealth } from "./host-health.tsx";
import { LastRuns } from "./last-runs.tsx";
import { homeMessages } from "./messages.ts";
import { MyDrafts } from "./my-drafts.tsx";

/** What needs me (`first`) and what moves. Whoever writes sees drafts first; whoever runs the hosts sees those first. */
export function Home({ first }: { first: ReactNode }): ReactNode {
  const messages = useMessages(homeMessages);
  const viewer = useViewer();
  const writes = viewer.can("drafts.create").allowed;
  const operates = viewer.can("fleet.cordon").allowed && !viewer.roles.includes("editor");
  const drafts = writes ? <MyDrafts key="drafts" /> : null;
  const hosts = viewer.can("fleet.read").allowed ? <HostHealth key="hosts" /> : null;
  return (
    <>
      <PageHeader title={messages.hello(viewer.user.name)} />
      <PageBody>
        {first}
        <div className="grid min-w-0 gap-4 xl:grid-cols-[minmax(0,1fr)_380px]">
          <div className="flex min-w-0 flex-col gap-4">
            {operates ? null : drafts}
            {viewer.can("runs.list").allowed ? <LastRuns /> : null}
            {operates ? drafts : null}
          </div>
          <div className="order-first flex min-w-0 flex-col gap-4 xl:order-none">{hosts}</div>
        </div>
      </PageBody>
    </>
  );
}
