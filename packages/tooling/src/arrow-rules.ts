/**
 * What may import what, as data: the specification that the checker reads (check-arrows.ts) and that the architecture spec
 * (architecture.test.ts) proves by planting each forbidden import.
 *
 * Paths are globs from the project's root. A file belongs to the first zone whose glob matches. Within its own zone a file imports
 * freely, unless the zone is `split`: then its part (`features/<part>`, `domain/<part>`) is the border.
 */
export type Zone = {
  readonly name: string;
  readonly files: readonly string[];
  /** Zones whose values it may import. */
  readonly may: readonly string[];
  /** Zones of which it may only `import type`. */
  readonly mayType?: readonly string[];
  /** What its tests may import beside all this and the testkit. */
  readonly mayInTests?: readonly string[];
  /** Folder below which each child is a part of its own. */
  readonly split?: string;
};

const packagesForAll = ["process"] as const;

export const zones: readonly Zone[] = [
  // packages: nothing upward
  { name: "manifest", files: ["packages/manifest/**"], may: [] },
  { name: "protocol", files: ["packages/protocol/**"], may: [] },
  { name: "tlog", files: ["packages/tlog/**"], may: [] },
  { name: "gate", files: ["packages/gate/**"], may: ["tlog"] },
  { name: "process", files: ["packages/process/**"], may: [] },
  { name: "testkit", files: ["packages/testkit/**"], may: ["process"] },
  { name: "ui", files: ["packages/ui/**"], may: [] },
  { name: "tooling", files: ["packages/tooling/**"], may: [] },

  // the registry: api -> views -> domain -> platform types; main.ts alone constructs
  { name: "bff/domain-basics", files: ["apps/bff/src/domain/*.ts"], may: [] },
  {
    name: "bff/stores",
    files: ["apps/bff/src/domain/**/*-store.ts"],
    may: ["bff/domain", "bff/domain-basics", "bff/platform", "bff/sql", "manifest", "protocol"],
  },
  {
    name: "bff/domain",
    files: ["apps/bff/src/domain/*/**"],
    split: "apps/bff/src/domain/",
    may: ["bff/stores", "bff/domain-basics", "bff/sql", "manifest", "protocol", "gate", "tlog", ...packagesForAll],
    mayType: ["bff/platform", "bff/platform/redis"],
  },
  {
    name: "bff/views",
    files: ["apps/bff/src/views/**"],
    may: ["bff/domain", "bff/domain-basics", "bff/platform", "bff/sql", "manifest", "protocol", "gate"],
  },
  {
    name: "bff/api",
    files: ["apps/bff/src/api/**"],
    may: ["bff/domain", "bff/views", "bff/domain-basics", "manifest", ...packagesForAll],
  },
  {
    name: "bff/gateway",
    files: ["apps/bff/src/gateway/**"],
    may: ["bff/domain", "bff/domain-basics", "bff/platform/redis", "protocol", "manifest", ...packagesForAll],
    mayType: ["bff/platform", "bff/platform/redis"],
  },
  {
    name: "bff/workers",
    files: ["apps/bff/src/workers/**"],
    may: ["bff/domain", "bff/domain-basics", "bff/platform/redis", "protocol", ...packagesForAll],
    mayType: ["bff/platform", "bff/platform/redis"],
  },
  {
    name: "bff/seed",
    files: ["apps/bff/src/seed/**"],
    may: ["bff/domain", "bff/domain-basics", "manifest", ...packagesForAll],
    mayType: ["bff/platform", "bff/platform/redis"],
  },
  // the least common denominator of both engines' transactions: plain functions, no connection
  { name: "bff/sql", files: ["apps/bff/src/platform/sql.ts"], may: [], mayType: ["bff/platform"] },
  { name: "bff/platform/redis", files: ["apps/bff/src/platform/redis.ts"], may: ["bff/domain-basics", ...packagesForAll] },
  {
    name: "bff/platform",
    files: ["apps/bff/src/platform/**"],
    may: ["bff/platform/redis", "bff/sql", "bff/domain-basics", ...packagesForAll],
  },
  { name: "bff/env", files: ["apps/bff/src/env.ts"], may: [...packagesForAll] },
  {
    name: "bff/main",
    files: ["apps/bff/src/*.ts"],
    may: [
      "bff/env",
      "bff/api",
      "bff/views",
      "bff/gateway",
      "bff/workers",
      "bff/seed",
      "bff/domain",
      "bff/stores",
      "bff/domain-basics",
      "bff/platform",
      "bff/platform/redis",
      "manifest",
      "protocol",
      ...packagesForAll,
    ],
  },

  // the console: pages compose features; a feature talks to the registry through tRPC, by type
  {
    name: "console/features",
    files: ["apps/console/src/features/*/**"],
    split: "apps/console/src/features/",
    may: ["console/trpc", "console/session", "console/i18n", "ui", "manifest", "gate", "tlog"],
    mayType: ["bff/api"],
  },
  {
    name: "console/trpc",
    files: ["apps/console/src/trpc/**"],
    may: ["console/env", "console/session", "console/i18n", "ui"],
    mayType: ["bff/api"],
  },
  {
    name: "console/session",
    files: ["apps/console/src/session/**"],
    may: ["console/env", "console/shell", "console/trpc", "console/i18n", "ui", ...packagesForAll],
    mayType: ["bff/api"],
  },
  { name: "console/env", files: ["apps/console/src/env.ts"], may: [...packagesForAll] },
  { name: "console/i18n", files: ["apps/console/src/i18n/**"], may: ["ui"] },
  {
    name: "console/shell",
    files: ["apps/console/src/shell/**"],
    may: ["console/env", "console/trpc", "console/session", "console/i18n", "ui", "manifest"],
    mayType: ["bff/api"],
  },
  {
    name: "console/app",
    files: ["apps/console/src/app/**", "apps/console/src/*.ts", "apps/console/*.ts", "apps/console/*.mjs"],
    may: [
      "console/env",
      "console/features",
      "console/trpc",
      "console/session",
      "console/i18n",
      "console/shell",
      "ui",
      "manifest",
      "gate",
      "tlog",
      ...packagesForAll,
    ],
    mayType: ["bff/api"],
  },

  // programs that know nothing of the registry's inside
  { name: "runtime-agent", files: ["apps/runtime-agent/**"], may: ["protocol", "manifest", "gate", "tlog", ...packagesForAll] },
  { name: "identity", files: ["apps/identity/**"], may: [...packagesForAll] },

  // examples are what a customer writes: they stand alone
  { name: "examples", files: ["examples/**"], may: [], mayInTests: ["manifest", "bff/domain"] },
  { name: "policies", files: ["policies/**"], may: [] },

  // around the product: these drive it
  {
    name: "scripts",
    files: ["scripts/**", "bench/**", "e2e/**", "*.ts"],
    may: [
      "testkit",
      "process",
      "protocol",
      "manifest",
      "gate",
      "tlog",
      "tooling",
      "bff/main",
      "bff/domain",
      "bff/views",
      "bff/gateway",
      "bff/domain-basics",
      "bff/platform",
      "bff/platform/redis",
      "runtime-agent",
      "identity",
    ],
    mayType: ["bff/api"],
  },
];

