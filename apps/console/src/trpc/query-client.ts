import { defaultShouldDehydrateQuery, QueryClient } from "@tanstack/react-query";
import { TRPCClientError } from "@trpc/client";

/** Data counts as fresh for this long: coming back to a page within it shows what was there, without asking again. */
const FRESH_MS = 5_000;
const RETRIES_MAX = 2;

/** `retry: false` for the server, where somebody waits for the page. */
export function createQueryClient(options: { retry?: false } = {}): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: FRESH_MS, retry: options.retry ?? shouldRetry, retryDelay: (attempt) => Math.min(300 * 2 ** attempt, 3_000) },
      // Whoever changes something decides about repeating it; here we cannot know that it is safe.
      mutations: { retry: false },
      dehydrate: {
        shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) || query.state.status === "pending",
        shouldRedactErrors: () => false,
      },
    },
  });
}

/** A refusal stays a refusal; only what never reached the BFF, or found it unavailable, is asked again. */
export function shouldRetry(failures: number, cause: unknown): boolean {
  if (failures >= RETRIES_MAX) return false;
  if (!(cause instanceof TRPCClientError)) return false;
  const status = (cause.data as { httpStatus?: unknown } | undefined)?.httpStatus;
  return status === undefined || status === 502 || status === 503 || status === 504;
}
