/**
 * What changed between two manifests, and what each change means for those who rely on the template.
 *
 *   breaking                       input narrowed, output widened or removed, capability dropped, state without migration -> major
 *   permission, cost, behaviour    may touch more, may cost more, may answer otherwise                                    -> minor
 *   cosmetic                       says the same in other words                                                           -> patch
 *
 * No change is found exactly when the two have one digest.
 */
import { pointerOf, quoted, type Sentence } from "./diagnostic.ts";
import { canonicalJson } from "./digest.ts";
import type { Manifest } from "./schema.ts";
import { isRecord } from "./schema-check.ts";
import { narrowings, withoutAnnotations } from "./schema-compatibility.ts";
import { parseCpu, parseDuration, parseMemory, parseMoney } from "./units.ts";

export type ChangeClass = "breaking" | "permission" | "cost" | "behaviour" | "cosmetic";
export type Demand = "major" | "minor" | "patch" | "none";

/** `path` is a JSON pointer into the newer manifest (the older, for what was removed). */
export type Change = {
  readonly class: ChangeClass;
  readonly path: string;
  readonly code: string;
  readonly message: Sentence;
  readonly before?: unknown;
  readonly after?: unknown;
};

const classOrder: readonly ChangeClass[] = ["breaking", "permission", "cost", "behaviour", "cosmetic"];

/** Gravest first. Pure; a manifest is at most 10,000 values, so this takes milliseconds. */
export function compareManifests(before: Manifest, after: Manifest): { changes: Change[]; demands: Demand } {
  const changes = [
    ...compareKeys(before.metadata, after.metadata, ["metadata"], (key, path, old, next) => [
      change("cosmetic", path, `metadata.${key}`, old, next),
    ]),
    ...compareKeys(before.spec, after.spec, ["spec"], (key, path, old, next) => {
      const found = (specRules[key] ?? otherwise)(path, old, next);
      return found.length > 0
        ? found
        : [
            change("cosmetic", path, "spec.rewritten", old, next, {
              en: "is written differently and means the same",
              fr: "est écrit autrement et dit la même chose",
            }),
          ];
    }),
  ].sort((a, b) => classOrder.indexOf(a.class) - classOrder.indexOf(b.class) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { changes, demands: demandOf(changes) };
}

function demandOf(changes: readonly Change[]): Demand {
  if (changes.some((found) => found.class === "breaking")) return "major";
  if (changes.some((found) => found.class !== "cosmetic")) return "minor";
  return changes.length > 0 ? "patch" : "none";
}

type Path = readonly PropertyKey[];
type Rule = (path: Path, before: unknown, after: unknown) => Change[];

function change(
  kind: ChangeClass,
  path: Path,
  code: string,
  before: unknown,
  after: unknown,
  says: Sentence = usual(before, after),
): Change {
  const place = path.map(String).join(".");
  return {
    class: kind,
    path: pointerOf(path),
    code,
    message: { en: `${place} ${says.en}.`, fr: `${place} ${says.fr}.` },
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  };
}

function usual(before: unknown, after: unknown): Sentence {
  if (before === undefined) return { en: "was added", fr: "a été ajouté" };
  if (after === undefined) return { en: "was removed", fr: "a été supprimé" };
  if (typeof before === "object" || typeof after === "object") return { en: "changed", fr: "a changé" };
  return { en: `changed from ${quoted(before)} to ${quoted(after)}`, fr: `est passé de ${quoted(before)} à ${quoted(after)}` };
}

function compareKeys(
  before: unknown,
  after: unknown,
  path: Path,
  rule: (key: string, path: Path, before: unknown, after: unknown) => Change[],
): Change[] {
  const [old, next] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}];
  const keys = new Set([...Object.keys(old), ...Object.keys(next)]);
  return [...keys].filter((key) => !same(old[key], next[key])).flatMap((key) => rule(key, [...path, key], old[key], next[key]));
}

function same(before: unknown, after: unknown): boolean {
  if (before === undefined || after === undefined) return before === after;
  return canonicalJson(before) === canonicalJson(after);
}

const otherwise: Rule = (path, before, after) => [change("behaviour", path, "spec.changed", before, after)];

/** Every key below has the class; a group that was added or removed is told key by key. */
function all(kind: ChangeClass, code: string, exceptions: Readonly<Record<string, Rule>> = {}): Rule {
  return (path, before, after) =>
    compareKeys(before, after, path, (key, inner, old, next) =>
      (exceptions[key] ?? ((at, b, a) => [change(kind, at, code, b, a)]))(inner, old, next),
    );
}

