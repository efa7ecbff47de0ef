/**
 * The gate: whether a version may run, decided from its bundle alone, by the same code in the registry, on a host and in the browser.
 *
 * Fail-closed: it never throws, whatever it is given. What a check throws is that check not holding; what could not be checked did not
 * hold; and a version is allowed only when every check held.
 */
import { z } from "zod";
import { checks } from "./checks.ts";
import { type Evidence, gatherEvidence, Refused, Unmet } from "./evidence.ts";
import type { Trust } from "./trust.ts";
import { type CheckName, checkNames, type Demands, type Facts, type Step, type Verdict } from "./verdict.ts";

export type { Publication, Statement } from "./statement.ts";
export type { Trust, TrustedKey, TrustedLog } from "./trust.ts";
export type { CheckName, Demands, Facts, Step, Verdict } from "./verdict.ts";

/** `bundle` is the parsed JSON of a Sigstore bundle, from anyone. Keys once imported are kept, so the first call is the slowest. */
export function verifyBundle(bundle: unknown, demands: Demands, trust: Trust): Promise<Verdict> {
  return verifyWith(checkNames, bundle, demands, trust);
}

/** With some of the checks only: for tests that show what each check is for. */
export async function verifyWith(names: readonly CheckName[], bundle: unknown, demands: Demands, trust: Trust): Promise<Verdict> {
  const evidence = gatherEvidence(bundle, demands, trust);
  const steps = await Promise.all(names.map((name) => take(name, evidence)));
  const refusedBy = steps.find(({ held }) => !held)?.check ?? null;
  const allowed = steps.length > 0 && refusedBy === null;
  return { allowed, steps, refusedBy, statement: allowed ? evidence.statement.get() : null };
}

async function take(check: CheckName, evidence: Evidence): Promise<Step> {
  try {
    return { check, held: true, facts: await checks[check](evidence) };
  } catch (error) {
    return { check, held: false, facts: factsOf(error) };
  }
}

function factsOf(error: unknown): Facts {
  if (error instanceof Unmet) return { needs: error.needs };
  if (error instanceof Refused) return { ...error.facts, reason: error.message };
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return { reason: `${issue?.message ?? "malformed"}`, at: `/${(issue?.path ?? []).join("/")}` };
  }
  return { reason: error instanceof Error ? error.message : "thrown" };
}
