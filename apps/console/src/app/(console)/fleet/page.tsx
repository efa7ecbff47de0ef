import type { Metadata } from "next";
import { Fleet } from "../../../features/fleet/fleet.tsx";
import { getMessages } from "../../../i18n/server.ts";
import { Prefetched } from "../../../trpc/server.tsx";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).fleet };
}

export default function FleetPage() {
  return (
    <Prefetched queries={(trpc, cache) => [cache.prefetchQuery(trpc.fleet.list.queryOptions())]}>
      <Fleet />
    </Prefetched>
  );
}
