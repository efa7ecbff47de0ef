/**
 * What changed between two revisions of a plan, and what each change means for those who rely on a channel. Pure.
 *
 *   permission   looser: a worse version may reach more of them, sooner, on less proof, or with nobody who looks
 *   behaviour    stricter, or neither the one nor the other
 *   cosmetic     says the same in other words
 *
 * Steps are known by their weight: one that has its weight still is the same step, whatever stands before it. Between two of those, what is
 * left of the old and of the new is told as steps that changed their weight, then as steps that came or went.
 */
import type { Change, ChangeClass } from "@agent-factory/manifest/compare";
import { pointerOf, quoted, type Sentence } from "@agent-factory/manifest/diagnostic";
import type { Plan, PlanMetric, PlanStep } from "./plan.ts";

const classOrder: readonly ChangeClass[] = ["permission", "behaviour", "cosmetic"];
/** Least first. */
const SEVERITY: readonly PlanMetric["onBreach"][] = ["notify", "pause", "rollback"];

/** No change is found exactly when the two have one digest; gravest first. */
export function comparePlans(before: { plan: Plan; digest: string }, after: { plan: Plan; digest: string }): Change[] {
  if (before.digest === after.digest) return [];
  const [old, next] = [before.plan, after.plan];
  const changes = [
    ...moved({ path: ["metadata", "title"], code: "plan.title", judge: cosmetic }, old.title, next.title),
    // Less of it finds a worse version later, more of it calls one healthy on less proof: either way something is given up.
    ...moved({ path: ["spec", "alpha"], code: "plan.alpha", judge: looser }, old.alpha, next.alpha),
    ...compareSteps(old.steps, next.steps),
    ...compareMetrics(old.metrics, next.metrics),
  ].toSorted((a, b) => classOrder.indexOf(a.class) - classOrder.indexOf(b.class));
  if (changes.length > 0) return changes;
  return [
    change("cosmetic", ["spec"], "plan.rewritten", {
      en: "is written differently and means the same",
      fr: "est écrit autrement et dit la même chose",
    }),
  ];
}

type Path = readonly PropertyKey[];

function change(kind: ChangeClass, path: Path, code: string, says: Sentence, values: { before?: unknown; after?: unknown } = {}): Change {
  const place = path.map(String).join(".");
  return { class: kind, path: pointerOf(path), code, message: { en: `${place} ${says.en}.`, fr: `${place} ${says.fr}.` }, ...values };
}

type Judge<V> = (before: V, after: V) => ChangeClass;
type Field<V> = {
  readonly path: Path;
  readonly code: string;
  readonly judge: Judge<V>;
  /** Whose field it is, where its place does not say that. */
  readonly whose?: Sentence;
  readonly shown?: (value: V) => string;
};

/** A value that became another one. */
function moved<V extends string | number>({ path, code, judge, whose, shown = told }: Field<V>, before: V, after: V): Change[] {
  if (before === after) return [];
  const [old, next] = [shown(before), shown(after)];
  const says = { en: `changed from ${old} to ${next}`, fr: `est passé de ${old} à ${next}` };
  const whole = whose ? { en: `${whose.en} ${says.en}`, fr: `${whose.fr} ${says.fr}` } : says;
  return [change(judge(before, after), path, code, whole, { before, after })];
}

function told(value: string | number): string {
  return typeof value === "string" ? quoted(value) : String(value);
}

