/**
 * Credentials of programs. A token is shown once, kept as a hash, bound to one tenant, and does what its roles allow until it expires:
 *
 *   (absent) -> live     `create`
 *   live -> expired      at `expiresAt`, a year at most
 *   live -> revoked      `revoke`; final
 *
 * Fail-closed: whatever is not surely live is nobody.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { Access } from "../access/access.ts";
import type { Actor, TokenActor } from "../actor.ts";
import { Failure } from "../failure.ts";

/** What a token may be; never what a person is. `access.rego` holds the same list. */
export const TOKEN_ROLES = ["ci", "runner", "deployer", "observer"] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

export type TokenView = {
  id: string;
  name: string;
  roles: TokenRole[];
  createdAt: string;
  createdByName: string;
  expiresAt: string;
  /** To the minute. */
  lastUsedAt: string | null;
  revokedAt: string | null;
  state: "live" | "expired" | "revoked";
};

export type Tokens = {
  /** The secret is answered here and nowhere else. Failures: `tokens.name-taken`, `tokens.too-many`. */
  create(
    actor: Actor,
    input: { name: string; roles: readonly TokenRole[]; expiresInDays: number },
  ): Promise<{ tokenId: string; secret: string; expiresAt: string }>;
  /** Newest first, with those that ended in the last 90 days. */
  list(actor: Actor): Promise<{ items: TokenView[] }>;
  /** Saying it twice changes nothing. Failures: `tokens.missing`. */
  revoke(actor: Actor, input: { tokenId: string }): Promise<{ revokedAt: string }>;
  /** Who holds this secret. Failures: `session.token-invalid`, whatever is wrong with it. */
  authenticate(secret: string): Promise<TokenActor>;
};

const SECRET = /^aft_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const DAY_MS = 24 * 60 * 60_000;
const LIVE_MAX = 200;
const USED_EVERY_MS = 60_000;

/** Whether a bearer token is one of ours at all, without asking whose. */
export function looksLikeToken(bearer: string): boolean {
  return bearer.startsWith("aft_");
}

export function createTokens({ access, fastDatabase, clock }: { access: Access; fastDatabase: FastDatabase; clock: Clock }): Tokens {
  return {
    create: (actor, { name, roles, expiresInDays }) =>
      access.performFast({ actor, action: "tokens.create", resource: { kind: "token", id: "new" } }, async (tx, note) => {
        const now = clock.now();
        const expiresAt = new Date(now.getTime() + expiresInDays * DAY_MS);
        const { rows: live } = await tx.query<{ name: string; expired: boolean }>(
          "select name, expires_at <= $1 as expired from service_tokens where revoked_at is null for update",
          [now],
        );
        if (live.some((token) => token.name === name))
          throw new Failure("conflict", "tokens.name-taken", `There is a token ${name} already; revoke it, or choose another name`, {
            name,
          });
        if (live.filter(({ expired }) => !expired).length >= LIVE_MAX)
          throw new Failure("limit", "tokens.too-many", `A tenant holds ${LIVE_MAX} live tokens at most`, { max: LIVE_MAX });
        const key = randomBytes(32).toString("base64url");
        const { rows } = await tx.query<{ id: string }>(
          `insert into service_tokens (tenant_id, name, secret_hash, roles, created_by, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7) returning id`,
          [actor.tenantId, name, hashOf(key), roles, actor.id, now, expiresAt],
        );
        const tokenId = rows[0]?.id ?? "";
        note.resource(tokenId);
        note.after({ name, roles, expiresAt });
        return { tokenId, secret: `aft_${tokenId}_${key}`, expiresAt: expiresAt.toISOString() };
      }),

    list: (actor) =>
      access.readFast({ actor, action: "tokens.read", resource: { kind: "token", id: "*" } }, async (tx) => {
        const now = clock.now();
        const { rows } = await tx.query<Omit<TokenView, "state" | DateName> & Record<DateName, Date | null>>(
          `select t.id, t.name, t.roles, t.created_at as "createdAt", coalesce(m.name, t.created_by) as "createdByName", t.expires_at as "expiresAt",
                  t.last_used_at as "lastUsedAt", t.revoked_at as "revokedAt"
             from service_tokens t left join members m on m.tenant_id = t.tenant_id and m.user_id::text = t.created_by
            where coalesce(t.revoked_at, t.expires_at) > $1 order by t.created_at desc, t.id desc limit 500`,
          [new Date(now.getTime() - 90 * DAY_MS)],
        );
        return {
          items: rows.map(({ createdAt, expiresAt, lastUsedAt, revokedAt, ...row }): TokenView => {
            const state = revokedAt ? "revoked" : expiresAt && expiresAt > now ? "live" : "expired";
            const iso = (date: Date | null) => date?.toISOString() ?? null;
            return {
              ...row,
              createdAt: iso(createdAt) ?? "",
              expiresAt: iso(expiresAt) ?? "",
              lastUsedAt: iso(lastUsedAt),
              revokedAt: iso(revokedAt),
              state,
            };
          }),
        };
      }),

    revoke: (actor, { tokenId }) =>
      access.performFast({ actor, action: "tokens.revoke", resource: { kind: "token", id: tokenId } }, async (tx, note) => {
        const { rows } = await tx.query<{ name: string; revokedAt: Date }>(
          `update service_tokens set revoked_at = coalesce(revoked_at, $2) where id = $1 returning name, revoked_at as "revokedAt"`,
          [tokenId, clock.now()],
        );
        const token = rows[0];
        if (!token) throw new Failure("missing", "tokens.missing", "There is no such token", { tokenId });
        note.after({ name: token.name, revokedAt: token.revokedAt });
        return { revokedAt: token.revokedAt.toISOString() };
      }),

    authenticate: async (secret) => {
      const [, tokenId, key] = SECRET.exec(secret) ?? [];
      const now = clock.now();
      const found =
        tokenId === undefined || key === undefined
          ? undefined
          : await fastDatabase.asSystem(async (tx) => {
              const { rows } = await tx.query<{ tenantId: string; name: string; roles: string[]; secretHash: string; stale: boolean }>(
                {
                  name: "tokens_find",
                  text: `select tenant_id as "tenantId", name, roles, secret_hash as "secretHash", last_used_at is null or last_used_at < $3 as stale
                           from service_tokens where id = $1 and revoked_at is null and expires_at > $2`,
                },
                [tokenId, now, new Date(now.getTime() - USED_EVERY_MS)],
              );
              const token = rows[0];
              if (!token || !timingSafeEqual(Buffer.from(token.secretHash), Buffer.from(hashOf(key)))) return undefined;
              if (token.stale) await tx.query("update service_tokens set last_used_at = $2 where id = $1", [tokenId, now]);
              return token;
            });
      if (!found || tokenId === undefined)
        throw new Failure("forbidden", "session.token-invalid", "The token is unknown, has expired or was revoked");
      return { kind: "token", id: tokenId, name: found.name, tenantId: found.tenantId, roles: found.roles };
    },
  };
}

type DateName = "createdAt" | "expiresAt" | "lastUsedAt" | "revokedAt";

/** The key is 256 random bits: a plain hash cannot be guessed backwards. */
function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
