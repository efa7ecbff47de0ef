import { LinkButton } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Compass } from "lucide-react";
import Link from "next/link";
import { getMessages } from "../../i18n/server.ts";
import { pageMessages } from "../messages.ts";

export default async function NotFound() {
  const messages = await getMessages(pageMessages);
  return (
    <>
      <PageHeader title={messages.notFoundTitle} />
      <PageBody>
        <EmptyState
          icon={<Compass />}
          title={messages.notFoundTitle}
          action={
            <LinkButton variant="primary">
              <Link href="/">{messages.toHome}</Link>
            </LinkButton>
          }
        >
          {messages.notFoundText}
        </EmptyState>
      </PageBody>
    </>
  );
}
