/** Why a request was refused. The kind decides the transport status; the code (`noun.reason`) decides the sentence. */
export type FailureKind = "missing" | "conflict" | "forbidden" | "invalid" | "limit" | "unavailable";

/** What a failure may carry for the reader: named values for the sentence, and where in the input it lies. */
export type FailureDetails = { readonly [name: string]: unknown };

/**
 * The only refusal. Anything else that is thrown is a bug: it is logged, and shown as "Internal error" with a trace id.
 *
 * `code` is stable and typed through to the browser as `error.data.failure`, where the console owns the translation;
 * `message` is the plain English sentence for logs, the CLI and REST.
 */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly kind: FailureKind;
  readonly code: `${string}.${string}`;
  readonly details: FailureDetails;

  constructor(kind: FailureKind, code: `${string}.${string}`, message: string, details: FailureDetails = {}) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.details = details;
  }
}
