/**
 * Authors migrations and guards against drift, with Prisma's schema engine as WebAssembly (its native engine is not on npm).
 *
 *   npm run migration -- <name>   writes prisma/migrations/<UTC time>_<name>/migration.sql: what takes the migrations to the schema
 *   npm run migration -- --check  fails when the migrations do not lead to prisma/schema.prisma exactly
 *
 * Both replay the migrations on a shadow database of a throw-away server (or of TEST_POSTGRES_ADMIN_URL, when it is set).
 * Roles, grants, policies, triggers and partial indexes are invisible to the engine: they are written by hand into the migration.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { startPostgres, throwawayDir } from "@agent-factory/testkit/postgres";
import pg from "pg";

const ROOT = path.resolve(import.meta.dirname, "..");
const MIGRATIONS = path.join(ROOT, "prisma/migrations");
const SCHEMA = path.join(ROOT, "prisma/schema.prisma");

const bff = createRequire(path.join(ROOT, "apps/bff/package.json"));
const { PrismaPg } = bff("@prisma/adapter-pg") as typeof import("@prisma/adapter-pg");
const { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } = bff(
  "@prisma/driver-adapter-utils",
) as typeof import("@prisma/driver-adapter-utils");

type Adapter = Awaited<ReturnType<InstanceType<typeof PrismaPg>["connect"]>>;

/**
 * OIDs of `"char"` and `text`. The adapter refuses the first, which the engine's catalogue queries return and which the engine
 * expects to be told apart from text (check constraints): it passes the adapter as text and is named a character afterwards.
 */
const CHAR = 18;
const TEXT = 25;
const charColumns = new WeakMap<object, number[]>();

function poolFor(adminUrl: string, database: string): pg.Pool {
  // Discrete fields: given a connection string, the shadow's adapter would connect to the main database.
  const { hostname, port, username, password } = new URL(adminUrl);
  const pool = new pg.Pool({
    host: hostname,
    port: Number(port),
    user: username,
    password: decodeURIComponent(password),
    database,
    options: "-c TimeZone=UTC",
    max: 2,
  });
  const query = pool.query.bind(pool) as (...values: unknown[]) => Promise<pg.QueryResult>;
  const remapped = async (...values: unknown[]): Promise<pg.QueryResult> => {
    const result = await query(...values);
    const found = (result.fields ?? []).flatMap((field, index) => (field.dataTypeID === CHAR ? [index] : []));
    for (const index of found) Object.assign(result.fields[index] ?? {}, { dataTypeID: TEXT });
    if (found.length > 0) charColumns.set(result.rows, found);
    return result;
  };
  return Object.assign(pool, { query: remapped });
}

async function adapterFor(adminUrl: string, database: string, onDispose: () => Promise<void>): Promise<Adapter> {
  const pool = poolFor(adminUrl, database);
  const adapter = await new PrismaPg(pool).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  return Object.assign(adapter, {
    queryRaw: async (query: Parameters<typeof queryRaw>[0]) => {
      const result = await queryRaw(query);
      for (const index of charColumns.get(result.rows) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character;
      return result;
    },
    // As one query: the adapter splits scripts at every semicolon, also inside function bodies.
    executeScript: async (script: string) => {
      await pool.query(script);
    },
    dispose: async () => {
      await pool.end();
      await onDispose();
    },
  });
}

async function onAdmin(adminUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

type SchemaEngineModule = typeof import("@prisma/schema-engine-wasm") & { __wbg_set_wasm(exports: unknown): void };
type WasmApi = {
  Module: new (bytes: Uint8Array) => unknown;
  Instance: new (module: unknown, imports: Record<string, unknown>) => { exports: { __wbindgen_start(): void } };
};

let engineModule: Promise<SchemaEngineModule> | undefined;

/** Loaded once: its glue code knows one WebAssembly instance, and a second would pull the memory from under the first. */
function loadEngine(): Promise<SchemaEngineModule> {
  engineModule ??= (async () => {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WasmApi };
    // The package root cannot be imported in Node: it imports the .wasm file as a module.
    const gluePath = bff.resolve("@prisma/schema-engine-wasm/schema_engine_bg");
    const glue = (await import(gluePath)) as SchemaEngineModule;
    const module = new WebAssembly.Module(readFileSync(path.join(path.dirname(gluePath), "schema_engine_bg.wasm")));
    const instance = new WebAssembly.Instance(module, { "./schema_engine_bg.js": glue });
    glue.__wbg_set_wasm(instance.exports);
    // Where the engine leaves its last words when it panics.
    Object.assign(globalThis, {
      PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => process.stderr.write(`schema engine: ${message}\n`) },
    });
    instance.exports.__wbindgen_start();
    return glue;
  })();
  return engineModule;
}

