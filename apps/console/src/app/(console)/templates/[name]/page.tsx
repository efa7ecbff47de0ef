import type { ReactNode } from "react";
import { TemplatePage } from "../../../../features/templates/template-page.tsx";
import { Prefetched } from "../../../../trpc/server.tsx";

export default async function Page({ params }: { params: Promise<{ name: string }> }): Promise<ReactNode> {
  const name = decodeURIComponent((await params).name);
  return (
    <Prefetched queries={(trpc, cache) => [cache.prefetchQuery(trpc.templates.get.queryOptions({ name }))]}>
      <TemplatePage name={name} />
    </Prefetched>
  );
}
