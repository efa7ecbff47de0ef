import type { Metadata } from "next";
import { Home } from "../../features/home/home.tsx";
import { NeedsMe } from "../../features/notices/needs-me.tsx";
import { getMessages } from "../../i18n/server.ts";
import { Prefetched } from "../../trpc/server.tsx";
import { pageMessages } from "../messages.ts";
import { AtRisk } from "./_home/at-risk.tsx";
import { CostsNow } from "./_home/costs-now.tsx";
import { EndingTokens } from "./_home/ending-tokens.tsx";
import { RolloutsNow } from "./_home/rollouts-now.tsx";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).home };
}

export default function HomePage() {
  return (
    <Prefetched
      queries={(trpc, cache) => [
        cache.prefetchQuery(trpc.templates.list.queryOptions({})),
        cache.prefetchQuery(trpc.runs.list.queryOptions({})),
        cache.prefetchQuery(trpc.fleet.list.queryOptions()),
      ]}
    >
      <Home first={<NeedsMe />} endingTokens={<EndingTokens />} rollouts={<RolloutsNow />} risks={<AtRisk />} costs={<CostsNow />} />
    </Prefetched>
  );
}
