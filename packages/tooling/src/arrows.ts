import { basename, matchesGlob, posix } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import {
  bannedNames,
  defaultExports,
  foreignNames,
  furtherDoors,
  moduleOrder,
  onlyIn,
  readsEnvironment,
  type Zone,
  zones,
} from "./arrow-rules.ts";

export type Violation = { readonly file: string; readonly line: number; readonly rule: string; readonly message: string };

type Import = { readonly specifier: string; readonly typeOnly: boolean; readonly offset: number };
type Parsed = {
  readonly imports: readonly Import[];
  readonly exportsAll: readonly number[];
  readonly exportsDefault: readonly number[];
  readonly readsEnv: readonly number[];
};

/** Path -> source of every TypeScript and JavaScript file of the project, paths from the root with forward slashes. */
export type SourceTree = ReadonlyMap<string, string>;

/** Checks every file of the tree against arrow-rules.ts. An empty list means that the tree keeps them all, cycles included. */
export function checkArrows(tree: SourceTree): Violation[] {
  const violations: Violation[] = [];
  const graph = new Map<string, { target: string; offset: number }[]>();
  for (const [file, source] of tree) {
    const refuse = (offset: number, rule: string, message: string) =>
      violations.push({ file, line: lineAt(source, offset), rule, message });
    for (const message of namingProblems(file)) refuse(0, "names", message);
    const parsed = parse(file, source);
    if (parsed === null) {
      refuse(0, "parse", "does not parse");
      continue;
    }
    for (const offset of parsed.exportsAll) refuse(offset, "no export *", "exports everything of another file: name what is exported");
    if (!matches(file, defaultExports)) {
      for (const offset of parsed.exportsDefault) refuse(offset, "named exports", "has a default export: give it a name");
    }
    if (!matches(file, readsEnvironment) && !isTest(file)) {
      for (const offset of parsed.readsEnv) refuse(offset, "environment", "reads process.env: only env.ts does, and passes values on");
    }
    const arrows: { target: string; offset: number }[] = [];
    for (const one of parsed.imports) {
      const target = resolveImport(file, one.specifier, tree);
      if (target === null) {
        const message = one.typeOnly ? null : foreignProblem(file, one.specifier);
        if (message) refuse(one.offset, "one adapter", message);
        continue;
      }
      arrows.push({ target, offset: one.offset });
      const message = arrowProblem(file, target, one.typeOnly);
      if (message) refuse(one.offset, "arrows", message);
    }
    graph.set(file, arrows);
  }
  for (const cycle of findCycles(graph)) {
    const [file = ""] = cycle;
    violations.push({ file, line: 1, rule: "no cycles", message: `imports itself: ${[...cycle, file].join(" -> ")}` });
  }
  return violations;
}

/** Why `file` must not import `target`; null when it may. Both are paths of the project. */
export function arrowProblem(file: string, target: string, typeOnly: boolean): string | null {
  const [from, to] = [zoneOf(file), zoneOf(target)];
  if (!from) return `${file} belongs to no zone: give it one in packages/tooling/src/arrow-rules.ts`;
  if (!to) return `${target} belongs to no zone`;
  if (isTest(file) && (["testkit", "scripts"].includes(to.name) || appOf(file) === appOf(target))) return null;
  if (isTest(file) && from.mayInTests?.includes(to.name)) return null;
  if (isTest(target) && !isTest(file)) return "imports what is only there for tests";
  const domain = "apps/bff/src/domain/";
  const [fromModule, toModule] = [partOf(file, domain), partOf(target, domain)];
  if (toModule && fromModule !== toModule) {
    const door = target.slice(`${domain}${toModule}/`.length);
    const isDoor = door === `${toModule}.ts` || (furtherDoors[toModule] ?? []).includes(door);
    if (from.name !== "bff/main" && from.name !== "scripts" && !isDoor)
      return `goes past the door of ${toModule}: import ${toModule}/${toModule}.ts`;
    if (fromModule) {
      const [left, right] = [moduleOrder.indexOf(toModule), moduleOrder.indexOf(fromModule)];
      if (left < 0) return `${toModule} has no place in the module order`;
      if (right < 0) return `${fromModule} has no place in the module order`;
      if (left > right) return `${fromModule} imports ${toModule}, which stands to its right: write to the outbox, or pass the value in`;
      return null;
    }
  }
  if (from.split && from === to) {
    const [one, other] = [partOf(file, from.split), partOf(target, from.split)];
    return one === other ? null : `${one} imports its neighbour ${other}: pages compose them`;
  }
  if (from === to || from.may.includes(to.name)) return null;
  if (from.mayType?.includes(to.name)) return typeOnly ? null : `${from.name} may only import types of ${to.name}`;
  return `${from.name} must not import ${to.name}`;
}

