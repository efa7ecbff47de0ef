/** From when on a signing key is distrusted, in the transaction of whoever is about to rely on it. */
import type { Transaction } from "../../platform/database.ts";

export async function findDistrusted(tx: Transaction, hint: string): Promise<{ distrustedFrom: Date } | null> {
  const row = await tx.signingKey.findFirst({ where: { hint }, select: { distrustedFrom: true } });
  return row?.distrustedFrom ? { distrustedFrom: row.distrustedFrom } : null;
}
