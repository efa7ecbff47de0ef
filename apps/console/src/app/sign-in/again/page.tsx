import { getMessages } from "../../../i18n/server.ts";
import { pageMessages } from "../../messages.ts";
import { EntryPage } from "../entry-page.tsx";
import { SignInButton } from "../sign-in-button.tsx";

/** The window in which a person signs in again while their page waits. */
export default async function SignInAgainPage() {
  const messages = await getMessages(pageMessages);
  return (
    <EntryPage title={messages.signIn} text={messages.signInGoing}>
      <SignInButton next="/sign-in/done" automatic />
    </EntryPage>
  );
}
