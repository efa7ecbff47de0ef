import type { AppRouter } from "@agent-factory/bff/api";
import type { inferRouterOutputs } from "@trpc/server";

export type AuditEntry = inferRouterOutputs<AppRouter>["audit"]["list"]["items"][number];
