import { LinkButton } from "@agent-factory/ui/button";
import { getMessages } from "../../i18n/server.ts";
import { pageMessages } from "../messages.ts";
import { EntryPage } from "../sign-in/entry-page.tsx";

export default async function SignedOutPage() {
  const messages = await getMessages(pageMessages);
  return (
    <EntryPage title={messages.signedOutTitle} text={messages.signedOutText}>
      <LinkButton variant="primary" className="h-9">
        <a href="/sign-in">{messages.signIn}</a>
      </LinkButton>
    </EntryPage>
  );
}