/** An amount: more of it costs, less of it may behave otherwise, the same in other units is cosmetic. */
function amount(parse: (text: string) => number | null, code: string): Rule {
  return (path, before, after) => {
    const [old, next] = [before, after].map((value) => (value === undefined ? null : parse(String(value))));
    if (before !== undefined && after !== undefined && old === next) return [change("cosmetic", path, `${code}-rewritten`, before, after)];
    const less = old !== null && next !== null && old !== undefined && next !== undefined && next < old;
    return [change(less ? "behaviour" : "cost", path, code, before, after)];
  };
}

/** A ladder of rights, least first: a step up is a permission, a step down behaviour. Absent means the least. */
function rights(ladder: readonly string[], code: string): Rule {
  return (path, before, after) => {
    const [old, next] = [before, after].map((value) => (value === undefined ? 0 : ladder.indexOf(String(value)))) as [number, number];
    if (old === next) return [change("cosmetic", path, `${code}-rewritten`, before, after)];
    return [change(next > old ? "permission" : "behaviour", path, code, before, after)];
  };
}

/** A set of things that may be reached: what is new is a permission, what is gone may change what happens. */
function reachable(code: string, added: ChangeClass = "permission", removed: ChangeClass = "behaviour"): Rule {
  return (path, before, after) => {
    const [old, next] = [listOf(before), listOf(after)];
    const gained = next.filter((item) => !old.some((other) => same(item, other)));
    const lost = old.filter((item) => !next.some((other) => same(item, other)));
    return [
      ...gained.map((item) =>
        change(added, path, `${code}-added`, undefined, item, { en: `gains ${quoted(item)}`, fr: `gagne ${quoted(item)}` }),
      ),
      ...lost.map((item) =>
        change(removed, path, `${code}-removed`, item, undefined, { en: `loses ${quoted(item)}`, fr: `perd ${quoted(item)}` }),
      ),
    ];
  };
}

