"use client";
/**
 * The console's one way to the BFF: typed procedures as TanStack Query options.
 *
 *     const trpc = useTRPC();
 *     const hosts = useQuery(trpc.fleet.list.queryOptions());
 *
 * Queries and mutations travel in batches, subscriptions as server-sent events. When the session has expired an operation waits
 * for the sign-in and is repeated by itself; `{ trpc: { context: { signedOut: "fail" } } }` among the options asks for the
 * refusal instead.
 */
import type { AppRouter } from "@agent-factory/bff/api";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type ReactNode, useState } from "react";
import { createQueryClient } from "./query-client.ts";
import { reachabilityLink } from "./reachability.ts";
import { signedOutLink } from "./signed-out-link.ts";

const { TRPCProvider: Provider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

export { useTRPC, useTRPCClient };

export const TRPC_PATH = "/api/trpc";

let browserQueryClient: QueryClient | undefined;

/** `tenant`: the slug of the tenant this page was made for; it goes with every request, so that a second tab in another tenant changes nothing here. */
export function TRPCProvider({ tenant, children }: { tenant: string | null; children: ReactNode }): ReactNode {
  const [queryClient] = useState(ownQueryClient);
  const [client] = useState(() => createClient(tenant));
  return (
    <QueryClientProvider client={queryClient}>
      <Provider trpcClient={client} queryClient={queryClient}>
        {children}
      </Provider>
    </QueryClientProvider>
  );
}

/** On the server every request has its own cache; in the browser one cache survives suspended renders. */
function ownQueryClient(): QueryClient {
  if (typeof window === "undefined") return createQueryClient();
  browserQueryClient ??= createQueryClient();
  return browserQueryClient;
}

function createClient(tenant: string | null): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      signedOutLink(),
      reachabilityLink(),
      splitLink({
        condition: (operation) => operation.type === "subscription",
        // An EventSource cannot send headers: the proxy reads the tenant from the connection parameters.
        true: httpSubscriptionLink({ url: TRPC_PATH, connectionParams: () => (tenant === null ? null : { tenant }) }),
        false: httpBatchLink({ url: TRPC_PATH, maxURLLength: 2000, maxItems: 20, headers: tenant === null ? {} : { "x-tenant": tenant } }),
      }),
    ],
  });
}