/** Inside one program: a file imports only from modules to its left. */
export const moduleOrder: readonly string[] = [
  "audit",
  "decisions",
  "access",
  "tenants",
  "tokens",
  "requests",
  "quotas",
  "secrets",
  "signing",
  "reviews",
  "policies",
  "templates",
  "channels",
  "fleet",
  "agents",
  "runs",
  "findings",
  "usage",
  "rollouts",
  "notices",
];

/** What other modules may import of a module, beside the file named after it. */
export const furtherDoors: { readonly [module: string]: readonly string[] } = {
  audit: ["outbox.ts"],
  rollouts: ["plans.ts"],
  access: ["actions.ts"],
  templates: ["archive.ts"],
  // Pure: whoever shows usage computes with the same functions as whoever counts and watches it.
  usage: ["budget.ts", "price-book.ts", "rollup.ts", "sketch.ts", "slo.ts"],
};

/** Packages that only some files may import: one adapter a foreign thing. Test files and scripts are free. */
export const onlyIn: readonly { readonly packages: readonly string[]; readonly files: readonly string[]; readonly because: string }[] = [
  {
    packages: ["pg", "@prisma/client", "@prisma/adapter-pg"],
    files: ["apps/bff/src/platform/**", "packages/testkit/**"],
    because: "only the registry's platform speaks to PostgreSQL",
  },
  {
    packages: ["ioredis"],
    files: ["apps/bff/src/platform/**", "packages/testkit/**"],
    because: "only the registry's platform speaks to Redis",
  },
  { packages: ["@open-policy-agent/opa-wasm"], files: ["apps/bff/src/domain/decisions/**"], because: "decisions are made in one place" },
  { packages: ["@trpc/server"], files: ["apps/bff/src/api/**", "apps/console/src/trpc/**"], because: "the domain knows no transport" },
  { packages: ["fastify"], files: ["apps/bff/src/api/**", "apps/bff/src/main.ts"], because: "the domain knows no transport" },
  {
    packages: ["ws"],
    files: ["apps/bff/src/gateway/**", "apps/runtime-agent/src/uplink/**"],
    because: "hosts and gateway speak over one connection",
  },
  {
    packages: ["@trpc/client", "@trpc/tanstack-react-query"],
    files: [
      "apps/console/src/trpc/**",
      "apps/console/src/i18n/failures.ts",
      "apps/console/src/features/**",
      "apps/console/src/shell/**",
      "apps/console/src/app/**",
    ],
    because: "the console reaches the registry through src/trpc",
  },
  {
    packages: ["@sigstore/sign", "@sigstore/bundle", "@sigstore/verify"],
    files: ["apps/bff/src/domain/signing/**"],
    because: "bundles are made in one place, and judged by packages/gate alone",
  },
  {
    packages: ["next-auth"],
    files: ["apps/console/src/session/**", "apps/console/src/app/**", "apps/console/src/proxy.ts"],
    because: "the session is one module",
  },
];

/** The only places that read the environment. */
export const readsEnvironment: readonly string[] = [
  "**/env.ts",
  "packages/testkit/src/**",
  "apps/console/next.config.ts",
  "*.config.ts",
  "scripts/**",
  "bench/**",
  "e2e/**",
];

/** Where a default export is the framework's wish; everywhere else exports have names. */
export const defaultExports: readonly string[] = [
  "apps/console/src/app/**",
  "apps/console/*.ts",
  "apps/console/*.mjs",
  "*.config.ts",
  "scripts/test-servers.ts",
  "scripts/*-reporter.ts",
  "e2e/support/*.ts",
  "examples/**",
  "**/*.d.ts",
];

/** Names that say nothing about what is inside. */
export const bannedNames: readonly string[] = [
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "lib",
  "types",
  "manager",
  "handler",
  "service",
  "v2",
  "index",
  "misc",
];

/** Where a name is not ours to choose: a template's code is entered by its `index.mjs`. */
export const foreignNames: readonly string[] = ["examples/*/index.mjs"];
