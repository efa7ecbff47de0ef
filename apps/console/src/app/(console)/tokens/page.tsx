import type { Metadata } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { env } from "../../../env.ts";
import { TokenList } from "../../../features/tokens/token-list.tsx";
import { getMessages } from "../../../i18n/server.ts";
import { Prefetched } from "../../../trpc/server.tsx";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).tokens };
}

export default async function Page(): Promise<ReactNode> {
  // The address is the running product's: a build knows none.
  await connection();
  return (
    <Prefetched queries={(trpc, cache) => [cache.prefetchQuery(trpc.tokens.list.queryOptions())]}>
      <TokenList registry={env().REGISTRY_URL ?? null} />
    </Prefetched>
  );
}
