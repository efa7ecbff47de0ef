import { readFileSync } from "node:fs";
import path from "node:path";
import { parseManifest } from "@agent-factory/manifest";
import { sha256Of } from "@agent-factory/manifest/digest";
import { validateAgainst } from "@agent-factory/manifest/validate";
import { describe, expect, test } from "vitest";
import { packDirectory } from "../../apps/bff/src/domain/templates/archive.ts";
import audit from "./index.mjs";
import { compareVersions } from "./versions.mjs";

const { manifest, diagnostics } = parseManifest(readFileSync(path.join(import.meta.dirname, "manifest.yaml"), "utf8"));
const own = JSON.parse(readFileSync(path.join(import.meta.dirname, "../../package-lock.json"), "utf8"));

async function run(input: unknown, signal = new AbortController().signal) {
  const logs: string[] = [];
  const partial: unknown[] = [];
  const output = await audit(input, {
    log: (text: string) => logs.push(text),
    emit: (value: unknown) => partial.push(structuredClone(value)),
    signal,
  });
  expect(validateAgainst(manifest?.spec.output, output)).toEqual([]);
  return { output, logs, partial };
}

test("the manifest is valid and names the code beside it", async () => {
  expect(diagnostics).toEqual([]);
  expect(manifest?.spec.code?.archive).toBe(sha256Of(await packDirectory(import.meta.dirname)));
});

