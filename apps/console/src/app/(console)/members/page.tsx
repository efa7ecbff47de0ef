import type { Metadata } from "next";
import { MemberList } from "../../../features/access/member-list.tsx";
import { getMessages } from "../../../i18n/server.ts";
import { Prefetched } from "../../../trpc/server.tsx";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).members };
}

export default function MembersPage() {
  return (
    <Prefetched queries={(trpc, cache) => [cache.prefetchQuery(trpc.members.list.queryOptions())]}>
      <MemberList />
    </Prefetched>
  );
}
