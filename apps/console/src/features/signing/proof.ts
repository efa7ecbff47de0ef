/**
 * Why a version can run, worked out again from its bundle: the digest from the manifest's text, then every check of the gate, then
 * that the log has only grown since. What is asked comes from the page's address and the reader's session, not from the registry's
 * answer: a good bundle of another version proves nothing here.
 *
 *   step: held | refused | skipped     skipped: it could not run, because something it needs did not hold
 *
 * Fail-closed: a step that throws is refused, and unknown is never held.
 */
import { type CheckName, type Facts, type Statement, type Trust, verifyBundle } from "@agent-factory/gate";
import { PUBLICATION_TYPE, type Publication, publicationOf, publicationSubject } from "@agent-factory/gate/statement";
import { digestOf } from "@agent-factory/manifest/digest";
import { readDocument } from "@agent-factory/manifest/document";
import { isConsistent, readHead, type SentConsistency } from "./checkpoint.ts";

export type StepState = "held" | "refused" | "skipped";
export type CheckResult = { readonly name: CheckName; readonly state: StepState; readonly facts: Facts };

/** Each step is what a person would ask; the gate's checks that answer it stand below it. */
export const stepChecks = {
  digest: [],
  form: ["bundle-form", "media-type", "one-signature", "one-entry", "payload-type"],
  key: ["key-known", "key-tenant"],
  signature: ["signature"],
  statement: ["statement-form", "predicate-type", "subject", "tenant"],
  entry: ["entry-kind", "log-known", "entry-binds"],
  time: ["timestamp", "not-in-future", "log-window"],
  validity: ["key-window", "key-trusted"],
  inclusion: ["inclusion"],
  checkpoint: ["checkpoint", "checkpoint-agrees", "checkpoint-key-window"],
  revocation: ["not-revoked"],
  growth: [],
} as const satisfies Readonly<Record<string, readonly CheckName[]>>;
export type StepName = keyof typeof stepChecks;

export type ProofStep = {
  readonly name: StepName;
  readonly state: StepState;
  readonly checks: readonly CheckResult[];
  /** Of all its checks together. */
  readonly facts: Facts;
};

export type ProofReport = {
  readonly allowed: boolean;
  /** The first step that did not hold. A host decides by the same steps but the last, `growth`, which is about the log as a whole. */
  readonly refusedBy: StepName | null;
  readonly steps: readonly ProofStep[];
  /** What the verified statement says; null while anything but a revocation stands against it. */
  readonly publication: Publication | null;
};

export type ProofInput = {
  /** What the reader asks about. */
  readonly asked: { readonly tenantId: string; readonly tenantSlug: string; readonly name: string; readonly semver: string };
  readonly answer: {
    readonly source: string;
    readonly subject: { readonly digest: string };
    readonly state: string;
    readonly bundle: unknown;
    readonly trust: Trust;
    /** The log's head now, a signed note. */
    readonly checkpoint: string;
  };
  readonly now: Date;
  /** Proofs between the head in the bundle and later ones. */
  readonly fetchConsistency: (first: number) => Promise<SentConsistency>;
};

export async function checkProof({ asked, answer, now, fetchConsistency }: ProofInput): Promise<ProofReport> {
  const computed = digestOfText(answer.source);
  const digest = digestStep(computed, answer.subject.digest);
  const subject = {
    name: publicationSubject({ tenantSlug: asked.tenantSlug, templateName: asked.name, semver: asked.semver }),
    // The text on the page is what is to be proven; whatever digest the registry states has no part in it.
    digest: computed ?? answer.subject.digest,
  };
  const revoked = answer.state === "revoked" ? [...answer.trust.revoked, subject.digest] : answer.trust.revoked;
  const demands = { tenantId: asked.tenantId, predicateType: PUBLICATION_TYPE, subject, now };
  const verdict = await verifyBundle(answer.bundle, demands, { ...answer.trust, revoked });

  const results = new Map(verdict.steps.map(({ check, held, facts }) => [check, { name: check, state: stateOf(held, facts), facts }]));
  const gated = (Object.keys(stepChecks) as StepName[])
    .filter((name) => stepChecks[name].length > 0)
    .map((name) =>
      stepOf(
        name,
        stepChecks[name].flatMap((check) => results.get(check) ?? []),
      ),
    );
  const deciding = [digest, ...gated];
  const refusedBy = deciding.find(({ state }) => state !== "held")?.name ?? null;

  // A revoked version was published all the same: who approved it stays worth knowing.
  const alone = deciding.every(({ name, state }) => (name === "revocation" ? state === "refused" : state === "held"));
  const statement = alone ? (await verifyBundle(answer.bundle, demands, { ...answer.trust, revoked: [] })).statement : verdict.statement;
  return {
    allowed: verdict.allowed && refusedBy === null,
    refusedBy,
    steps: [...deciding, await growthStep(gated, answer, fetchConsistency)],
    publication: refusedBy === null || alone ? publication(statement) : null,
  };
}

