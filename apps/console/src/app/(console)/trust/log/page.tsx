import type { Metadata } from "next";
import { LogBrowser } from "../../../../features/signing/log-browser.tsx";
import { getMessages } from "../../../../i18n/server.ts";
import { pageMessages } from "../../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).trustLog };
}

export default function LogPage() {
  return <LogBrowser />;
}
