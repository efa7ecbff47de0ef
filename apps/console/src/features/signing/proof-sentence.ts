/** A step of a proof as a person would say it. Pure. */
import type { Format } from "../../i18n/i18n.tsx";
import type { ProofReport, ProofStep } from "./proof.ts";
import type { proofMessages } from "./proof-messages.ts";
import { shortHash } from "./signing-view.ts";

type Words = (typeof proofMessages)["en"];
/** How this proof's own things are called in sentences: "dependency-audit 1.0.0", "Acme Finance". */
export type Names = { readonly version: string; readonly tenant: string };

export function sentenceOf(step: ProofStep, words: Words, format: Format, names: Names): string {
  const { facts } = step;
  const text = (name: string) => String(facts[name] ?? "");
  const number = (name: string) => format.number(Number(facts[name] ?? 0));
  if (step.state === "refused") return refusalOf(step, words, format);
  if (step.name === "growth" && step.state === "skipped" && facts["needs"] === undefined)
    return facts["reason"] === "another-tree" ? words.step_growth_moved : words.step_growth_away;
  if (step.state === "skipped") return words.stepSkipped(`${words[`about_${step.name}`]}.`);
  switch (step.name) {
    case "digest":
      return words.step_digest(shortHash(text("digest")));
    case "key":
      return words.step_key(shortHash(text("hint")), names.tenant);
    case "statement":
      return words.step_statement(names.version);
    case "time":
      return words.step_time(format.dateTime(text("integratedTime")));
    case "inclusion":
      return words.step_inclusion(number("logIndex"), number("treeSize"), Number(facts["treeSize"]));
    case "growth":
      return facts["nowSize"] === facts["treeSize"]
        ? words.step_growth_same(number("nowSize"))
        : words.step_growth(number("treeSize"), number("nowSize"));
    default:
      return words[`step_${step.name}`];
  }
}

function refusalOf({ name, checks, facts }: ProofStep, words: Words, format: Format): string {
  const failed = (check: string) => checks.some((one) => one.name === check && one.state === "refused");
  if (name === "time" && failed("not-in-future") && !failed("timestamp")) return words.step_time_future;
  if (name === "validity" && failed("key-trusted") && typeof facts["distrustedFrom"] === "string")
    return words.step_validity_distrusted(format.dateTime(facts["distrustedFrom"]));
  if (name === "growth" && facts["reason"] === "unsigned") return words.step_growth_unsigned;
  if (name === "growth" && facts["reason"] === "shrunk") return words.step_growth_shrunk;
  return words[`step_${name}_refused`];
}

/** What to do about a proof that does not hold. */
export function wayOutOf(report: ProofReport, words: Words): string {
  switch (report.refusedBy) {
    case "revocation":
      return words.wayOut_revocation;
    case "validity":
      return words.wayOut_validity;
    case "time":
      return words.wayOut_time;
    case "digest":
      return words.wayOut_digest;
    default:
      return words.wayOut;
  }
}