/** Null when the text cannot be read as data. */
function digestOfText(source: string): string | null {
  try {
    const { data } = readDocument(source);
    return data === undefined ? null : digestOf(data);
  } catch {
    return null;
  }
}

function digestStep(computed: string | null, stated: string): ProofStep {
  const state = computed === stated ? "held" : "refused";
  return { name: "digest", state, checks: [], facts: { digest: computed ?? "", stated } };
}

function stateOf(held: boolean, facts: Facts): StepState {
  return held ? "held" : "needs" in facts ? "skipped" : "refused";
}

function stepOf(name: StepName, checks: readonly CheckResult[]): ProofStep {
  const state = checks.some((check) => check.state === "refused")
    ? "refused"
    : checks.length === 0 || checks.some((check) => check.state === "skipped")
      ? "skipped"
      : "held";
  return { name, state, checks, facts: Object.assign({}, ...checks.map(({ facts }) => facts)) };
}

/** How often to look again when the log grew between the head and the proof. */
const LOOKS_MAX = 3;

/** Whether the log's head of today continues the one in the bundle: nothing was removed or changed in between. */
async function growthStep(
  steps: readonly ProofStep[],
  { checkpoint, trust }: ProofInput["answer"],
  fetchConsistency: ProofInput["fetchConsistency"],
): Promise<ProofStep> {
  const step = (state: StepState, facts: Facts = {}): ProofStep => ({ name: "growth", state, checks: [], facts });
  const proven = steps.find(({ name }) => name === "checkpoint");
  const { origin, treeSize: size, rootHash: root } = proven?.facts ?? {};
  if (proven?.state !== "held" || typeof origin !== "string" || typeof size !== "number" || typeof root !== "string")
    return step("skipped", { needs: "checkpoint" });
  try {
    const log = trust.logs.find((one) => one.origin === origin);
    const head = log ? await readHead(checkpoint, log) : null;
    if (!head) return step("refused", { reason: "form" });
    const facts = { origin, treeSize: size, rootHash: root, nowSize: head.size, nowRoot: head.root };
    // A log that opened a new tree since has no proof between the two; the bundle's own head stays as good as it was.
    if (head.origin !== origin) return step("skipped", { ...facts, reason: "another-tree" });
    if (!head.signed) return step("refused", { ...facts, reason: "unsigned" });
    if (head.size < size) return step("refused", { ...facts, reason: "shrunk" });
    if (head.size === size) return head.root === root ? step("held", facts) : step("refused", { ...facts, reason: "another-root" });
    return step(...(await continues({ size, root }, head, facts, fetchConsistency)));
  } catch (error) {
    // No answer is no evidence, for or against.
    return step("skipped", { reason: error instanceof Error ? error.message : "thrown" });
  }
}

/**
 * Two signed heads that are both beginnings of one later tree are one log. The registry proves from a size up to its newest tree,
 * which may have grown since the head was read: then the head is proven to be a beginning of that same tree as well.
 */
async function continues(
  then: { readonly size: number; readonly root: string },
  head: { readonly size: number; readonly root: string },
  facts: Facts,
  fetchConsistency: ProofInput["fetchConsistency"],
): Promise<[StepState, Facts]> {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const [fromThen, fromHead] = await Promise.all([fetchConsistency(then.size), fetchConsistency(head.size)]);
    const found = { ...facts, proofHashes: fromThen.hashes.length };
    if (fromThen.second === head.size)
      return fromThen.secondRoot === head.root && isConsistent(fromThen, then)
        ? ["held", found]
        : ["refused", { ...found, reason: "not-so" }];
    if (fromThen.second !== fromHead.second || fromThen.secondRoot !== fromHead.secondRoot) continue;
    return isConsistent(fromThen, then) && isConsistent(fromHead, head) ? ["held", found] : ["refused", { ...found, reason: "not-so" }];
  }
  return ["skipped", { ...facts, reason: "moving" }];
}

function publication(statement: Statement | null): Publication | null {
  try {
    return statement === null ? null : publicationOf(statement);
  } catch {
    return null;
  }
}
