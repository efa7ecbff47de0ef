import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { moduleOrder } from "./arrow-rules.ts";
import { checkArrows, type SourceTree } from "./arrows.ts";
import { readSourceTree } from "./source-tree.ts";

/**
 * The architecture, executable: the real tree keeps every rule, and each rule is shown to refuse what it forbids by planting it.
 * The rules themselves are data: arrow-rules.ts.
 */
const real = readSourceTree(join(import.meta.dirname, "../../.."));

/** The real tree with these files planted into it; only what the planted files are refused for. */
function plant(files: Record<string, string>): string[] {
  const tree: SourceTree = new Map([...real, ...Object.entries(files)]);
  return checkArrows(tree)
    .filter(({ file }) => file in files)
    .map(({ rule }) => rule);
}

const refused = (name: string, file: string, source: string, rule = "arrows") =>
  test(name, () => expect(plant({ [file]: source })).toContain(rule));
const allowed = (name: string, file: string, source: string) => test(name, () => expect(plant({ [file]: source })).toEqual([]));

test("the tree as it is keeps every rule, without an import cycle", () => {
  expect(real.size).toBeGreaterThan(50);
  expect(checkArrows(real)).toEqual([]);
});

describe("the console", () => {
  const here = "apps/console/src/features/runs/planted.ts";
  refused("a feature does not import another feature", here, `import { x } from "../templates/planted-other.ts"; x();`);
  refused("a feature imports no value of the registry", here, `import { appRouter } from "@agent-factory/bff/api"; appRouter;`);
  allowed(
    "a feature imports the registry's router as a type",
    here,
    `import type { AppRouter } from "@agent-factory/bff/api"; export type R = AppRouter;`,
  );
  refused("a feature does not import pages", here, `import { x } from "../../app/layout.tsx"; x;`);
  refused("a feature does not import the shell", here, `import { x } from "../../shell/shell.tsx"; x;`);
  refused("a feature does not import the host protocol", here, `import { x } from "@agent-factory/protocol"; x;`);
  refused("the i18n core knows no feature", "apps/console/src/i18n/planted.ts", `import { x } from "../features/runs/messages.ts"; x;`);
  refused("the session is one module", here, `import { useSession } from "next-auth/react"; useSession;`, "one adapter");
  allowed(
    "a page composes features",
    "apps/console/src/app/planted.tsx",
    `import { a } from "../features/runs/planted-a.ts"; import { b } from "../features/templates/planted-b.ts"; a(b);`,
  );
});

describe("the registry's edge", () => {
  refused(
    "a router does not import the platform",
    "apps/bff/src/api/planted.ts",
    `import { openDatabase } from "../platform/database.ts"; openDatabase;`,
  );
  refused(
    "a router does not import Prisma",
    "apps/bff/src/api/planted.ts",
    `import { PrismaClient } from "@prisma/client"; PrismaClient;`,
    "one adapter",
  );
  refused("a router does not import a store", "apps/bff/src/api/planted.ts", `import { x } from "../domain/runs/run-store.ts"; x;`);
  refused(
    "the gateway does not import the database",
    "apps/bff/src/gateway/planted.ts",
    `import { openFastDatabase } from "../platform/fast-database.ts"; openFastDatabase;`,
  );
  refused("a worker does not import a store", "apps/bff/src/workers/planted.ts", `import { x } from "../domain/runs/run-store.ts"; x;`);
  refused("a worker does not import the edge", "apps/bff/src/workers/planted.ts", `import { x } from "../api/root.ts"; x;`);
  refused("a view does not import the edge", "apps/bff/src/views/planted.ts", `import { x } from "../api/root.ts"; x;`);
});

describe("the registry's domain", () => {
  for (const outer of ["api/root", "views/audit", "workers/planted", "gateway/gateway"]) {
    refused(
      `a module does not import ${outer.split("/")[0]}`,
      "apps/bff/src/domain/runs/planted.ts",
      `import { x } from "../../${outer}.ts"; x;`,
    );
  }
  refused(
    "a module gets its platform passed in",
    "apps/bff/src/domain/runs/planted.ts",
    `import { openDatabase } from "../../platform/database.ts"; openDatabase;`,
  );
  allowed(
    "a module names the platform's types",
    "apps/bff/src/domain/runs/planted.ts",
    `import type { Database } from "../../platform/database.ts"; export type D = Database;`,
  );
  allowed(
    "a store imports the platform",
    "apps/bff/src/domain/runs/planted-store.ts",
    `import { openDatabase } from "../../platform/database.ts"; openDatabase;`,
  );
  refused(
    "a module goes through the door of another",
    "apps/bff/src/domain/runs/planted.ts",
    `import { x } from "../templates/draft-store.ts"; x;`,
  );
  refused(
    "a module without a place in the order is refused",
    "apps/bff/src/domain/planted/planted.ts",
    `import { x } from "../audit/audit.ts"; x;`,
  );
  test.each(moduleOrder.slice(1).map((right, index) => [moduleOrder[index] as string, right] as const))(
    "%s does not import %s, which stands to its right; the other way is free",
    (left, right) => {
      const file = (module: string) => `apps/bff/src/domain/${module}/planted.ts`;
      const importing = (module: string) => `import { x } from "../${module}/${module}.ts"; x;`;
      expect(plant({ [file(left)]: importing(right) })).toContain("arrows");
      expect(plant({ [file(right)]: importing(left) })).toEqual([]);
    },
  );
});