/** As somebody would write it. */
function durationOf(ms: number): string {
  const [unit, size] = UNITS.find(([, of]) => ms % of === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}
const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

const cosmetic = (): ChangeClass => "cosmetic";
const looser = (): ChangeClass => "permission";
const neither = (): ChangeClass => "behaviour";
const lessIsLooser: Judge<number> = (before, after) => (after < before ? "permission" : "behaviour");
const moreIsLooser: Judge<number> = (before, after) => (after > before ? "permission" : "behaviour");
const goingOnIsLooser: Judge<PlanStep["onDeadline"]> = (_, after) => (after === "proceed" ? "permission" : "behaviour");
const milderIsLooser: Judge<PlanMetric["onBreach"]> = (before, after) => lessIsLooser(SEVERITY.indexOf(before), SEVERITY.indexOf(after));

type Placed = { readonly at: number; readonly step: PlanStep };

function compareSteps(before: readonly PlanStep[], after: readonly PlanStep[]): Change[] {
  const changes: Change[] = [];
  const gone: PlanStep[] = [];
  let [old, next]: [PlanStep[], Placed[]] = [[], []];
  const settle = () => {
    for (const [n, { at, step }] of next.entries()) {
      const earlier = old[n];
      changes.push(...(earlier ? compareStep(at, earlier, step) : [addedStep({ at, step })]));
    }
    gone.push(...old.slice(next.length));
    [old, next] = [[], []];
  };
  let from = 0;
  for (const [at, step] of after.entries()) {
    const same = before.findIndex(({ weight }) => weight === step.weight);
    const earlier = before[same];
    if (!earlier) {
      next.push({ at, step });
      continue;
    }
    old = before.slice(from, same);
    settle();
    changes.push(...compareStep(at, earlier, step));
    from = same + 1;
  }
  // Both end at 100 %: nothing is left of either.
  return gone.length === 0 ? changes : [...changes, removedSteps(gone)];
}

function compareStep(at: number, before: PlanStep, after: PlanStep): Change[] {
  const path = ["spec", "steps", at];
  const whose = { en: `of the step at ${after.weight} %`, fr: `de l'étape à ${after.weight} %` };
  const field = <V>(name: string, judge: Judge<V>) => ({ path: [...path, name], code: `steps.${name}`, judge, whose });
  const weight = { path: [...path, "weight"], code: "steps.weight", judge: moreIsLooser, shown: (value: number) => `${value} %` };
  // With time over and nobody asked, the canary goes on: less time is less proof. Where it pauses, time only says when somebody looks.
  const deadline = { ...field("deadline", after.onDeadline === "proceed" ? lessIsLooser : neither), shown: durationOf };
  return [
    ...moved(weight, before.weight, after.weight),
    ...moved(field("minSamples", lessIsLooser), before.minSamples, after.minSamples),
    ...moved(deadline, before.deadlineMs, after.deadlineMs),
    ...moved(field("onDeadline", goingOnIsLooser), before.onDeadline, after.onDeadline),
    ...compareGates([...path, "gate"], before.gate, after.gate),
  ];
}

function compareGates(path: Path, before: PlanStep["gate"], after: PlanStep["gate"]): Change[] {
  if (before && after) return moved({ path: [...path, "title"], code: "steps.gate-title", judge: cosmetic }, before.title, after.title);
  if (before) {
    const title = quoted(before.title);
    const says = {
      en: `${title} was removed: nobody has to let the step end`,
      fr: `${title} a été supprimée : plus personne n'a à laisser finir l'étape`,
    };
    return [change("permission", path, "steps.gate-removed", says, { before: before.title })];
  }
  if (!after) return [];
  const title = quoted(after.title);
  const says = {
    en: `${title} was added: the step ends when somebody lets it`,
    fr: `${title} a été ajoutée : l'étape finit quand quelqu'un le permet`,
  };
  return [change("behaviour", path, "steps.gate-added", says, { after: after.title })];
}

/** One more step is one more look before everybody has the new version. */
function addedStep({ at, step: { weight } }: Placed): Change {
  const says = { en: `is a new step, at ${weight} %`, fr: `est une nouvelle étape, à ${weight} %` };
  return change("behaviour", ["spec", "steps", at], "steps.added", says);
}

/** All that are gone, as one change: no place of the newer text is theirs. */
function removedSteps(gone: readonly PlanStep[]): Change {
  const weights = gone.map(({ weight }) => `${weight} %`).join(", ");
  const says = { en: `no longer stop at ${weights}`, fr: `ne s'arrêtent plus à ${weights}` };
  return change("permission", ["spec", "steps"], "steps.removed", says);
}

function compareMetrics(before: readonly PlanMetric[], after: readonly PlanMetric[]): Change[] {
  const changes = after.flatMap((metric, at): Change[] => {
    const path = ["spec", "metrics", at];
    const { name } = metric;
    const old = before.find((other) => other.name === name);
    if (!old) {
      const says = { en: `watches ${quoted(name)} as well`, fr: `surveille aussi ${quoted(name)}` };
      return [change("behaviour", path, "metrics.added", says)];
    }
    const whose = { en: `of ${quoted(name)}`, fr: `de ${quoted(name)}` };
    const field = <V>(key: string, judge: Judge<V>) => ({ path: [...path, key], code: `metrics.${key}`, judge, whose });
    return [
      ...moved(field("tolerance", moreIsLooser), old.tolerance, metric.tolerance),
      ...moved(field("margin", moreIsLooser), old.margin, metric.margin),
      ...moved(field("onBreach", milderIsLooser), old.onBreach, metric.onBreach),
    ];
  });
  const gone = before.filter(({ name }) => !after.some((other) => other.name === name)).map(({ name }) => quoted(name));
  if (gone.length === 0) return changes;
  const says = { en: `no longer watch ${gone.join(", ")}`, fr: `ne surveillent plus ${gone.join(", ")}` };
  return [...changes, change("permission", ["spec", "metrics"], "metrics.removed", says)];
}
