import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { RolloutPage } from "../../../../features/rollouts/rollout-page.tsx";
import { getMessages } from "../../../../i18n/server.ts";
import { Prefetched } from "../../../../trpc/server.tsx";
import { pageMessages } from "../../../messages.ts";

type Props = { readonly params: Promise<{ number: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${(await getMessages(pageMessages)).rollouts} #${(await params).number}` };
}

export default async function Page({ params }: Props): Promise<ReactNode> {
  const number = Number((await params).number);
  if (!Number.isInteger(number) || number < 1) notFound();
  return (
    <Prefetched queries={(trpc, cache) => [cache.prefetchQuery(trpc.rollouts.get.queryOptions({ number }))]}>
      <RolloutPage number={number} />
    </Prefetched>
  );
}
