/**
 * The tokens of a signed-in person, as they live in the encrypted session cookie, and how they are renewed.
 *
 *   current   the access token is good for longer than the margin                → used as it is
 *   ageing    within the margin of its end, or past it                            → renewed; requests that come meanwhile share one renewal
 *   ended     the issuer refused the refresh token (RFC 6749, 5.2 invalid_grant)   → signed out
 *   stuck     the issuer does not answer: while the token is still good it is used (fail-open); after that the
 *             request is refused as unavailable (fail-closed), and the session is kept for when the issuer is back
 */
export type Tokens = {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly idToken: string | null;
  /** Milliseconds since the epoch. */
  readonly accessTokenExpiresAt: number;
  readonly subject: string;
  readonly name: string;
  readonly email: string;
};

export type Renewal =
  | { readonly type: "current" | "renewed"; readonly tokens: Tokens }
  | { readonly type: "ended" }
  | { readonly type: "stuck" };

export const RENEW_BEFORE_MS = 30_000;
const ISSUER_TIMEOUT_MS = 10_000;
/** Requests sent with the old cookie may arrive after its renewal: for this long they get the same answer. */
const SHARED_FOR_MS = 10_000;

export type Issuer = { readonly url: string; readonly clientId: string; readonly clientSecret: string; readonly audience: string };

export type Renewer = (tokens: Tokens) => Promise<Renewal>;

export function createRenewer(issuer: Issuer, parts: { fetch?: typeof fetch; now?: () => number } = {}): Renewer {
  const send = parts.fetch ?? fetch;
  const now = parts.now ?? Date.now;
  const inFlight = new Map<string, Promise<Renewal>>();
  let tokenEndpoint: string | undefined;

  async function findTokenEndpoint(): Promise<string> {
    if (tokenEndpoint === undefined) {
      const found = await send(new URL("/.well-known/openid-configuration", issuer.url), {
        signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
      });
      if (!found.ok) throw new Error(`The issuer answered ${found.status}`);
      tokenEndpoint = String(((await found.json()) as { token_endpoint: unknown }).token_endpoint);
    }
    return tokenEndpoint;
  }

  async function renew(tokens: Tokens, refreshToken: string): Promise<Renewal> {
    try {
      const answer = await send(await findTokenEndpoint(), {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          authorization: `Basic ${btoa(`${encodeURIComponent(issuer.clientId)}:${encodeURIComponent(issuer.clientSecret)}`)}`,
        },
        body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken, resource: issuer.audience }),
        signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
      });
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return { type: "ended" };
      if (!answer.ok) throw new Error(`The issuer answered ${answer.status}`);
      const fresh = (await answer.json()) as { access_token: string; expires_in?: number; refresh_token?: string; id_token?: string };
      return {
        type: "renewed",
        tokens: {
          ...tokens,
          accessToken: fresh.access_token,
          refreshToken: fresh.refresh_token ?? refreshToken,
          idToken: fresh.id_token ?? tokens.idToken,
          accessTokenExpiresAt: now() + (fresh.expires_in ?? 300) * 1000,
        },
      };
    } catch {
      return tokens.accessTokenExpiresAt > now() ? { type: "current", tokens } : { type: "stuck" };
    }
  }

  return async (tokens) => {
    if (tokens.accessTokenExpiresAt - now() > RENEW_BEFORE_MS) return { type: "current", tokens };
    const { refreshToken } = tokens;
    if (refreshToken === null) return tokens.accessTokenExpiresAt > now() ? { type: "current", tokens } : { type: "ended" };
    // The access token names the renewal, not the refresh token: an issuer need not rotate that one.
    const key = tokens.accessToken;
    let renewal = inFlight.get(key);
    if (!renewal) {
      renewal = renew(tokens, refreshToken);
      inFlight.set(key, renewal);
      void renewal.then((outcome) => {
        if (outcome.type !== "renewed") inFlight.delete(key);
        else setTimeout(() => inFlight.delete(key), SHARED_FOR_MS).unref?.();
      });
    }
    return renewal;
  };
}
