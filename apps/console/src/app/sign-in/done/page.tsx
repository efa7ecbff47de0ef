import { getMessages } from "../../../i18n/server.ts";
import { pageMessages } from "../../messages.ts";
import { EntryPage } from "../entry-page.tsx";
import { TellOtherTabs } from "./tell-other-tabs.tsx";

export default async function SignInDonePage() {
  const messages = await getMessages(pageMessages);
  return (
    <EntryPage title={messages.signIn} text={messages.signInDone}>
      <TellOtherTabs />
    </EntryPage>
  );
}
