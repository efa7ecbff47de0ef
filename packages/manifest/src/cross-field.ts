import { type Problem, placeOf, quoted } from "./diagnostic.ts";
import { drivers, runnableDrivers } from "./schema.ts";
import { checkSchema, isRecord } from "./schema-check.ts";
import { currencies, parseMoney } from "./units.ts";

/**
 * The rules that no single field can say. They look at the data as it is, valid or not, so that an author sees every fault
 * at once; what has the wrong shape is left to the schema's own words.
 */
export function crossFieldProblems(data: unknown): Problem[] {
  const spec = isRecord(data) && isRecord(data.spec) ? data.spec : null;
  if (spec === null) return [];
  return [
    ...driverProblems(spec),
    ...schemaProblems(spec),
    ...limitProblems(spec),
    ...toolProblems(spec),
    ...duplicateProblems(spec.secrets, ["spec", "secrets"], (item) => (isRecord(item) ? item.name : undefined)),
    ...duplicateProblems(spec.capabilities, ["spec", "capabilities"], (item) => item),
    ...stateProblems(spec),
    ...promptProblems(spec),
  ];
}

function error(path: readonly PropertyKey[], code: string, en: string, fr: string): Problem {
  return { path, severity: "error", code, message: { en, fr } };
}

function driverProblems(spec: Record<string, unknown>): Problem[] {
  const { driver } = spec;
  const problems: Problem[] = [];
  if (typeof driver !== "string" || !(drivers as readonly string[]).includes(driver)) return problems;
  const needs = driver === "node" || driver === "script" ? "code" : driver === "llm" ? "model" : null;
  if (needs && spec[needs] === undefined) {
    problems.push(
      error(
        ["spec", "driver"],
        `manifest.${needs}-missing`,
        `The driver ${driver} needs spec.${needs}.`,
        `Le pilote ${driver} demande spec.${needs}.`,
      ),
    );
  }
  if (!runnableDrivers.has(driver)) {
    problems.push({
      path: ["spec", "driver"],
      severity: "warning",
      code: "manifest.driver-not-runnable",
      message: {
        en: `No host runs the driver ${driver} yet: this template cannot be tried.`,
        fr: `Aucun hôte n'exécute encore le pilote ${driver} : ce modèle ne peut pas être essayé.`,
      },
    });
  }
  return problems;
}

function schemaProblems(spec: Record<string, unknown>): Problem[] {
  const places: [readonly string[], unknown][] = [
    [["spec", "input"], spec.input],
    [["spec", "output"], spec.output],
    [["spec", "state", "schema"], isRecord(spec.state) ? spec.state.schema : undefined],
  ];
  return places.flatMap(([path, schema]) =>
    isRecord(schema)
      ? checkSchema(schema).map(
          (problem): Problem => ({
            ...problem,
            path: [...path, ...problem.path],
            ...(problem.code === "schema.unknown-keyword" && { part: "key" as const }),
          }),
        )
      : [],
  );
}

function limitProblems(spec: Record<string, unknown>): Problem[] {
  const problems: Problem[] = [];
  const maxCost = isRecord(spec.limits) ? spec.limits.maxCost : undefined;
  const money = typeof maxCost === "string" ? parseMoney(maxCost) : null;
  if (money && !currencies.has(money.currency)) {
    problems.push(
      error(
        ["spec", "limits", "maxCost"],
        "manifest.unknown-currency",
        `${quoted(money.currency)} is no currency of ISO 4217.`,
        `${quoted(money.currency)} n'est pas une devise ISO 4217.`,
      ),
    );
  }
  if (isRecord(spec.warm) && typeof spec.warm.min === "number" && typeof spec.warm.max === "number" && spec.warm.min > spec.warm.max) {
    problems.push(
      error(
        ["spec", "warm", "min"],
        "manifest.warm-range",
        "spec.warm.min is above spec.warm.max.",
        "spec.warm.min dépasse spec.warm.max.",
      ),
    );
  }
  return problems;
}

function toolProblems(spec: Record<string, unknown>): Problem[] {
  const problems = duplicateProblems(spec.tools, ["spec", "tools"], (item) => (isRecord(item) ? item.name : undefined));
  if (!Array.isArray(spec.tools)) return problems;
  for (const [at, tool] of spec.tools.entries()) {
    if (isRecord(tool) && (tool.mcp === undefined) === (tool.plugin === undefined)) {
      problems.push(
        error(
          ["spec", "tools", at],
          "manifest.tool-kind",
          "A tool is either mcp or plugin: write exactly one.",
          "Un outil est soit mcp, soit plugin : écrivez exactement l'un des deux.",
        ),
      );
    }
  }
  return problems;
}

function duplicateProblems(list: unknown, path: readonly PropertyKey[], nameOf: (item: unknown) => unknown): Problem[] {
  if (!Array.isArray(list)) return [];
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const [at, item] of list.entries()) {
    const name = nameOf(item);
    if (typeof name !== "string") continue;
    if (seen.has(name))
      problems.push(
        error(
          [...path, at],
          "manifest.duplicate-name",
          `${placeOf(path)} names ${quoted(name)} twice.`,
          `${placeOf(path)} nomme deux fois ${quoted(name)}.`,
        ),
      );
    seen.add(name);
  }
  return problems;
}

function stateProblems(spec: Record<string, unknown>): Problem[] {
  if (!isRecord(spec.state) || !isRecord(spec.state.migrations)) return [];
  const { version } = spec.state;
  return Object.keys(spec.state.migrations).flatMap((key) => {
    const [from, to] = key.split("->").map(Number);
    if (from === undefined || to === undefined || Number.isNaN(from + to)) return [];
    if (to === from + 1 && from >= 1 && (typeof version !== "number" || to <= version)) return [];
    return [
      error(
        ["spec", "state", "migrations", key],
        "manifest.migration-step",
        "A migration leads from one version to the next, up to spec.state.version.",
        "Une migration mène d'une version à la suivante, jusqu'à spec.state.version.",
      ),
    ];
  });
}

function promptProblems(spec: Record<string, unknown>): Problem[] {
  if (!isRecord(spec.prompt) || typeof spec.prompt.system !== "string") return [];
  const variables = isRecord(spec.prompt.variables) ? spec.prompt.variables : {};
  const used = new Set([...spec.prompt.system.matchAll(/\{\{\s{0,20}([A-Za-z_]\w{0,62})\s{0,20}\}\}/g)].map((match) => match[1] ?? ""));
  return [...used]
    .filter((name) => !Object.hasOwn(variables, name))
    .map((name) =>
      error(
        ["spec", "prompt", "system"],
        "manifest.unknown-variable",
        `The prompt uses ${quoted(name)}, which spec.prompt.variables does not name.`,
        `L'invite utilise ${quoted(name)}, que spec.prompt.variables ne nomme pas.`,
      ),
    );
}
