/** What the gate is asked, and what it answers. */
import type { Statement } from "./statement.ts";

/** What the caller already knows about the version in its hands; the bundle must say the same. `digest` is `sha256:` and 64 hex digits. */
export type Demands = {
  readonly tenantId: string;
  readonly predicateType: string;
  readonly subject: { readonly name: string; readonly digest: string };
  readonly now: Date;
};

/** Every check, in the order in which they are reported: a check comes after those that it needs. */
export const checkNames = [
  "bundle-form",
  "media-type",
  "one-signature",
  "one-entry",
  "payload-type",
  "key-known",
  "key-tenant",
  "signature",
  "statement-form",
  "predicate-type",
  "subject",
  "tenant",
  "entry-kind",
  "log-known",
  "entry-binds",
  "timestamp",
  "not-in-future",
  "log-window",
  "key-window",
  "key-trusted",
  "inclusion",
  "checkpoint",
  "checkpoint-agrees",
  "checkpoint-key-window",
  "not-revoked",
] as const;
export type CheckName = (typeof checkNames)[number];

/** What a person wants to see beside a check: times in ISO 8601, hashes in hex. */
export type Facts = Readonly<Record<string, string | number>>;

/**
 * A check that did not hold says why in `facts.reason`, a short code or the message of what was thrown. One that could not run names
 * the check it needs in `facts.needs`: unknown is a refusal too.
 */
export type Step = { readonly check: CheckName; readonly held: boolean; readonly facts: Facts };

/** `refusedBy` is the first check that did not hold. `statement` is null unless every check held: nothing unverified leaves the gate. */
export type Verdict = {
  readonly allowed: boolean;
  readonly steps: readonly Step[];
  readonly refusedBy: CheckName | null;
  readonly statement: Statement | null;
};
