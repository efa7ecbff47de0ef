/**
 * The least both engines can do: run one statement with positional parameters inside the caller's transaction. What must
 * join any transaction (audit entries, outbox rows, decisions) is written against this and nothing more.
 */
import type { Transaction } from "./database.ts";
import type { FastTransaction } from "./fast-database.ts";

export type AnyTransaction = Transaction | FastTransaction;

export type SqlRunner = {
  /** Rows of one statement. Cast parameters in the text (`$1::uuid`, `$2::jsonb`): neither engine guesses types. */
  execute<R = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<R[]>;
};

export function sqlOf(tx: AnyTransaction): SqlRunner {
  if ("$queryRawUnsafe" in tx) {
    return { execute: async <R>(sql: string, values: readonly unknown[] = []) => tx.$queryRawUnsafe<R[]>(sql, ...values) };
  }
  return { execute: async <R>(sql: string, values: readonly unknown[] = []) => (await tx.query<R>(sql, values)).rows };
}

/** JSON text for a `$n::jsonb` parameter; undefined is SQL null. Bigints become strings, dates ISO 8601. */
export function jsonParameter(value: unknown): string | null {
  if (value === undefined) return null;
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? part.toString() : part));
}
