import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { LogEntryPage } from "../../../../../features/signing/log-entry-page.tsx";
import { getMessages } from "../../../../../i18n/server.ts";
import { pageMessages } from "../../../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).trustLog };
}

export default async function Page({ params }: { params: Promise<{ index: string }> }): Promise<ReactNode> {
  const { index } = await params;
  if (!/^\d{1,15}$/.test(index)) notFound();
  return <LogEntryPage index={Number(index)} />;
}
