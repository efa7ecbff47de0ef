import type { Metadata } from "next";
import { KeyList } from "../../../features/signing/key-list.tsx";
import { getMessages } from "../../../i18n/server.ts";
import { Prefetched } from "../../../trpc/server.tsx";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).trust };
}

export default function TrustPage() {
  return (
    <Prefetched queries={(trpc, cache) => [cache.prefetchQuery(trpc.signing.keys.queryOptions())]}>
      <KeyList />
    </Prefetched>
  );
}
