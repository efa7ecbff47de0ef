/** Leads to the issuer, and afterwards to `next` (a path of ours). Rejects when the console or the issuer does not answer. */
export async function startSignIn(next: string, locale: string): Promise<void> {
  const { csrfToken } = (await (await fetch("/api/auth/csrf")).json()) as { csrfToken: string };
  const answer = await fetch(`/api/auth/signin/oidc?${new URLSearchParams({ ui_locales: locale })}`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "x-auth-return-redirect": "1" },
    body: new URLSearchParams({ csrfToken, callbackUrl: next, json: "true" }),
  });
  const { url } = (await answer.json()) as { url: string };
  location.assign(url);
}
