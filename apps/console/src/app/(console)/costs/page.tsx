import type { Metadata } from "next";
import { CostsPage } from "../../../features/usage/costs-page.tsx";
import { periodOf } from "../../../features/usage/period.ts";
import { costsQuery, groupedBy } from "../../../features/usage/usage-view.ts";
import { getMessages } from "../../../i18n/server.ts";
import { Prefetched } from "../../../trpc/server.tsx";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).costs };
}

export default async function Page({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const address = await searchParams;
  const get = (name: string) => (typeof address[name] === "string" ? address[name] : null);
  const period = periodOf(get("period"), get("from"), get("to"), Date.now());
  const { by, basis } = groupedBy(get("by"), get("basis"));
  return (
    <Prefetched
      queries={(trpc, cache) => [
        cache.prefetchQuery(trpc.usage.costs.queryOptions(costsQuery(period, by, basis))),
        cache.prefetchQuery(trpc.usage.budgets.queryOptions()),
        cache.prefetchQuery(trpc.usage.prices.queryOptions()),
        cache.prefetchQuery(trpc.quotas.list.queryOptions()),
      ]}
    >
      <CostsPage />
    </Prefetched>
  );
}
