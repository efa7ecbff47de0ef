/**
 * PostgreSQL through `pg`, for the hot modules (runs, fleet) and for anything that is plain SQL. One round trip opens a
 * tenant's transaction. A transaction never mixes this engine and Prisma.
 */
import pg from "pg";

export type NamedQuery = { readonly name: string; readonly text: string; readonly values?: readonly unknown[] };

export type FastTransaction = {
  query<R = Record<string, unknown>>(
    sql: string | NamedQuery,
    values?: readonly unknown[],
  ): Promise<{ rows: R[]; rowCount: number | null }>;
};

export type FastDatabase = {
  /** Role `af_tenant` with `app.tenant` set for this transaction only. `readOnly`: any write fails. */
  inTenant<T>(tenantId: string, work: (tx: FastTransaction) => Promise<T>, options?: { readOnly?: boolean }): Promise<T>;
  /** Role `af_system`: all tenants of the tables it is granted. For loops, the gateway and platform acts. */
  asSystem<T>(work: (tx: FastTransaction) => Promise<T>, options?: { readOnly?: boolean }): Promise<T>;
  /** The same role, each statement a transaction of its own: one round trip where `asSystem` takes three. For a look that stands alone. */
  readonly system: FastTransaction;
  close(): Promise<void>;
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * bigint and count columns arrive as numbers where they are exact, else as strings: identities of ours stay far below 2^53.
 * JSON columns arrive parsed, timestamps as Date.
 */
const typeParsers = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === pg.types.builtins.INT8 && format !== "binary") {
      return (text: string) => {
        const value = Number(text);
        return Number.isSafeInteger(value) ? value : text;
      };
    }
    return pg.types.getTypeParser(oid, format);
  },
};

export function openFastDatabase({
  tenantUrl,
  systemUrl,
  tenantConnectionsMax = 10,
  // Each of some fifteen loops may hold one for its leadership (the outbox two) and wait for another: fewer than these could all wait for ever.
  systemConnectionsMax = 24,
}: {
  tenantUrl: string;
  systemUrl: string;
  tenantConnectionsMax?: number;
  systemConnectionsMax?: number;
}): FastDatabase {
  const tenantPool = poolFor(tenantUrl, tenantConnectionsMax);
  const systemPool = poolFor(systemUrl, systemConnectionsMax);
  return {
    inTenant: (tenantId, work, options) => {
      // The id is spliced into a multi-statement query (one round trip), so nothing but a UUID may pass.
      if (!UUID.test(tenantId)) throw new TypeError("A tenant id must be a lower-case UUID");
      return transact(tenantPool, `${begin(options)}; select set_config('app.tenant', '${tenantId}', true)`, work);
    },
    asSystem: (work, options) => transact(systemPool, begin(options), work),
    system: queryOn(systemPool),
    close: async () => {
      await Promise.all([tenantPool.end(), systemPool.end()]);
    },
  };
}

/**
 * A statement that runs for half a minute, or a transaction that idles for one, is stuck: neither may hold its locks for ever.
 * Batches arrive as arrays: a plan kept for later takes them for ten rows and joins hundreds by nested loop, so each is planned anew
 * (a third of a millisecond).
 */
const SESSION = "-c TimeZone=UTC -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s -c plan_cache_mode=force_custom_plan";

function begin(options: { readOnly?: boolean } | undefined): string {
  return options?.readOnly ? "begin read only" : "begin";
}

function poolFor(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, options: SESSION, max, types: typeParsers, connectionTimeoutMillis: 10_000 });
  // An idle connection that the server closes is replaced at the next use; without a listener it would end the process.
  pool.on("error", () => undefined);
  return pool;
}

async function transact<T>(pool: pg.Pool, opening: string, work: (tx: FastTransaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // The server may end a connection between two statements, when nobody awaits it; unheard, that would end the process.
  const onLost = (cause: Error) => {
    broken = cause;
  };
  client.on("error", onLost);
  try {
    await client.query(opening);
    const result = await work(queryOn(client));
    await client.query("commit");
    return result;
  } catch (error) {
    // A connection that cannot even roll back is thrown away, never returned to the pool in an unknown state.
    await client.query("rollback").catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    client.off("error", onLost);
    client.release(broken);
  }
}

function queryOn(client: pg.PoolClient | pg.Pool): FastTransaction {
  return {
    query: async <R>(sql: string | NamedQuery, values?: readonly unknown[]) => {
      const result =
        typeof sql === "string"
          ? await client.query<pg.QueryResultRow>(sql, values === undefined ? undefined : [...values])
          : await client.query<pg.QueryResultRow>({ name: sql.name, text: sql.text, values: [...(values ?? sql.values ?? [])] });
      return { rows: result.rows as R[], rowCount: result.rowCount };
    },
  };
}
