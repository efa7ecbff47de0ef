"use client";
import { Button } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Notice } from "@agent-factory/ui/panel";
import { useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { useMessages } from "../i18n/i18n.tsx";
import { shellMessages } from "../shell/messages.ts";
import { TRPC_PATH } from "../trpc/client.tsx";
import { getSignInState, reportSignedIn, SIGN_IN_CHANNEL, subscribeToSignIn } from "./sign-in-state.ts";
import { useViewer } from "./viewer.tsx";

/** True while the session has expired and nobody has signed in again: what is typed stays, what is sent waits. */
export function useSessionExpired(): boolean {
  return useSyncExternalStore(subscribeToSignIn, getSignInState, () => "signed-in") === "expired";
}

/**
 * Says that the session has expired, without taking the page away: sign-in happens in another window, and this page goes on
 * when the same person is back. Somebody else signing in loads the page anew, as theirs.
 */
export function SessionExpired(): ReactNode {
  const messages = useMessages(shellMessages);
  const viewer = useViewer();
  const queryClient = useQueryClient();
  const expired = useSessionExpired();
  const [dismissed, setDismissed] = useState(false);
  const [waiting, setWaiting] = useState(false);

  useEffect(() => {
    if (!expired) {
      setDismissed(false);
      setWaiting(false);
      return;
    }
    const check = async () => {
      const who = await whoIsSignedIn(viewer.tenant.slug);
      if (who === null) return;
      if (who !== viewer.user.id) return location.reload();
      reportSignedIn();
      await queryClient.invalidateQueries();
    };
    const channel = new BroadcastChannel(SIGN_IN_CHANNEL);
    channel.addEventListener("message", () => void check());
    // Signed in elsewhere without our window knowing: found out when the reader comes back to this page.
    const onFocus = () => void check();
    addEventListener("focus", onFocus);
    return () => {
      channel.close();
      removeEventListener("focus", onFocus);
    };
  }, [expired, viewer.tenant.slug, viewer.user.id, queryClient]);

  const signIn = () => {
    setWaiting(true);
    const width = 520;
    const height = 680;
    const place = `width=${width},height=${height},left=${Math.max(0, (screen.width - width) / 2)},top=${Math.max(0, (screen.height - height) / 3)}`;
    window.open("/sign-in/again", "agent-factory-sign-in", place);
  };

  if (!expired) return null;
  return (
    <>
      <div className="px-4 pt-4 md:px-6">
        <Notice
          tone="warning"
          icon={<KeyRound aria-hidden />}
          title={messages.expiredBanner}
          actions={<Button onClick={signIn}>{messages.expiredSignIn}</Button>}
        />
      </div>
      <Dialog
        open={!dismissed}
        onOpenChange={(open) => setDismissed(!open)}
        modal={false}
        size="sm"
        title={messages.expiredTitle}
        closeLabel={messages.close}
        footer={
          <>
            <Button onClick={() => setDismissed(true)}>{messages.expiredLater}</Button>
            <Button variant="primary" onClick={signIn} autoFocus>
              {messages.expiredSignIn}
            </Button>
          </>
        }
      >
        <p className="text-pretty text-ink-2">{messages.expiredText}</p>
        {waiting ? (
          <p role="status" className="mt-2 text-ink-3">
            {messages.expiredWaiting}
          </p>
        ) : null}
      </Dialog>
    </>
  );
}

/** Asked past the page's own client, whose requests are waiting. */
async function whoIsSignedIn(tenant: string): Promise<string | null> {
  try {
    const answer = await fetch(`${TRPC_PATH}/session.me`, { headers: { "x-tenant": tenant } });
    if (!answer.ok) return null;
    const body = (await answer.json()) as { result?: { data?: { user?: { id?: unknown } } } };
    const id = body.result?.data?.user?.id;
    return typeof id === "string" ? id : null;
  } catch {
    return null;
  }
}