function foreignProblem(file: string, specifier: string): string | null {
  if (isTest(file) || zoneOf(file)?.name === "scripts") return null;
  const name = specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : (specifier.split("/")[0] ?? "");
  const rule = onlyIn.find(({ packages }) => packages.includes(name));
  return rule && !matches(file, rule.files) ? `imports ${name}: ${rule.because}` : null;
}

const zonesKnown = new Map<string, Zone | undefined>();

export function zoneOf(file: string): Zone | undefined {
  if (!zonesKnown.has(file)) {
    const zone = zones.find(({ files }) => matches(file, files));
    zonesKnown.set(file, zone);
  }
  return zonesKnown.get(file);
}

function namingProblems(file: string): string[] {
  const problems: string[] = [];
  if (matches(file, foreignNames)) return problems;
  const stem = basename(file).replace(/\..*$/, "");
  const folders = file.split("/").slice(0, -1);
  for (const name of [...stem.split("-"), ...folders]) {
    if (bannedNames.includes(name)) problems.push(`is called "${name}", which does not say what is inside`);
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) problems.push("is not named in kebab-case");
  return problems;
}

function resolveImport(file: string, specifier: string, tree: SourceTree): string | null {
  const own = /^@agent-factory\/([^/]+)(?:\/(.+))?$/.exec(specifier);
  if (own) {
    const [, name = "", path] = own;
    if (name === "bff") return "apps/bff/src/api/root.ts";
    return existing(`packages/${name}/src/${path ?? name}`, tree) ?? `packages/${name}/src/${path ?? name}.ts`;
  }
  if (specifier.startsWith("@/")) return existing(`apps/console/src/${specifier.slice(2)}`, tree);
  if (!specifier.startsWith(".")) return null;
  const path = posix.join(posix.dirname(file), specifier);
  return existing(path, tree) ?? (/\.(ts|tsx|mjs|js)$/.test(path) ? path : null);
}

function existing(path: string, tree: SourceTree): string | null {
  return [path, `${path}.ts`, `${path}.tsx`].find((candidate) => tree.has(candidate)) ?? null;
}

/** A file is parsed once as long as it stays the same: the spec checks the whole tree a hundred times. */
const parsedBefore = new Map<string, { readonly source: string; readonly parsed: Parsed | null }>();

function parse(file: string, source: string): Parsed | null {
  const known = parsedBefore.get(file);
  if (known?.source === source) return known.parsed;
  const parsed = parseAfresh(file, source);
  parsedBefore.set(file, { source, parsed });
  return parsed;
}

