import type { Metadata } from "next";
import type { ReactNode } from "react";
import { RolloutList } from "../../../features/rollouts/rollout-list.tsx";
import { getMessages } from "../../../i18n/server.ts";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).rollouts };
}

export default function Page(): ReactNode {
  return <RolloutList />;
}
