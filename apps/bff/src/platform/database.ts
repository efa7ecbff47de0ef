/**
 * PostgreSQL through Prisma: schema, types and every ordinary module. Hot paths use {@link file://./fast-database.ts}; a
 * transaction never mixes the two.
 *
 * Both clients run every connection in UTC: the driver adapter writes timestamps without a zone, and a session in another
 * zone would store them shifted.
 */
import { PrismaPg } from "@prisma/adapter-pg";
import { type Prisma, PrismaClient } from "./generated/client.ts";

/** A transaction of Prisma's, already narrowed to one tenant (or to the system role's grants). */
export type Transaction = Prisma.TransactionClient;

export type Database = {
  /** Role `af_tenant`: row-level security is forced, rows are visible only inside a transaction that named its tenant. */
  readonly tenant: PrismaClient;
  /** Role `af_system`: for loops and platform acts, all tenants of the few tables it is granted. */
  readonly system: PrismaClient;
  close(): Promise<void>;
};

export function openDatabase({ tenantUrl, systemUrl }: { tenantUrl: string; systemUrl: string }): Database {
  const tenant = clientFor(tenantUrl, 10);
  const system = clientFor(systemUrl, 4);
  return {
    tenant,
    system,
    close: async () => {
      await Promise.all([tenant.$disconnect(), system.$disconnect()]);
    },
  };
}

/** A statement that runs for half a minute, or a transaction that idles for one, is stuck: neither may hold its locks for ever. */
const SESSION = "-c TimeZone=UTC -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s";

function clientFor(url: string, connectionsMax: number): PrismaClient {
  const adapter = new OneAtATime(
    { connectionString: url, options: SESSION, max: connectionsMax },
    // Without a listener an idle connection that the server closes would end the process; the pool replaces it by itself.
    { onPoolError: () => undefined, onConnectionError: () => undefined, statementNameGenerator: statementName() },
  );
  return new PrismaClient({ adapter, errorFormat: "minimal" });
}

type Connected = Awaited<ReturnType<PrismaPg["connect"]>>;
type OpenTransaction = Awaited<ReturnType<Connected["startTransaction"]>>;

/**
 * The engine asks for the relations of one query all at once, also inside a transaction, which has one connection. `pg` still puts them
 * into a queue of its own there, and says that version 9 will not.
 */
class OneAtATime extends PrismaPg {
  override async connect(): Promise<Connected> {
    const connected = await super.connect();
    const start = connected.startTransaction.bind(connected);
    connected.startTransaction = async (isolationLevel) => inTurn(await start(isolationLevel));
    return connected;
  }
}

function inTurn(tx: OpenTransaction): OpenTransaction {
  let last: Promise<unknown> = Promise.resolve();
  const after = <T>(ask: () => Promise<T>): Promise<T> => {
    const answer = last.then(ask);
    last = answer.catch(() => undefined);
    return answer;
  };
  const [query, execute] = [tx.queryRaw.bind(tx), tx.executeRaw.bind(tx)];
  tx.queryRaw = (asked) => after(() => query(asked));
  tx.executeRaw = (asked) => after(() => execute(asked));
  return tx;
}

/** Names for prepared statements: the same text, the same name. Bounded, so that odd queries cannot fill the server. */
function statementName(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    // An empty name is the unnamed statement: parsed each time, kept nowhere.
    if (names.size >= 500) return "";
    const name = `af_${names.size}`;
    names.set(sql, name);
    return name;
  };
}