/** What only the syntax tree tells: imports in expressions and types, and `process`, also where it is spelt with escapes. It takes most of the time. */
const NEEDS_TREE = /\bimport\s*(?:\(|\/[/*])|\bprocess\b|\\u/;

function parseAfresh(file: string, source: string): Parsed | null {
  const result = parseSync(file, source);
  const { module, errors } = result;
  if (errors.some((error) => error.severity === "Error")) return null;
  const imports: Import[] = module.staticImports.map((one) => ({
    specifier: one.moduleRequest.value,
    typeOnly: one.entries.length > 0 ? one.entries.every((entry) => entry.isType) : /^import\s+type\b/.test(source.slice(one.start)),
    offset: one.start,
  }));
  const exportsAll: number[] = [];
  const exportsDefault: number[] = [];
  for (const { entries } of module.staticExports) {
    for (const entry of entries) {
      if (entry.moduleRequest) imports.push({ specifier: entry.moduleRequest.value, typeOnly: entry.isType, offset: entry.start });
      if (entry.importName.kind === "AllButDefault") exportsAll.push(entry.start);
      if (entry.exportName.kind === "Default") exportsDefault.push(entry.start);
    }
  }
  const readsEnv: number[] = [];
  if (!NEEDS_TREE.test(source)) return { imports, exportsAll, exportsDefault, readsEnv };
  new Visitor({
    MemberExpression(node) {
      const named = node.property.type === "Identifier" ? node.property.name : node.property.type === "Literal" ? node.property.value : "";
      if (node.object.type === "Identifier" && node.object.name === "process" && named === "env") readsEnv.push(node.start);
    },
    ImportExpression(node) {
      if (node.source.type === "Literal" && typeof node.source.value === "string") {
        imports.push({ specifier: node.source.value, typeOnly: false, offset: node.start });
      }
    },
    TSImportType(node) {
      imports.push({ specifier: node.source.value, typeOnly: true, offset: node.start });
    },
  }).visit(result.program);
  return { imports, exportsAll, exportsDefault, readsEnv };
}

/** Strongly connected components with more than one file (Tarjan 1972), each as one of its cycles' files. */
function findCycles(graph: ReadonlyMap<string, readonly { target: string }[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) as number);
    stack.push(file);
    onStack.add(file);
    for (const { target } of graph.get(file) ?? []) {
      if (!graph.has(target)) continue;
      if (!index.has(target)) {
        visit(target);
        low.set(file, Math.min(low.get(file) as number, low.get(target) as number));
      } else if (onStack.has(target)) low.set(file, Math.min(low.get(file) as number, index.get(target) as number));
    }
    if (low.get(file) !== index.get(file)) return;
    const component: string[] = [];
    for (let popped = ""; popped !== file; ) {
      popped = stack.pop() as string;
      onStack.delete(popped);
      component.unshift(popped);
    }
    if (component.length > 1) cycles.push(component);
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return cycles;
}

/** A glob is read anew at every match, and the same files are asked about the same globs over and over. */
const matchedBefore = new WeakMap<readonly string[], Map<string, boolean>>();

function matches(file: string, globs: readonly string[]): boolean {
  const known = matchedBefore.get(globs) ?? new Map<string, boolean>();
  matchedBefore.set(globs, known);
  let match = known.get(file);
  if (match === undefined) {
    match = globs.some((glob) => matchesGlob(file, glob));
    known.set(file, match);
  }
  return match;
}

/** Tests, and what only tests and benchmarks use: `x.test.ts`, `test-x.ts`, `fixtures/`, `bench/`, `e2e/`. */
const isTest = (file: string): boolean => /^(?:bench|e2e)\/|\.(test|spec)\.tsx?$|(^|\/)test-[a-z-]+\.tsx?$|(^|\/)fixtures\//.test(file);

/** `apps/bff`, `packages/ui`, `scripts`: what a test may freely reach into. */
const appOf = (file: string): string => (/^(?:apps|packages)\/[^/]+/.exec(file) ?? /^[^/]+/.exec(file) ?? [""])[0];

const partOf = (file: string, folder: string): string | null => {
  const rest = file.startsWith(folder) ? file.slice(folder.length) : "";
  return rest.includes("/") ? (rest.split("/")[0] ?? null) : null;
};

const lineAt = (source: string, offset: number): number => source.slice(0, offset).split("\n").length;
