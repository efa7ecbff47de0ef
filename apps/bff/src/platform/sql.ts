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

/** Codes of a database that is away, starting, stopping or full: Node's, PostgreSQL's (class 08, 53, 57) and Prisma's. */
const AWAY = /^(ECONN\w+|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|08\w{3}|53300|57P0[123]|P1001|P1002|P1008|P1017|P2024|P2037)$/;
const AWAY_SENTENCE =
  /Can't reach database|Connection terminated|connection timeout|timeout exceeded when trying to connect|Unable to start a transaction/;

/** Whether a throw means "the database cannot be reached now" (try again) rather than a bug. */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause, depth += 1) {
    if ("code" in cause && typeof cause.code === "string" && AWAY.test(cause.code)) return true;
    if (AWAY_SENTENCE.test(cause.message)) return true;
  }
  return false;
}
