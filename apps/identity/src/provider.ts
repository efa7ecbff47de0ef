import { createHash } from "node:crypto";
import Provider, { type Configuration, errors, type KoaContextWithOIDC } from "oidc-provider";
import type { Env } from "./env.ts";
import { messagePage, signOutPage } from "./pages.ts";
import { findPerson } from "./people.ts";
import { chooseLanguage, say, sentences } from "./sentences.ts";
import type { Secrets, Store } from "./state.ts";

const DAY = 24 * 60 * 60;

/**
 * The OpenID provider: authorization code with PKCE for one confidential client, the console. Access tokens are JWTs for the
 * registry (RFC 9068, `at+jwt`), refresh tokens live two weeks, and consent is not asked: the client is our own.
 */
export function createProvider(options: {
  env: Pick<Env, "IDENTITY_ISSUER" | "CONSOLE_URL" | "OIDC_CLIENT_ID" | "OIDC_CLIENT_SECRET" | "OIDC_AUDIENCE" | "ACCESS_TOKEN_SECONDS">;
  secrets: Secrets;
  store: Store;
}): Provider {
  const { env, secrets, store } = options;
  const atConsole = (path: string) => new URL(path, env.CONSOLE_URL).href;
  const languageOf = (ctx: KoaContextWithOIDC) =>
    chooseLanguage(String(ctx.oidc?.params?.["ui_locales"] ?? ""), ctx.get("accept-language"));

  const configuration: Configuration = {
    adapter: store.adapter,
    jwks: secrets.jwks as NonNullable<Configuration["jwks"]>,
    clients: [
      {
        client_id: env.OIDC_CLIENT_ID,
        client_secret: env.OIDC_CLIENT_SECRET,
        client_name: "Agent Factory",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: [atConsole("/api/auth/callback/oidc")],
        post_logout_redirect_uris: [atConsole("/"), new URL(env.CONSOLE_URL).origin, atConsole("/signed-out")],
      },
    ],
    cookies: {
      keys: secrets.cookieKeys,
      names: { session: "af_identity_session", interaction: "af_identity_interaction", resume: "af_identity_resume" },
    },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "locale"] },
    // the console reads name and address from the ID token: no second request
    conformIdTokenClaims: false,
    findAccount: (_, subject) => {
      const person = findPerson(subject);
      if (!person) return undefined;
      return {
        accountId: person.subject,
        claims: () => ({ sub: person.subject, name: person.name, email: person.email, email_verified: true }),
      };
    },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => env.OIDC_AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => {
          if (resource !== env.OIDC_AUDIENCE) throw new errors.InvalidTarget();
          return {
            scope: "registry",
            audience: env.OIDC_AUDIENCE,
            accessTokenFormat: "jwt",
            accessTokenTTL: env.ACCESS_TOKEN_SECONDS,
            jwt: { sign: { alg: "RS256" } },
          };
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = signOutPage({ language: languageOf(ctx), form, sure: ctx.oidc.params?.["id_token_hint"] !== undefined });
        },
        postLogoutSuccessSource: (ctx) => {
          const language = languageOf(ctx);
          ctx.body = messagePage({
            language,
            title: say(sentences.signedOutTitle, language),
            text: say(sentences.signedOut, language),
            consoleUrl: env.CONSOLE_URL,
          });
        },
      },
    },
    scopes: ["openid", "offline_access"],
    // the console asks for offline_access at every sign-in; OpenID would drop it unless consent is prompted, and consent is ours to give
    issueRefreshToken: async (_, client) => client.grantTypeAllowed("refresh_token"),
    // signing out ends the refresh token too, offline_access or not
    expiresWithSession: async () => true,
    // a confidential client keeps its refresh token (RFC 9700, 4.14.2), so that two requests at the same time cannot lose it
    rotateRefreshToken: false,
    loadExistingGrant: async (ctx) => {
      const { client, session, provider } = ctx.oidc;
      if (!client || !session?.accountId) return undefined;
      const known = session.grantIdFor(client.clientId);
      const grant =
        (known && (await provider.Grant.find(known))) || new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope("openid email profile offline_access");
      grant.addResourceScope(env.OIDC_AUDIENCE, "registry");
      await grant.save();
      return grant;
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    renderError: (ctx, out) => {
      const language = languageOf(ctx);
      const reason = out.error_description ?? out.error;
      ctx.type = "html";
      ctx.body = messagePage({
        language,
        title: say(sentences.failedTitle, language),
        text: say(sentences.failed, language, { reason }),
        consoleUrl: env.CONSOLE_URL,
      });
    },
    ttl: {
      AccessToken: env.ACCESS_TOKEN_SECONDS,
      AuthorizationCode: 60,
      IdToken: 60 * 60,
      Interaction: 60 * 60,
      Grant: 14 * DAY,
      RefreshToken: 14 * DAY,
      Session: 14 * DAY,
    },
  };
  return new Provider(env.IDENTITY_ISSUER, configuration);
}

/** The provider's one inline script (a self-submitting form, when somebody signs out who is not signed in), allowed by its hash. */
const SELF_SUBMIT = `
    document.addEventListener('DOMContentLoaded', function () { document.forms[0].submit() });
  `;

/** Nothing is loaded from elsewhere, nothing runs inline, nobody frames us; forms lead here and back to the console. */
export function contentSecurityPolicy(consoleUrl: string): string {
  const hash = createHash("sha256").update(SELF_SUBMIT).digest("base64");
  return [
    "default-src 'none'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    `script-src 'self' 'sha256-${hash}'`,
    `form-action 'self' ${new URL(consoleUrl).origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
