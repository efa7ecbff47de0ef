/**
 * What a bundle states: an in-toto Statement (version 1) about one artefact. Its bytes are canonical JSON (RFC 8785), so a statement
 * has one payload, and no two parsers read it differently.
 */
import { utf8ToBytes } from "@noble/hashes/utils.js";
import canonicalize from "canonicalize";
import { z } from "zod";

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
export const PUBLICATION_TYPE = "https://agentfactory.dev/attestations/publication/v1";
export const PLAN_PUBLICATION_TYPE = "https://agentfactory.dev/attestations/plan-publication/v1";

const text = z.string().min(1).max(1000);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const time = z.iso.datetime();
const count = z.int().nonnegative();
const person = z.strictObject({ id: text, name: text });
const review = z.strictObject({
  id: text,
  number: count,
  revision: count,
  policyRevision: text,
  contributors: z.array(text).max(1000),
  approvals: z.array(z.strictObject({ by: person, at: time })).max(1000),
});

/** Every predicate of ours names the tenant that it speaks for. */
const statementSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.strictObject({ name: text, digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }) })).max(100),
  predicateType: text,
  predicate: z.looseObject({ tenant: z.looseObject({ id: text }) }),
});
export type Statement = z.infer<typeof statementSchema>;

/** Why a version could be published: who wrote it, who approved it, and what the policy said. */
export const publicationSchema = z.strictObject({
  tenant: z.strictObject({ id: text, slug: text }),
  template: text,
  semver: text,
  parent: z.strictObject({ semver: text, digest }).nullable(),
  /** Of the code archive; null for a version without code. */
  codeDigest: digest.nullable(),
  /** Null for versions that the system seeded before there were reviews. */
  review: review.nullable(),
  policy: z.strictObject({ revision: text, rules: z.array(text).max(1000), allowed: z.literal(true) }),
  publishedAt: time,
});
export type Publication = z.infer<typeof publicationSchema>;

/** Why a revision of a rollout plan could be published: who proposed it, who approved it, and by which policy they were enough. */
export const planPublicationSchema = z.strictObject({
  tenant: z.strictObject({ id: text, slug: text }),
  plan: text,
  revision: count.min(1),
  parent: z.strictObject({ revision: count.min(1), digest }).nullable(),
  proposedBy: person,
  review,
  publishedAt: time,
});
export type PlanPublication = z.infer<typeof planPublicationSchema>;

/** `finance/templates/invoice-triage@1.4.0` */
export function publicationSubject(subject: { tenantSlug: string; templateName: string; semver: string }): string {
  return `${subject.tenantSlug}/templates/${subject.templateName}@${subject.semver}`;
}

/** `digest` (`sha256:…`) is the version's. @throws ZodError for what the gate would refuse. */
export function publicationStatement(publication: Publication, digest: string): Statement {
  const { tenant, template, semver } = publication;
  const name = publicationSubject({ tenantSlug: tenant.slug, templateName: template, semver });
  return parseStatement({
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: digest.replace(/^sha256:/, "") } }],
    predicateType: PUBLICATION_TYPE,
    predicate: publication,
  });
}

/** @throws ZodError when the statement is not a publication. */
export function publicationOf({ predicateType, predicate }: Statement): Publication {
  z.literal(PUBLICATION_TYPE).parse(predicateType);
  return publicationSchema.parse(predicate);
}

/** `finance/plans/standard@3` */
export function planPublicationSubject(subject: { tenantSlug: string; planName: string; revision: number }): string {
  return `${subject.tenantSlug}/plans/${subject.planName}@${subject.revision}`;
}

/** `digest` (`sha256:…`) is the revision's. @throws ZodError for what the gate would refuse. */
export function planPublicationStatement(publication: PlanPublication, digest: string): Statement {
  return parseStatement({
    _type: STATEMENT_TYPE,
    subject: [{ name: planSubjectOf(publication), digest: { sha256: digest.replace(/^sha256:/, "") } }],
    predicateType: PLAN_PUBLICATION_TYPE,
    predicate: publication,
  });
}

function planSubjectOf({ tenant, plan, revision }: PlanPublication): string {
  return planPublicationSubject({ tenantSlug: tenant.slug, planName: plan, revision });
}

/** The payload to sign. */
export function statementBytes(statement: Statement): Uint8Array<ArrayBuffer> {
  return utf8ToBytes(canonicalize(statement) ?? "") as Uint8Array<ArrayBuffer>;
}

/** @throws for whatever is not the canonical bytes of a statement; a publication, of a version or of a plan, must be one in every field. */
export function readStatement(payload: Uint8Array): Statement {
  const source = utf8.decode(payload);
  const data: unknown = JSON.parse(source);
  if (canonicalize(data) !== source) throw new Error("not canonical JSON");
  return parseStatement(data);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parseStatement(data: unknown): Statement {
  const statement = statementSchema.parse(data);
  const name = subjectOf(statement);
  if (name !== null && statement.subject.some((subject) => subject.name !== name))
    throw new Error("the subject is not what the predicate speaks of");
  return statement;
}

/** What a predicate of ours speaks of; null for those of others, which say nothing that we could compare. */
function subjectOf({ predicateType, predicate }: Statement): string | null {
  if (predicateType === PLAN_PUBLICATION_TYPE) return planSubjectOf(planPublicationSchema.parse(predicate));
  if (predicateType !== PUBLICATION_TYPE) return null;
  const { tenant, template, semver } = publicationSchema.parse(predicate);
  return publicationSubject({ tenantSlug: tenant.slug, templateName: template, semver });
}
