import type { Metadata } from "next";
import type { ReactNode } from "react";
import { PlanPage } from "../../../../../features/rollouts/plan-page.tsx";
import { getMessages } from "../../../../../i18n/server.ts";
import { Prefetched } from "../../../../../trpc/server.tsx";
import { pageMessages } from "../../../../messages.ts";

type Props = { readonly params: Promise<{ name: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${(await getMessages(pageMessages)).plans} · ${decodeURIComponent((await params).name)}` };
}

export default async function Page({ params }: Props): Promise<ReactNode> {
  const name = decodeURIComponent((await params).name);
  return (
    <Prefetched queries={(trpc, cache) => [cache.prefetchQuery(trpc.plans.get.queryOptions({ name }))]}>
      <PlanPage name={name} />
    </Prefetched>
  );
}
