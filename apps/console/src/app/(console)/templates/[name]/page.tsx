import type { ReactNode } from "react";
import { Prefetched } from "../../../../trpc/server.tsx";
import { TemplateScreen } from "./template-screen.tsx";

export default async function Page({ params }: { params: Promise<{ name: string }> }): Promise<ReactNode> {
  const name = decodeURIComponent((await params).name);
  return (
    <Prefetched queries={(trpc, cache) => [cache.prefetchQuery(trpc.templates.get.queryOptions({ name }))]}>
      <TemplateScreen name={name} />
    </Prefetched>
  );
}
