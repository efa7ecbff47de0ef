import type { AppRouter } from "@agent-factory/bff/api";
import { TRPCClientError, type TRPCLink } from "@trpc/client";
import { observable, type Unsubscribable } from "@trpc/server/observable";
import { getSignInState, reportExpired, subscribeToSignIn } from "../session/sign-in-state.ts";

/** Put in an operation's context to be told at once instead of waiting: `{ signedOut: "fail" }`. */
export type SignedOutContext = { readonly signedOut?: "wait" | "fail" };

/**
 * When a session has expired, nothing asked for is lost: the operation waits until the person has signed in again (the session
 * dialog offers it) and is then sent once more. It was refused before any work was done, so repeating it is safe.
 */
export function signedOutLink(): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => {
        let current: Unsubscribable | undefined;
        let stopWaiting: (() => void) | undefined;
        const send = () => {
          current = next(op).subscribe({
            next: (value) => observer.next(value),
            complete: () => observer.complete(),
            error(cause) {
              if (!isSignedOut(cause)) return observer.error(cause);
              reportExpired();
              if (op.context["signedOut"] === "fail") return observer.error(cause);
              stopWaiting = subscribeToSignIn(() => {
                if (getSignInState() !== "signed-in") return;
                stopWaiting?.();
                send();
              });
            },
          });
        };
        send();
        return () => {
          stopWaiting?.();
          current?.unsubscribe();
        };
      });
}

export function isSignedOut(cause: unknown): boolean {
  return cause instanceof TRPCClientError && (cause.data as { code?: unknown } | undefined)?.code === "UNAUTHORIZED";
}
