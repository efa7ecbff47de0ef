import { ErrorState } from "@agent-factory/ui/error-state";
import type { Metadata } from "next";
import { getMessages } from "../../i18n/server.ts";
import { safeReturnPath } from "../../session/edge-rules.ts";
import { pageMessages } from "../messages.ts";
import { EntryPage } from "./entry-page.tsx";
import { SignInButton } from "./sign-in-button.tsx";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).signIn };
}

export default async function SignInPage({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const [messages, query] = await Promise.all([getMessages(pageMessages), searchParams]);
  const one = (name: string) => (typeof query[name] === "string" ? query[name] : null);
  const next = safeReturnPath(one("next") ?? pathOf(one("callbackUrl")));
  return (
    <EntryPage text={messages.signInText}>
      {one("error") === null ? null : (
        <ErrorState title={messages.signInFailedTitle} wayOut={messages.signInFailedWayOut}>
          {messages.signInFailed}
        </ErrorState>
      )}
      <SignInButton next={next} />
    </EntryPage>
  );
}

function pathOf(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return url;
  const { pathname, search } = new URL(url);
  return pathname + search;
}
