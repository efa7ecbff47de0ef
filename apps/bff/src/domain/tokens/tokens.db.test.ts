import { createLogger } from "@agent-factory/process/logger";
import { testRedisUrl } from "@agent-factory/testkit/redis";
import { expect, test } from "vitest";
import { openRedis } from "../../platform/redis.ts";
import { openTestKernel } from "../../seed/test-kernel.ts";
import { createTokens } from "./tokens.ts";

async function open() {
  const kernel = await openTestKernel();
  let now = Date.parse("2026-06-01T08:00:00Z");
  const clock = { now: () => new Date(now) };
  const redis = openRedis(testRedisUrl(), createLogger({ app: "test", level: "silent" }));
  const { access, fastDatabase } = kernel;
  const deaf = { publish: async () => undefined, subscriber: { on: async () => async () => undefined } };
  return {
    ...kernel,
    tokens: createTokens({ access, fastDatabase, redis, clock }),
    /** Another process of the registry, and one that no doorbell reaches. */
    others: createTokens({ access, fastDatabase, redis, clock }),
    deaf: createTokens({ access, fastDatabase, redis: deaf, clock }),
    admin: kernel.acme.as("admin"),
    pass: (ms: number) => {
      now += ms;
    },
    [Symbol.asyncDispose]: async () => {
      await redis.close();
      await kernel[Symbol.asyncDispose]();
    },
  };
}

const DAY_MS = 24 * 60 * 60_000;
const INVALID = { code: "session.token-invalid" };

test("a token is who it was made to be, for its tenant, until it expires", async () => {
  await using t = await open();
  const { tokenId, secret } = await t.tokens.create(t.admin, { name: "deploys", roles: ["deployer"], expiresInDays: 2 });
  expect(secret).toMatch(/^aft_[0-9a-f-]{36}_[A-Za-z0-9_-]{43}$/);
  expect(await t.tokens.authenticate(secret)).toEqual({
    kind: "token",
    id: tokenId,
    name: "deploys",
    tenantId: t.acme.id,
    roles: ["deployer"],
  });
  t.pass(2 * DAY_MS);
  await expect(t.tokens.authenticate(secret)).rejects.toMatchObject(INVALID);
  expect((await t.tokens.list(t.admin)).items).toMatchObject([{ id: tokenId, state: "expired" }]);
});

test("a revoked token is nobody at once, and revoking it again changes nothing", async () => {
  await using t = await open();
  const { tokenId, secret } = await t.tokens.create(t.admin, { name: "ci", roles: ["ci"], expiresInDays: 30 });
  const first = await t.tokens.revoke(t.admin, { tokenId });
  await expect(t.tokens.authenticate(secret)).rejects.toMatchObject(INVALID);
  t.pass(DAY_MS);
  expect(await t.tokens.revoke(t.admin, { tokenId })).toEqual(first);
  // Its name is free again.
  await t.tokens.create(t.admin, { name: "ci", roles: ["ci"], expiresInDays: 30 });
});

test("a process that found a token live hears of its revocation; one that hears nothing believes it for less than a second", async () => {
  await using t = await open();
  const { tokenId, secret } = await t.tokens.create(t.admin, { name: "ci", roles: ["ci"], expiresInDays: 30 });
  for (const process of [t.tokens, t.others, t.deaf]) await process.authenticate(secret);
  await t.tokens.revoke(t.admin, { tokenId });
  await expect(t.tokens.authenticate(secret)).rejects.toMatchObject(INVALID);
  // Each time it is said the bell rings: whoever was not connected yet hears the next one.
  const heard = async () => {
    await t.tokens.revoke(t.admin, { tokenId });
    return t.others.authenticate(secret).then(
      () => null,
      (error: unknown) => error,
    );
  };
  await expect.poll(heard).toMatchObject(INVALID);
  t.pass(999);
  await t.deaf.authenticate(secret);
  t.pass(1);
  await expect(t.deaf.authenticate(secret)).rejects.toMatchObject(INVALID);
});

test("neither a changed secret, nor another token's key, nor noise is anybody", async () => {
  await using t = await open();
  const one = await t.tokens.create(t.admin, { name: "one", roles: ["ci"], expiresInDays: 30 });
  const two = await t.tokens.create(t.admin, { name: "two", roles: ["ci"], expiresInDays: 30 });
  const changed = `${one.secret.slice(0, -2)}${one.secret.endsWith("A") ? "BA" : "AA"}`;
  const crossed = `aft_${one.tokenId}_${two.secret.split("_").slice(2).join("_")}`;
  for (const secret of [changed, crossed, "aft_", "", `${one.secret}x`, one.secret.toUpperCase()])
    await expect(t.tokens.authenticate(secret), secret).rejects.toMatchObject(INVALID);
});

test("the secret is not in the database, and the list tells when a token was used", async () => {
  await using t = await open();
  const { secret } = await t.tokens.create(t.admin, { name: "ci", roles: ["ci", "runner"], expiresInDays: 30 });
  const key = secret.split("_").slice(2).join("_");
  const { rows } = await t.fastDatabase.inTenant(t.acme.id, (tx) => tx.query("select * from service_tokens, audit_entries"));
  expect(JSON.stringify(rows)).not.toContain(key);
  expect((await t.tokens.list(t.admin)).items).toMatchObject([
    { name: "ci", lastUsedAt: null, state: "live", createdByName: t.admin.name },
  ]);
  t.pass(1_000);
  await t.tokens.authenticate(secret);
  expect((await t.tokens.list(t.admin)).items[0]?.lastUsedAt).toBe("2026-06-01T08:00:01.000Z");
});

test("a name stands for one live token of the tenant, and another tenant neither sees nor revokes it", async () => {
  await using t = await open();
  const { tokenId } = await t.tokens.create(t.admin, { name: "ci", roles: ["ci"], expiresInDays: 30 });
  await expect(t.tokens.create(t.admin, { name: "ci", roles: ["ci"], expiresInDays: 30 })).rejects.toMatchObject({
    code: "tokens.name-taken",
  });
  const other = t.globex.as("admin");
  expect((await t.tokens.list(other)).items).toEqual([]);
  await expect(t.tokens.revoke(other, { tokenId })).rejects.toMatchObject({ code: "tokens.missing" });
  await t.tokens.create(other, { name: "ci", roles: ["ci"], expiresInDays: 30 });
});

test("only administrators make and revoke tokens; a token makes none", async () => {
  await using t = await open();
  const { tokenId, secret } = await t.tokens.create(t.admin, { name: "ci", roles: ["ci", "deployer"], expiresInDays: 30 });
  for (const actor of [t.acme.as("operator"), await t.tokens.authenticate(secret)]) {
    await expect(t.tokens.create(actor, { name: "x", roles: ["ci"], expiresInDays: 1 })).rejects.toMatchObject({ code: "access.denied" });
    await expect(t.tokens.revoke(actor, { tokenId })).rejects.toMatchObject({ code: "access.denied" });
  }
});
