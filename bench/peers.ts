/**
 * Other people's queues behind one door, so that a benchmark drives them like ours: durable jobs that do nothing, submitted in batches,
 * fetched {@link PEER_FETCH_MAX} at a time as ours are leased, settled in batches. They come by `npm run peers`; one that is missing is said
 * and left out.
 */
import { LEASES_AT_ONCE_MAX } from "../apps/bff/src/gateway/link.ts";
import { importPeer } from "../scripts/peers.ts";

export type Contender = {
  readonly name: string;
  /** Queues so many in one commit; answers their ids. */
  submit(count: number): Promise<readonly string[]>;
  /** Whether nothing waits and every end is written. */
  settled(): Promise<boolean>;
  close(): Promise<void>;
};

/** What one statement of ours leases at most. */
const PEER_FETCH_MAX = LEASES_AT_ONCE_MAX;
const FETCHERS = 4;

type OnStart = (id: string) => void;

type PgBoss = {
  on(event: "error", listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  createQueue(name: string, options: object): Promise<void>;
  insert(name: string, jobs: object[], options: object): Promise<string[] | null>;
  work(name: string, options: object, handler: (jobs: { id: string }[]) => Promise<void>): Promise<string>;
  getDb(): { executeSql(sql: string): Promise<{ rows: { waits: boolean }[] }> };
  stop(options: object): Promise<void>;
};

/** `work()` with notifications and bursts: as fast as it goes without a loop of one's own. */
export async function startPgBoss(url: string, onStart: OnStart): Promise<Contender | null> {
  const module = await importPeer<{ PgBoss: new (options: object) => PgBoss }>("pg-boss");
  if (!module) return null;
  const boss = new module.PgBoss({ connectionString: url, useListenNotify: true, max: 10 });
  boss.on("error", console.error);
  await boss.start();
  await boss.createQueue("noop", { notify: true });
  const options = { batchSize: PEER_FETCH_MAX, localConcurrency: FETCHERS, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
  await boss.work("noop", options, async (jobs) => {
    for (const { id } of jobs) onStart(id);
  });
  return {
    name: "pg-boss work()",
    submit: async (count) => {
      const jobs = Array.from({ length: count }, () => ({ data: {} }));
      return (await boss.insert("noop", jobs, { returnId: true })) ?? [];
    },
    settled: async () => {
      const { rows } = await boss.getDb().executeSql("select exists (select from pgboss.job where state < 'completed') as waits");
      return rows[0]?.waits === false;
    },
    close: () => boss.stop({ graceful: false }),
  };
}

type GraphileWorker = {
  makeWorkerUtils(options: object): Promise<{
    addJobs(specs: { identifier: string; payload: object }[]): Promise<readonly { id: string }[]>;
    release(): Promise<void>;
  }>;
  run(options: object): Promise<{ stop(): Promise<void> }>;
  Logger: new (factory: () => () => void) => object;
};

/** With its local queue, and ends written in batches. `pool` reads the same database. */
export async function startGraphile(
  url: string,
  pool: { query(sql: string): Promise<{ rows: { waits: boolean }[] }> },
  onStart: OnStart,
): Promise<Contender | null> {
  const module = await importPeer<GraphileWorker>("graphile-worker");
  if (!module) return null;
  const worker = {
    connectionString: url,
    concurrentJobs: PEER_FETCH_MAX - 1,
    maxPoolSize: 10,
    localQueue: { size: PEER_FETCH_MAX },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  };
  const noop = (_payload: unknown, { job }: { job: { id: string } }) => onStart(job.id);
  const logger = new module.Logger(() => () => undefined);
  const runner = await module.run({ preset: { worker }, taskList: { noop }, parsedCronItems: [], logger, noHandleSignals: true });
  const utils = await module.makeWorkerUtils({ connectionString: url, logger });
  return {
    name: "graphile-worker with localQueue",
    submit: async (count) => {
      const jobs = await utils.addJobs(Array.from({ length: count }, () => ({ identifier: "noop", payload: {} })));
      return jobs.map(({ id }) => id);
    },
    settled: async () => (await pool.query("select exists (select from graphile_worker._private_jobs) as waits")).rows[0]?.waits === false,
    close: async () => {
      await utils.release();
      await runner.stop();
    },
  };
}

type BullMq = {
  Queue: new (
    name: string,
    options: object,
  ) => { addBulk(jobs: object[]): Promise<{ id: string }[]>; close(): Promise<void>; getJobCounts(): Promise<Record<string, number>> };
  Worker: new (name: string, handler: (job: { id: string }) => Promise<void>, options: object) => { close(force: boolean): Promise<void> };
};

/** What it keeps is as durable as its Redis: `durability` says how that one writes. */
export async function startBullMq(redisUrl: string, durability: string, onStart: OnStart): Promise<Contender | null> {
  const module = await importPeer<BullMq>("bullmq");
  if (!module) return null;
  const connection = { url: redisUrl, maxRetriesPerRequest: null };
  const queue = new module.Queue("noop", { connection, defaultJobOptions: { removeOnComplete: true } });
  const worker = new module.Worker("noop", async ({ id }) => onStart(id), { connection, concurrency: PEER_FETCH_MAX });
  return {
    name: `bullmq, ${durability}`,
    submit: async (count) => (await queue.addBulk(Array.from({ length: count }, () => ({ name: "noop", data: {} })))).map(({ id }) => id),
    settled: async () => {
      const { waiting = 0, active = 0, prioritized = 0 } = await queue.getJobCounts();
      return waiting + active + prioritized === 0;
    },
    close: async () => {
      await worker.close(true);
      await queue.close();
    },
  };
}
