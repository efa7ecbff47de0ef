import type { Metadata } from "next";
import type { ReactNode } from "react";
import { PlanList } from "../../../../features/rollouts/plan-list.tsx";
import { getMessages } from "../../../../i18n/server.ts";
import { pageMessages } from "../../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).plans };
}

export default function Page(): ReactNode {
  return <PlanList />;
}
