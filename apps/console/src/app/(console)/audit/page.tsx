import type { Metadata } from "next";
import { AuditTrail } from "../../../features/audit/audit-trail.tsx";
import { getMessages } from "../../../i18n/server.ts";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).audit };
}

export default function AuditPage() {
  return <AuditTrail />;
}