describe("on this project's own lockfile, beside a second computation of each figure", () => {
  // The same questions, answered from the raw file in another way: one pass over its entries, no module of the example.
  type Entry = {
    version?: string;
    license?: string;
    dev?: boolean;
    optional?: boolean;
    devOptional?: boolean;
    link?: boolean;
    hasInstallScript?: boolean;
    name?: string;
  };
  const entries = (Object.entries(own.packages) as [string, Entry][]).filter(([at, { link }]) => /(^|\/)node_modules\//.test(at) && !link);
  const nameOf = ([at, { name }]: [string, Entry]) => name ?? at.split("node_modules/").at(-1) ?? "";

  test("the input is accepted", () => expect(validateAgainst(manifest?.spec.input, own)).toEqual([]));

  test("packages, by what they are for", async () => {
    const { packages } = (await run(own)).output;
    const production = entries.filter(([, { dev, optional, devOptional }]) => !(dev || optional || devOptional)).length;
    const development = entries.filter(([, { dev, optional, devOptional }]) => dev && !optional && !devOptional).length;
    const optional = entries.filter(([, { dev, optional: only, devOptional }]) => only && !dev && !devOptional).length;
    expect(entries.length).toBeGreaterThan(300);
    expect(packages).toEqual({
      total: entries.length,
      names: new Set(entries.map(nameOf)).size,
      production,
      development,
      optional,
      developmentOrOptional: entries.length - production - development - optional,
    });
  });

  test("licences, the unknown ones counted as unknown", async () => {
    const { licences } = (await run(own)).output;
    const known = entries.filter(([, { license }]) => license);
    expect(licences).toMatchObject({ known: known.length, unknown: entries.length - known.length });
    for (const { licence, count } of licences.counts.items)
      expect(count).toBe(known.filter(([, { license }]) => license === licence).length);
    expect(licences.counts.items.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(known.length);
  });

  test("duplicates, with every version and where it lies", async () => {
    const { duplicates, versionSpread } = (await run(own)).output;
    const versions: Record<string, Set<string>> = {};
    for (const entry of entries) {
      versions[nameOf(entry)] ??= new Set();
      versions[nameOf(entry)]?.add(entry[1].version ?? "");
    }
    const several = Object.entries(versions).filter(([, found]) => found.size > 1);
    expect(several.length).toBeGreaterThan(0);
    expect(duplicates.total).toBe(several.length);
    for (const duplicate of duplicates.items) {
      expect(new Set(duplicate.versions.map(({ version }: { version: string }) => version))).toEqual(versions[duplicate.name]);
      for (const { version, paths } of duplicate.versions) for (const at of paths) expect(own.packages[at].version).toBe(version);
    }
    expect(versionSpread.reduce((sum: number, { names }: { names: number }) => sum + names, 0)).toBe(Object.keys(versions).length);
  });

  test("install scripts", async () => {
    const { installScripts } = (await run(own)).output;
    expect(installScripts.known).toBe(true);
    expect(installScripts.items.map((item: { path: string }) => item.path)).toEqual(
      entries.flatMap(([at, { hasInstallScript }]) => (hasInstallScript ? [at] : [])).sort(),
    );
  });

  test("depth: every package is reached, each level is counted once", async () => {
    const { depth, packages } = (await run(own)).output;
    expect(depth.packagesByDepth.reduce((sum: number, level: { packages: number }) => sum + level.packages, 0) + depth.unreached).toBe(
      packages.total,
    );
    expect(depth.unreached).toBe(0);
    expect(depth.deepest?.depth).toBe(depth.packagesByDepth.length);
  });

  test("how far it is is emitted step by step, small enough for the host, and told in the log", async () => {
    const { partial, logs } = await run(own);
    expect(partial.map((value) => (value as { done: number }).done)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(Math.max(...partial.map((value) => JSON.stringify(value).length))).toBeLessThan(200);
    expect(logs).toHaveLength(6);
  });
});

describe("every version of the format", () => {
  const nested = {
    name: "old",
    lockfileVersion: 1,
    dependencies: {
      a: { version: "1.0.0", requires: { b: "^1.0.0" }, dependencies: { b: { version: "1.2.0" } } },
      b: { version: "2.0.0", dev: true },
      alias: { version: "npm:@real/name@3.0.0", optional: true },
    },
  };

  test("version 1: nested, and honest about what it does not record", async () => {
    const { output } = await run(nested);
    expect(output).toMatchObject({
      lockfileVersion: 1,
      packages: { total: 4, names: 3, production: 2, development: 1, optional: 1 },
      licences: { known: 0, unknown: 4 },
      installScripts: { known: false, total: 0 },
      duplicates: {
        total: 1,
        items: [
          {
            name: "b",
            majors: 2,
            versions: [
              { version: "1.2.0", paths: ["node_modules/a/node_modules/b"] },
              { version: "2.0.0", paths: ["node_modules/b"] },
            ],
          },
        ],
      },
      depth: { unreached: 0, deepest: { depth: 2, path: "node_modules/a/node_modules/b" } },
    });
  });

  test("version 2: its packages count, not its copy for old npm", async () => {
    const packages = { "": { dependencies: { a: "1" } }, "node_modules/a": { version: "1.0.0", license: "MIT" } };
    expect((await run({ ...nested, lockfileVersion: 2, packages })).output.packages.total).toBe(1);
  });

  test("version 3: workspaces and their links are ours, not packages", async () => {
    const packages = {
      "": { workspaces: ["packages/*"] },
      "packages/w": { name: "w", dependencies: { a: "1" } },
      "node_modules/w": { link: true, resolved: "packages/w" },
      "packages/w/node_modules/a": { version: "1.0.0", license: { type: "ISC" }, hasInstallScript: true },
      "node_modules/a": { version: "2.0.0", licenses: [], devOptional: true },
    };
    const { output } = await run({ lockfileVersion: 3, packages });
    expect(output).toMatchObject({
      packages: { total: 2, developmentOrOptional: 1 },
      licences: { known: 1, unknown: 1 },
      installScripts: { items: [{ path: "packages/w/node_modules/a" }] },
      depth: { unreached: 1 },
    });
  });
});

test.each([
  ["no object", "text", "This is not an npm lockfile"],
  ["a list", [], "This is not an npm lockfile"],
  ["a package.json", { name: "x", dependencies: {} }, "not of package.json"],
  ["a version from the future", { lockfileVersion: 9, packages: {} }, "version 9 is not known"],
  ["version 3 without packages", { lockfileVersion: 3 }, "has no packages"],
  ["a damaged entry", { lockfileVersion: 3, packages: { "node_modules/a": 5 } }, 'packages["node_modules/a"] is not an object'],
])("%s is refused with a sentence", async (_, input, sentence) => {
  await expect(run(input)).rejects.toThrow(sentence);
});

test("a cancelled run stops at the next step", async () => {
  await expect(run(own, AbortSignal.abort(new Error("cancelled")))).rejects.toThrow("cancelled");
});

test("versions are ordered as semver orders them", () => {
  const ordered = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2.0",
    "1.10.0",
    "file:x",
  ];
  expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered);
});
