/**
 * Whether this browser is still signed in, for the whole page.
 *
 *   signed-in   requests pass
 *   expired     a request was answered "sign in first": requests wait; the page, and what is typed in it, stays
 *
 * expired → signed-in when any tab of this browser has signed in again as the same person.
 */
export type SignInState = "signed-in" | "expired";

let state: SignInState = "signed-in";
const listeners = new Set<() => void>();

export function getSignInState(): SignInState {
  return state;
}

export function subscribeToSignIn(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function reportExpired(): void {
  change("expired");
}

export function reportSignedIn(): void {
  change("signed-in");
}

/** Resolves when signed in; at once if nothing has expired. Rejects with the signal's reason when the caller gives up first. */
export function whenSignedIn(signal?: AbortSignal): Promise<void> {
  if (state === "signed-in") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = subscribeToSignIn(() => {
      if (state !== "signed-in") return;
      done();
      resolve();
    });
    signal?.addEventListener("abort", () => {
      done();
      reject(signal.reason);
    });
  });
}

function change(next: SignInState): void {
  if (state === next) return;
  state = next;
  for (const listener of [...listeners]) listener();
}

/** The name of the channel on which a tab that has signed in tells the others. */
export const SIGN_IN_CHANNEL = "agent-factory-sign-in";
