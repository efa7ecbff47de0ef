/**
 * A host's no to a version. `check` is a check of `packages/gate` or one of the host's own below; the message is a sentence for people
 * who know no codes. It ends the run: it is never taken for a fault of the network. Only when this host believes nobody (`trust-…`: a
 * wrong clock, another root) the no is about the host, and the run may go to another one.
 */
import type { CheckName } from "@agent-factory/gate";
import type { TrustRefusal } from "@agent-factory/gate/trust";

export type HostCheck =
  /** A run of a version whose lease names no bundle. */
  | "unsigned"
  /** The bytes under these digests, each fetched twice. */
  | "bundle-bytes"
  | "manifest-bytes"
  | "code-bytes"
  /** The lease against what was signed: the version that the bundle speaks of, and the manifest under its digest. */
  | "lease-version"
  | "lease-code"
  | "lease-limits"
  /** Trust itself. */
  | "trust-root-changed"
  | `trust-${TrustRefusal}`;

export class VersionRefused extends Error {
  override readonly name = "VersionRefused";
  readonly check: CheckName | HostCheck;
  constructor(check: CheckName | HostCheck, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.check = check;
  }

  /** It says something about this host, nothing about the version. */
  get aboutHost(): boolean {
    return this.check.startsWith("trust-");
  }
}
