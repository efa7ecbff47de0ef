import "server-only";
import type { AppRouter } from "@agent-factory/bff/api";
import { dehydrate, HydrationBoundary, type QueryClient } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { cookies, headers } from "next/headers";
import { cache, type ReactNode } from "react";
import { env } from "../env.ts";
import { getTokens } from "../session/server.ts";
import { TENANT_COOKIE } from "../session/tenant-cookie.ts";
import { createQueryClient } from "./query-client.ts";

const TIMEOUT_MS = 5_000;

/** This request's way to the BFF, with its own cache. */
export const getServerTrpc = cache(async () => {
  const [tokens, jar] = await Promise.all([getTokens(), cookies()]);
  const queryClient = createQueryClient({ retry: false });
  const tenant = jar.get(TENANT_COOKIE)?.value;
  const client = createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${env().BFF_URL}/trpc`,
        headers: { authorization: `Bearer ${tokens?.accessToken ?? ""}`, ...(tenant === undefined ? {} : { "x-tenant": tenant }) },
        fetch: (url, options) => fetch(url, { ...options, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) } as RequestInit),
      }),
    ],
  });
  return { client, queryClient, trpc: createTRPCOptionsProxy<AppRouter>({ client, queryClient }) };
});

type ServerTrpc = Awaited<ReturnType<typeof getServerTrpc>>;

/**
 * Fills the browser's cache when a page is opened by its address, so that its first paint shows content. Moving inside the console skips
 * it: there the browser asks by itself, in one batch, while the page is already on the screen. What fails here is asked again there.
 */
export async function Prefetched({
  queries,
  children,
}: {
  /** `(trpc, cache) => [cache.prefetchQuery(trpc.fleet.list.queryOptions())]` */
  queries: (trpc: ServerTrpc["trpc"], cache: QueryClient) => readonly Promise<void>[];
  children: ReactNode;
}): Promise<ReactNode> {
  if ((await headers()).get("sec-fetch-dest") !== "document") return children;
  const { trpc, queryClient } = await getServerTrpc();
  await Promise.all(queries(trpc, queryClient));
  return <HydrationBoundary state={dehydrate(queryClient)}>{children}</HydrationBoundary>;
}
