import type { ReactNode } from "react";
import { DraftScreen } from "./draft-screen.tsx";

export default async function Page({ params }: { params: Promise<{ name: string; draftId: string }> }): Promise<ReactNode> {
  const { name, draftId } = await params;
  return <DraftScreen name={decodeURIComponent(name)} draftId={draftId} />;
}