/** Things with a name, each compared with its namesake. */
function namesakes(rule: Rule, code: string): Rule {
  return (path, before, after) => {
    const nameOf = (item: unknown): unknown => (isRecord(item) ? item.name : undefined);
    const [old, next] = [listOf(before), listOf(after)];
    const changes: Change[] = [];
    for (const [at, item] of next.entries()) {
      const earlier = old.find((other) => nameOf(other) === nameOf(item));
      const name = quoted(nameOf(item));
      if (earlier === undefined)
        changes.push(change("permission", [...path, at], `${code}-added`, undefined, item, { en: `adds ${name}`, fr: `ajoute ${name}` }));
      else if (!same(earlier, item)) changes.push(...rule([...path, at], earlier, item));
    }
    for (const [at, item] of old.entries()) {
      if (next.some((other) => nameOf(other) === nameOf(item))) continue;
      changes.push(
        change("behaviour", [...path, at], `${code}-removed`, item, undefined, {
          en: `no longer has ${quoted(nameOf(item))}`,
          fr: `n'a plus ${quoted(nameOf(item))}`,
        }),
      );
    }
    return changes;
  };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

const input: Rule = (path, before, after) => {
  if (same(withoutAnnotations(before), withoutAnnotations(after)))
    return [
      change("cosmetic", path, "input.described", undefined, undefined, { en: "is described differently", fr: "est décrit autrement" }),
    ];
  const narrowed = narrowings(before, after);
  if (narrowed.length === 0)
    return [
      change("behaviour", path, "input.widened", undefined, undefined, { en: "accepts more than before", fr: "accepte plus qu'avant" }),
    ];
  return narrowed.map(({ path: inner, message }) =>
    change("breaking", [...path, ...inner], "input.narrowed", undefined, undefined, message),
  );
};

/** Whoever reads the output must be able to read every new one: the new schema has to lie inside the old. */
const output: Rule = (path, before, after) => {
  if (same(withoutAnnotations(before), withoutAnnotations(after)))
    return [
      change("cosmetic", path, "output.described", undefined, undefined, { en: "is described differently", fr: "est décrit autrement" }),
    ];
  const widened = narrowings(after, before);
  if (widened.length === 0)
    return [
      change("behaviour", path, "output.narrowed", undefined, undefined, { en: "promises more than before", fr: "promet plus qu'avant" }),
    ];
  return widened.map(({ path: inner, message }) =>
    change("breaking", [...path, ...inner], "output.widened", undefined, undefined, {
      en: `may give what readers do not expect (the older schema ${message.en})`,
      fr: `peut donner ce que les lecteurs n'attendent pas (l'ancien schéma ${message.fr})`,
    }),
  );
};

const state: Rule = (path, before, after) => {
  if (!isRecord(before))
    return [
      change("behaviour", path, "state.added", undefined, undefined, { en: "is remembered from now on", fr: "est désormais mémorisé" }),
    ];
  if (!isRecord(after))
    return [change("breaking", path, "state.removed", undefined, undefined, { en: "is no longer remembered", fr: "n'est plus mémorisé" })];
  const [from, to] = [Number(before.version), Number(after.version)];
  const shapeChanged = !same(withoutAnnotations(before.schema), withoutAnnotations(after.schema));
  if (from === to) {
    if (shapeChanged && narrowings(before.schema, after.schema).length > 0) {
      return [
        change("breaking", [...path, "schema"], "state.no-migration", undefined, undefined, {
          en: "changed without a new version and a migration",
          fr: "a changé sans nouvelle version ni migration",
        }),
      ];
    }
    return [
      change(shapeChanged ? "behaviour" : "cosmetic", path, "state.changed", undefined, undefined, {
        en: "changed compatibly",
        fr: "a changé de façon compatible",
      }),
    ];
  }
  const steps = isRecord(after.migrations) ? after.migrations : {};
  const led =
    to > from && Array.from({ length: to - from }, (_, at) => `${from + at}->${from + at + 1}`).every((step) => Object.hasOwn(steps, step));
  if (!led)
    return [
      change("breaking", [...path, "version"], "state.no-migration", from, to, {
        en: `goes from ${from} to ${to} without a migration for each step`,
        fr: `passe de ${from} à ${to} sans une migration par étape`,
      }),
    ];
  return [change("behaviour", [...path, "version"], "state.migrated", from, to)];
};

const specRules: Readonly<Record<string, Rule>> = {
  driver: (path, before, after) => [change("behaviour", path, "driver.changed", before, after)],
  model: all("cost", "model.changed", {
    temperature: (path, before, after) => [change("behaviour", path, "model.temperature", before, after)],
  }),
  prompt: all("behaviour", "prompt.changed"),
  code: all("behaviour", "code.changed"),
  tools: namesakes(
    all("behaviour", "tools.changed", {
      mcp: all("permission", "tools.mcp", { allow: reachable("tools.allow") }),
      plugin: all("behaviour", "tools.plugin", {
        permissions: all("permission", "tools.permissions", {
          network: reachable("tools.network"),
          filesystem: rights(["none", "read-only", "read-write"], "tools.filesystem"),
        }),
      }),
    }),
    "tools",
  ),
  input,
  output,
  state,
  capabilities: reachable("capabilities", "behaviour", "breaking"),
  resources: all("cost", "resources.changed", {
    cpu: amount(parseCpu, "resources.cpu"),
    memory: amount((text) => parseMemory(/^\d+$/.test(text) ? Number(text) : text), "resources.memory"),
    isolation: (path, before, after) => [
      change(
        before === "dedicated" || (before === "script" && after === "shared") ? "permission" : "cost",
        path,
        "resources.isolation",
        before,
        after,
      ),
    ],
  }),
  limits: all("cost", "limits.changed", {
    timeout: amount(parseDuration, "limits.timeout"),
    maxCost: (path, before, after) => {
      const [old, next] = [before, after].map((value) => (typeof value === "string" ? parseMoney(value) : null));
      if (old && next && old.currency === next.currency && old.micros === next.micros)
        return [change("cosmetic", path, "limits.maxCost-rewritten", before, after)];
      return [change("cost", path, "limits.maxCost", before, after)];
    },
  }),
  sandbox: all("permission", "sandbox.changed", {
    network: all("permission", "sandbox.network", { egress: reachable("sandbox.egress") }),
    filesystem: rights(["read-only", "read-write"], "sandbox.filesystem"),
    syscalls: rights(["default", "unconfined"], "sandbox.syscalls"),
  }),
  slo: all("behaviour", "slo.changed", {
    latencyP95: amount(parseDuration, "slo.latencyP95"),
    window: amount(parseDuration, "slo.window"),
  }),
  warm: all("cost", "warm.changed"),
  secrets: namesakes(
    (path, before, after) => [
      change("permission", path, "secrets.changed", before, after, { en: "is read from another place", fr: "est lu à un autre endroit" }),
    ],
    "secrets",
  ),
};
