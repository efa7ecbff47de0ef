/** The session cookie: an encrypted JWT (next-auth's), cut into pieces where it is longer than a cookie may be. */
import { decode, encode } from "next-auth/jwt";
import type { Tokens } from "./tokens.ts";

export const SESSION_SECONDS = 14 * 24 * 3600;
/** next-auth's own limit of a piece: 4096 less the room for name and attributes. */
const PIECE_CHARS = 4096 - 163;

export function sessionCookieName(consoleUrl: string): string {
  return consoleUrl.startsWith("https://") ? "__Secure-next-auth.session-token" : "next-auth.session-token";
}

type CookieReader = { getAll(): readonly { readonly name: string; readonly value: string }[] };

/** What the cookie holds; null when there is none, or none that we made. */
export async function readSessionCookie(cookies: CookieReader, name: string, secret: string): Promise<Tokens | null> {
  const pieces = cookies
    .getAll()
    .filter((cookie) => cookie.name === name || isPiece(cookie.name, name))
    .sort((a, b) => pieceNumber(a.name) - pieceNumber(b.name));
  const token = pieces.map((piece) => piece.value).join("");
  if (token === "") return null;
  try {
    const claims = await decode({ token, secret });
    const tokens = claims?.["tokens"];
    return isTokens(tokens) ? tokens : null;
  } catch {
    return null;
  }
}

/** Every cookie to set, in place of those that are there: pieces that are no longer needed get an empty value and age 0. */
export async function writeSessionCookie(
  cookies: CookieReader,
  name: string,
  secret: string,
  tokens: Tokens | null,
): Promise<{ name: string; value: string; maxAge: number }[]> {
  const stale = new Set(
    cookies
      .getAll()
      .map((cookie) => cookie.name)
      .filter((other) => other === name || isPiece(other, name)),
  );
  const fresh: { name: string; value: string; maxAge: number }[] = [];
  if (tokens) {
    const token = await encode({ token: { sub: tokens.subject, tokens }, secret, maxAge: SESSION_SECONDS });
    const count = Math.ceil(token.length / PIECE_CHARS);
    for (let piece = 0; piece < count; piece++) {
      const value = token.slice(piece * PIECE_CHARS, (piece + 1) * PIECE_CHARS);
      fresh.push({ name: count === 1 ? name : `${name}.${piece}`, value, maxAge: SESSION_SECONDS });
    }
  }
  const kept = new Set(fresh.map((cookie) => cookie.name));
  return [...fresh, ...[...stale].filter((other) => !kept.has(other)).map((other) => ({ name: other, value: "", maxAge: 0 }))];
}

function isPiece(cookie: string, name: string): boolean {
  return cookie.startsWith(`${name}.`) && /^\d+$/.test(cookie.slice(name.length + 1));
}

function pieceNumber(cookie: string): number {
  return Number(/\.(\d+)$/.exec(cookie)?.[1] ?? 0);
}

function isTokens(value: unknown): value is Tokens {
  return typeof value === "object" && value !== null && "accessToken" in value && "accessTokenExpiresAt" in value && "subject" in value;
}
