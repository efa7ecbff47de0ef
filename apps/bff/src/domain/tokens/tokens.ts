/**
 * Credentials of programs. A token is shown once, kept as a hash, bound to one tenant, and does what its roles allow until it expires:
 *
 *   (absent) -> live     `create`
 *   live -> expired      at `expiresAt`, a year at most
 *   live -> revoked      `revoke`; final
 *
 * Fail-closed: whatever is not surely live is nobody. What was found live is believed for a second: where a token is revoked it is nobody
 * at once, in other processes when the doorbell rings, and after that second when it does not.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import type { Actor, TokenActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import { createShortMemory } from "../short-memory.ts";
import {
  findLiveToken,
  holdUnrevoked,
  insertToken,
  type LiveToken,
  listTokens,
  noteUse,
  revokeToken,
  type TokenRow,
} from "./token-store.ts";

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

/** Rung with a token's id when it was revoked. */
export const TOKENS_DOORBELL = "tokens";

const SECRET = /^aft_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const DAY_MS = 24 * 60 * 60_000;
const LIVE_MAX = 200;
const USED_EVERY_MS = 60_000;
/** What was read is believed so long, whatever becomes of the doorbell. */
const STALE_MS_MAX = 1_000;
/** Tokens that ended are shown so long. */
const LISTED_MS = 90 * DAY_MS;

/** Whether a bearer token is one of ours at all, without asking whose. */
export function looksLikeToken(bearer: string): boolean {
  return bearer.startsWith("aft_");
}

export type TokensParts = {
  readonly access: Access;
  readonly fastDatabase: FastDatabase;
  readonly redis: Pick<RedisConnections, "publish" | "subscriber">;
  readonly clock: Clock;
};

export function createTokens({ access, fastDatabase, redis, clock }: TokensParts): Tokens {
  const found = createShortMemory<LiveToken>({
    hear: (listener) => redis.subscriber.on(TOKENS_DOORBELL, listener),
    now: clock.now,
    staleMs: STALE_MS_MAX,
  });
  return {
    create: (actor, { name, roles, expiresInDays }) =>
      access.performFast({ actor, action: "tokens.create", resource: { kind: "token", id: "new" } }, async (tx, note) => {
        const now = clock.now();
        const expiresAt = new Date(now.getTime() + expiresInDays * DAY_MS);
        const known = await holdUnrevoked(tx, now);
        if (known.some((token) => token.name === name))
          throw new Failure("conflict", "tokens.name-taken", `There is a token ${name} already; revoke it, or choose another name`, {
            name,
          });
        if (known.filter(({ expired }) => !expired).length >= LIVE_MAX)
          throw new Failure("limit", "tokens.too-many", `A tenant holds ${LIVE_MAX} live tokens at most`, { max: LIVE_MAX });
        const key = randomBytes(32).toString("base64url");
        const { tenantId, id: createdBy } = actor;
        const tokenId = await insertToken(tx, { tenantId, name, secretHash: hashOf(key), roles, createdBy, createdAt: now, expiresAt });
        note.resource(tokenId);
        note.after({ name, roles, expiresAt });
        return { tokenId, secret: `aft_${tokenId}_${key}`, expiresAt: expiresAt.toISOString() };
      }),

    list: (actor) =>
      access.readFast({ actor, action: "tokens.read", resource: { kind: "token", id: "*" } }, async (tx) => {
        const now = clock.now();
        const rows = await listTokens(tx, new Date(now.getTime() - LISTED_MS));
        return { items: rows.map((row) => viewOf(row, now)) };
      }),

    revoke: async (actor, { tokenId }) => {
      const request = { actor, action: "tokens.revoke" as const, resource: { kind: "token", id: tokenId } };
      const { revokedAt } = await access.performFast(request, async (tx, note) => {
        const revoked = await revokeToken(tx, tokenId, clock.now());
        if (!revoked) throw new Failure("missing", "tokens.missing", "There is no such token", { tokenId });
        note.after(revoked);
        return revoked;
      });
      found.forget();
      void redis.publish(TOKENS_DOORBELL, tokenId);
      return { revokedAt: revokedAt.toISOString() };
    },

    authenticate: async (secret) => {
      const [, tokenId, key] = SECRET.exec(secret) ?? [];
      if (tokenId === undefined || key === undefined) throw nobody();
      const now = clock.now();
      const hash = Buffer.from(hashOf(key));
      const isHeld = (token: LiveToken) => timingSafeEqual(Buffer.from(token.secretHash), hash);
      // Whoever knows the id alone neither has it remembered nor keeps its use from being noted.
      const token = await found.get(tokenId, async () => {
        const live = await findLiveToken(fastDatabase.system, tokenId, now);
        if (!live || !isHeld(live)) return null;
        const unusedMs = now.getTime() - (live.lastUsedAt?.getTime() ?? 0);
        if (unusedMs > USED_EVERY_MS) await noteUse(fastDatabase.system, tokenId, now);
        return live;
      });
      if (!token || token.expiresAt <= now || !isHeld(token)) throw nobody();
      const { tenantId, name, roles } = token;
      return { kind: "token", id: tokenId, name, tenantId, roles };
    },
  };
}

function nobody(): Failure {
  return new Failure("forbidden", "session.token-invalid", "The token is unknown, has expired or was revoked");
}

function viewOf({ createdAt, expiresAt, lastUsedAt, revokedAt, roles, ...row }: TokenRow, now: Date): TokenView {
  return {
    ...row,
    roles: roles as TokenRole[],
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    state: revokedAt ? "revoked" : expiresAt > now ? "live" : "expired",
  };
}

/** The key is 256 random bits: a plain hash cannot be guessed backwards. */
function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