async function openEngine(adminUrl: string) {
  const { SchemaEngine } = await loadEngine();
  const factory = {
    provider: "postgres" as const,
    adapterName: "@prisma/adapter-pg",
    connect: () => adapterFor(adminUrl, "postgres", async () => undefined),
    connectToShadowDb: async () => {
      const database = `shadow_${randomUUID().replaceAll("-", "")}`;
      await onAdmin(adminUrl, `create database ${database}`);
      return adapterFor(adminUrl, database, () => onAdmin(adminUrl, `drop database ${database} with (force)`));
    },
  };
  return SchemaEngine.new(
    { datamodels: [[SCHEMA, readFileSync(SCHEMA, "utf8")]] },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(factory),
  );
}

/** SQL that takes the migrations in `directory` to `schema`; empty when there is no drift. */
export async function drift({
  adminUrl,
  directory = MIGRATIONS,
  schema = readFileSync(SCHEMA, "utf8"),
}: {
  adminUrl: string;
  directory?: string;
  schema?: string;
}): Promise<string> {
  const engine = await openEngine(adminUrl);
  try {
    const names = existsSync(directory)
      ? readdirSync(directory, { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => entry.name)
          .sort()
      : [];
    const { stdout } = await engine.diff({
      from: {
        tag: "migrations",
        baseDir: directory,
        lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"\n' },
        shadowDbInitScript: "",
        migrationDirectories: names.map((name) => ({
          path: name,
          migrationFile: {
            path: "migration.sql",
            content: { tag: "ok", value: readFileSync(path.join(directory, name, "migration.sql"), "utf8") },
          },
        })),
      },
      to: { tag: "schemaDatamodel", files: [{ path: SCHEMA, content: schema }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    const sql = stdout ?? "";
    return /^\s*(--.*)?\s*$/.test(sql) ? "" : sql;
  } finally {
    engine.free();
  }
}

async function withServer<T>(work: (adminUrl: string) => Promise<T>): Promise<T> {
  const given = process.env.TEST_POSTGRES_ADMIN_URL;
  if (given) return work(given);
  const dir = throwawayDir("migration");
  const server = await startPostgres({ dataDir: path.join(dir, "postgres"), durable: false });
  try {
    return await work(server.url("postgres", "postgres"));
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function main(argument: string | undefined): Promise<boolean> {
  if (argument !== "--check" && !/^[a-z][a-z0-9_]*$/.test(argument ?? "")) {
    process.stderr.write("usage: npm run migration -- <name_in_snake_case> | --check\n");
    return false;
  }
  const sql = await withServer((adminUrl) => drift({ adminUrl }));
  if (argument === "--check") {
    process.stdout.write(
      sql === "" ? "migrations: they lead to prisma/schema.prisma\n" : `migrations: drift, run npm run migration -- <name>:\n${sql}\n`,
    );
    return sql === "";
  }
  if (sql === "") {
    process.stdout.write("migrations: nothing to do\n");
    return true;
  }
  const time = new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14);
  const directory = path.join(MIGRATIONS, `${time}_${argument}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, "migration.sql"), sql);
  process.stdout.write(`migrations: wrote ${path.relative(ROOT, directory)}; add policies, grants and triggers for new tables by hand\n`);
  return true;
}

if (import.meta.main && !(await main(process.argv[2]))) process.exitCode = 1;
