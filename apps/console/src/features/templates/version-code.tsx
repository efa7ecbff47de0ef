"use client";
import { readDocument } from "@agent-factory/manifest/document";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { archiveOf } from "./archive-of.ts";
import { CodeFiles, type CodePlace } from "./code-files.tsx";

/** The files of a version's code, to read. */
export function VersionCode({ name, semver }: { name: string; semver: string }): ReactNode {
  const trpc = useTRPC();
  const [place, setPlace] = useState<CodePlace | null>(null);
  const version = useQuery(trpc.templates.getVersion.queryOptions({ name, semver }, { staleTime: Number.POSITIVE_INFINITY }));
  if (version.isError) return <QueryProblem error={version.error} retry={() => void version.refetch()} />;
  if (!version.data) return <Skeleton className="m-4 h-24" />;
  return <CodeFiles digest={archiveOf(readDocument(version.data.source).data)} place={place} onPlace={setPlace} />;
}
