import type { ReactNode } from "react";
import { RunPage } from "../../../../features/runs/run-page.tsx";

export default async function Page({ params }: { params: Promise<{ runId: string }> }): Promise<ReactNode> {
  return <RunPage runId={(await params).runId} />;
}