describe("programs and packages", () => {
  refused(
    "a host does not import the registry",
    "apps/runtime-agent/src/planted.ts",
    `import { x } from "../../bff/src/domain/failure.ts"; x;`,
  );
  refused("a host does not import a database driver", "apps/runtime-agent/src/planted.ts", `import pg from "pg"; pg;`, "one adapter");
  refused("a host does not import Redis", "apps/runtime-agent/src/planted.ts", `import { Redis } from "ioredis"; Redis;`, "one adapter");
  refused("the console does not import a database driver", "apps/console/src/app/planted.ts", `import pg from "pg"; pg;`, "one adapter");
  for (const name of ["manifest", "protocol", "process", "ui", "testkit", "tooling"]) {
    refused(
      `packages/${name} imports no app`,
      `packages/${name}/src/planted.ts`,
      `import { x } from "../../../apps/bff/src/domain/failure.ts"; x;`,
    );
  }
  refused(
    "packages/manifest imports no other package",
    "packages/manifest/src/planted.ts",
    `import { x } from "@agent-factory/process/env"; x;`,
  );
  allowed(
    "packages/testkit imports packages/process",
    "packages/testkit/src/planted.ts",
    `import { loadEnv } from "@agent-factory/process/env"; loadEnv;`,
  );
  refused(
    "the product does not import what is only there for tests",
    "apps/bff/src/platform/planted.ts",
    `import { x } from "@agent-factory/testkit/database"; x;`,
  );
  refused("an example stands alone", "examples/planted/index.mjs", `import { x } from "../../packages/process/src/env.ts"; x;`);
});

describe("every file", () => {
  const here = "apps/bff/src/platform/planted.ts";
  refused("only env.ts reads the environment", here, "export const x = process.env.HOME;", "environment");
  refused("… nor under another spelling", here, `export const x = process["env"].HOME;`, "environment");
  refused("… nor with escapes", here, "export const x = proc\\u0065ss.env.HOME;", "environment");
  allowed("env.ts reads the environment", "apps/planted/env.ts".replace("planted", "identity/src"), "export const x = process.env.HOME;");
  refused("no barrel", here, `export * from "./clock.ts";`, "no export *");
  refused("no default export", here, "export default 1;", "named exports");
  refused("no index.ts", "apps/bff/src/domain/runs/index.ts", "export const x = 1;", "names");
  for (const name of ["utils", "helpers", "common", "lib", "types", "run-manager", "message-handler", "run-service", "v2"]) {
    refused(`no file called ${name}`, `apps/bff/src/platform/${name}.ts`, "export const x = 1;", "names");
  }
  refused("no folder called utils", "apps/bff/src/utils/planted.ts", "export const x = 1;", "names");
  refused("kebab-case", "apps/bff/src/platform/plantedFile.ts", "export const x = 1;", "names");
  refused("a file that does not parse is refused, not skipped", here, "export const = ;", "parse");
  refused("a file outside every zone is refused", "apps/planted/src/planted.ts", `import { x } from "./other.ts"; x;`);
  refused(
    "a dynamic import is an import",
    "apps/runtime-agent/src/planted.ts",
    `export const x = () => import("../../bff/src/domain/failure.ts");`,
  );
  refused(
    "a dynamic import with a remark in it is an import",
    "apps/runtime-agent/src/planted.ts",
    `export const x = () => import /* later */ ("../../bff/src/domain/failure.ts");`,
  );
  refused("a re-export is an import", "apps/runtime-agent/src/planted.ts", `export { Failure } from "../../bff/src/domain/failure.ts";`);
  test("a cycle of three files is refused, also when it runs over types", () => {
    const at = (name: string) => `apps/identity/src/planted-${name}.ts`;
    const files = {
      [at("a")]: `import { b } from "./planted-b.ts"; export const a = b;`,
      [at("b")]: `import { type C } from "./planted-c.ts"; export const b: C = 1;`,
      [at("c")]: `import type { a } from "./planted-a.ts"; export type C = typeof a | number;`,
    };
    expect(plant(files)).toEqual(["no cycles"]);
  });
});
