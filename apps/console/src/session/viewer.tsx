"use client";
import type { AppRouter } from "@agent-factory/bff/api";
import { useQuery } from "@tanstack/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import { createContext, type ReactNode, use, useMemo } from "react";
import { useLocale } from "../i18n/i18n.tsx";
import { notAllowed } from "../i18n/roles.ts";
import { useTRPC } from "../trpc/client.tsx";

export type Session = inferRouterOutputs<AppRouter>["session"]["me"];
export type Action = keyof Session["permissions"];

/** Whether the viewer may do something; when not, `reason` is the sentence that says so and names who can. */
export type Permission = { readonly allowed: true; readonly reason: undefined } | { readonly allowed: false; readonly reason: string };

export type Viewer = Session & { readonly can: (action: Action) => Permission };

const ViewerContext = createContext<Session | null>(null);

/** `session`: what the server was told when it made this page; kept current by the query of the same name. */
export function ViewerProvider({ session, children }: { session: Session; children: ReactNode }): ReactNode {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.session.me.queryOptions(undefined, { initialData: session, staleTime: 60_000 }));
  return <ViewerContext value={data}>{children}</ViewerContext>;
}

/** Who is signed in, for which tenant, and what they may do: `<Button disabledReason={viewer.can("runs.try").reason}>`. */
export function useViewer(): Viewer {
  const session = use(ViewerContext);
  const locale = useLocale();
  if (!session) throw new Error("useViewer needs a ViewerProvider above it");
  return useMemo(
    () => ({
      ...session,
      can(action): Permission {
        const permission = session.permissions[action];
        return permission.allowed ? { allowed: true, reason: undefined } : { allowed: false, reason: notAllowed(locale, permission.roles) };
      },
    }),
    [session, locale],
  );
}
