/** What the reviews module asks about rollout plans; main.ts hands it over, since reviews stand to the left. */
import type { Change } from "@agent-factory/manifest/compare";
import type { Decisions } from "../decisions/decisions.ts";
import type { Base, Check, Content, Meaning, SubjectKind } from "../reviews/reviews.ts";
import { readPlan } from "./plan.ts";
import { comparePlans } from "./plan-changes.ts";
import { findPlanDraft, listRevisions } from "./plan-store.ts";

export const PLAN_SUBJECT = "plan";

export function createPlanSubject({ decisions }: { decisions: Decisions }): SubjectKind {
  return {
    // A plan's own rules are its schema; how many must agree is the reviews' policy.
    policyRevision: () => decisions.revision("reviews"),
    judge: (_subject, { content, base }) => planMeaning(content, base),
    check: async (tx, { subjectName, head, outcome }) => {
      const [newest] = await listRevisions(tx, subjectName);
      return [soundCheck(head.digest !== null), baseCheck(outcome, head.base?.ref ?? null, newest ? String(newest.revision) : null)];
    },
    contributors: async (tx, sourceRef) => {
      const draft = await findPlanDraft(tx, sourceRef);
      return draft ? [draft.createdBy] : [];
    },
  };
}

export function planMeaning(source: string, base: Base | null): Meaning {
  const after = readPlan(source);
  const before = base && readPlan(base.content);
  const nextRef = base === null ? "1" : String(Number(base.ref) + 1);
  return {
    digest: after.digest,
    // A first revision changes nothing that was there: everything in it is new.
    changes:
      before === null || !after.plan
        ? []
        : before.plan
          ? comparePlans({ ...before, plan: before.plan }, { ...after, plan: after.plan })
          : [baseUnreadable(base?.ref)],
    demands: "none",
    nextRef: after.plan ? nextRef : null,
    findings: [],
    facts: {},
  };
}

export function planContent(source: string, base: Base | null): Content {
  return { ...planMeaning(source, base), content: source, base };
}

/** What cannot be compared may be looser in anything: it needs as many who agree as what is. */
function baseUnreadable(ref: string | undefined): Change {
  return {
    class: "permission",
    path: "/spec",
    code: "plan.base-unreadable",
    message: {
      en: `Revision ${ref} is no valid plan by today's rules: what became looser since cannot be told.`,
      fr: `La révision ${ref} n'est pas un plan valable selon les règles actuelles : on ne peut pas dire ce qui est devenu plus souple depuis.`,
    },
  };
}

function soundCheck(sound: boolean): Check {
  if (sound) return { name: "manifest", state: "passed", message: { en: "The plan is valid.", fr: "Le plan est valable." } };
  return { name: "manifest", state: "failed", message: { en: "The plan has errors.", fr: "Le plan contient des erreurs." } };
}

function baseCheck(outcome: string | null, base: string | null, newest: string | null): Check {
  if (outcome !== null)
    return { name: "base", state: "passed", message: { en: `Published as revision ${outcome}.`, fr: `Publié comme révision ${outcome}.` } };
  if (base !== newest)
    return {
      name: "base",
      state: "failed",
      message: { en: `Revision ${newest} was published meanwhile.`, fr: `La révision ${newest} a été publiée entre-temps.` },
    };
  if (base === null)
    return { name: "base", state: "passed", message: { en: "It is the first revision.", fr: "C'est la première révision." } };
  return {
    name: "base",
    state: "passed",
    message: { en: `Its base, revision ${base}, is the latest.`, fr: `Sa base, la révision ${base}, est la dernière.` },
  };
}
