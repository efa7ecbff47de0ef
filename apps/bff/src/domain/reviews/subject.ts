/** What a review knows of its subject: a kind, a name, a digest. The module of the subject stands to the right and is passed in. */
import type { Sentence } from "@agent-factory/manifest/diagnostic";
import type { Transaction } from "../../platform/database.ts";
import type { Base, Head, Meaning } from "./review.ts";

export type Subject = { readonly kind: string; readonly name: string };

/** One look at what stands in the way, as of now. Anything `failed` keeps the head from being approved. */
export type Check = {
  readonly name: "manifest" | "policy" | "code" | "base";
  readonly state: "passed" | "warning" | "failed";
  readonly message: Sentence;
};

export type Checked = {
  readonly tenantId: string;
  readonly subjectName: string;
  readonly outcome: string | null;
  readonly head: Pick<Head, "digest" | "nextRef" | "findings" | "facts"> & { readonly base: Pick<Base, "ref"> | null };
};

export type SubjectKind = {
  /** Revision of the policies that judge such a subject now. */
  policyRevision(): string;
  /** Reads a content beside its base and judges it by today's policies; `facts` are those it had. */
  judge(subject: Subject, content: { readonly content: string; readonly base: Base | null; readonly facts: unknown }): Meaning;
  /** Cheap: asked with every look at a page, so it reads the head's meaning and never its content. */
  check(tx: Transaction, review: Checked): Promise<Check[]>;
  /** Ids of all whose bytes are in the content, of whatever kind they are. */
  contributors(tx: Transaction, sourceRef: string, facts: unknown): Promise<string[]>;
};

export type SubjectKinds = Readonly<Record<string, SubjectKind>>;
