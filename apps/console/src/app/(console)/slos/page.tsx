import type { Metadata } from "next";
import { SlosPage } from "../../../features/usage/slos-page.tsx";
import { getMessages } from "../../../i18n/server.ts";
import { Prefetched } from "../../../trpc/server.tsx";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).slos };
}

export default function Page() {
  return (
    <Prefetched queries={(trpc, cache) => [cache.prefetchQuery(trpc.usage.slos.queryOptions({}))]}>
      <SlosPage />
    </Prefetched>
  );
}
