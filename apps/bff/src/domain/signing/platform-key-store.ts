/** Keys of the platform itself. A row is made once and never changed. */
import type { FastTransaction } from "../../platform/fast-database.ts";

export type PlatformKeyRow = { readonly spki: string; readonly sealed: unknown };

export async function findPlatformKey(tx: FastTransaction, name: string): Promise<PlatformKeyRow | null> {
  const { rows } = await tx.query<PlatformKeyRow>(
    "select public_key as spki, sealed_private_key as sealed from platform_keys where name = $1",
    [name],
  );
  return rows[0] ?? null;
}

/** The first of several processes wins; the others read its key. */
export async function insertPlatformKey(tx: FastTransaction, name: string, { spki, sealed }: PlatformKeyRow): Promise<void> {
  await tx.query("insert into platform_keys (name, public_key, sealed_private_key) values ($1, $2, $3::jsonb) on conflict do nothing", [
    name,
    spki,
    JSON.stringify(sealed),
  ]);
}

/** Milliseconds of the database's clock: one for all processes of the registry. */
export async function databaseTimeMs(tx: FastTransaction): Promise<number> {
  const { rows } = await tx.query<{ ms: number }>("select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms");
  return rows[0]?.ms ?? 0;
}
