import { configDefaults, defineConfig } from "vitest/config";

/**
 * Five kinds of test, told apart by file name:
 *   x.test.ts          pure: files at most, fast, in parallel; a worker runs many files, so a test leaves nothing behind
 *   x.long.test.ts     pure, and a search or a simulation that takes seconds: in `npm test`, not in `npm run verify`
 *   x.db.test.ts       real PostgreSQL and Redis, one server a run, one cloned database a test
 *   x.sandbox.test.ts  real bubblewrap, one after the other
 *   x.soak.test.ts     long; only by `npm run soak`
 */
const everywhere = ["apps/**", "packages/**", "scripts/**", "bench/**", "examples/**", "policies/**", "e2e/support/**", "e2e/system/**"];
const named = (suffix: string) => everywhere.map((place) => `${place}/*${suffix}`);
const exclude = [...configDefaults.exclude, "**/.next/**", "**/generated/**"];

/** How long a test waits for what it polls: a condition, never a time. A machine that does much else meanwhile is slow, not wrong. */
const expectations = { poll: { timeout: 20_000, interval: 50 } };

export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      {
        oxc: { jsx: { runtime: "automatic" } },
        test: {
          name: "unit",
          include: [...named(".test.ts"), ...named(".test.tsx")],
          exclude: [...exclude, ...["long", "db", "sandbox", "soak"].flatMap((kind) => named(`.${kind}.test.ts`))],
          testTimeout: 30_000,
          expect: expectations,
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "long",
          include: named(".long.test.ts"),
          exclude,
          testTimeout: 120_000,
          expect: expectations,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "db",
          include: named(".db.test.ts"),
          exclude,
          globalSetup: ["scripts/test-servers.ts"],
          testTimeout: 30_000,
          expect: expectations,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "sandbox",
          include: named(".sandbox.test.ts"),
          exclude,
          globalSetup: ["scripts/test-servers.ts"],
          testTimeout: 60_000,
          expect: expectations,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "soak",
          include: named(".soak.test.ts"),
          exclude,
          globalSetup: ["scripts/test-servers.ts"],
          testTimeout: 30 * 60_000,
          expect: expectations,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
