/**
 * What the checks look at, each part worked out once and only when a check asks.
 *
 * One check answers for each part: it `establish`es the part and reports why there is none. The others `get` it, and where there is
 * none they could not run: they name the check that answers for it.
 */

import { type Checkpoint, type Note, parseCheckpoint, parseNote } from "@agent-factory/tlog/note";
import { bytesToHex } from "@noble/hashes/utils.js";
import { type Entry, type OpenedBundle, openBundle, type Proof } from "./bundle.ts";
import { keyHint, logIdOf } from "./keys.ts";
import { readStatement, type Statement } from "./statement.ts";
import type { Trust, TrustedKey, TrustedLog } from "./trust.ts";
import type { CheckName, Demands, Facts } from "./verdict.ts";

/** A check did not hold; `reason` is a short code. */
export class Refused extends Error {
  readonly facts: Facts;
  constructor(reason: string, facts: Facts = {}) {
    super(reason);
    this.facts = facts;
  }
}

/** A check could not run without a part that another check answers for. */
export class Unmet extends Error {
  readonly needs: CheckName;
  constructor(needs: CheckName) {
    super(needs);
    this.needs = needs;
  }
}

type Part<T> = {
  /** @throws why there is none. */
  establish(): T;
  /** @throws Unmet when there is none. */
  get(): T;
};

export type Evidence = {
  readonly demands: Demands;
  readonly trust: Trust;
  readonly bundle: Part<OpenedBundle>;
  readonly signature: Part<Uint8Array<ArrayBuffer>>;
  readonly entry: Part<Entry>;
  readonly key: Part<TrustedKey>;
  readonly statement: Part<Statement>;
  /** The trees of the log that the entry names; at least one. All have the same key. */
  readonly logs: Part<readonly [TrustedLog, ...TrustedLog[]]>;
  readonly proof: Part<Proof>;
  readonly checkpoint: Part<Checkpoint & { readonly note: Note }>;
  /** The tree that the checkpoint is of. */
  readonly tree: Part<TrustedLog>;
};

export function gatherEvidence(bundle: unknown, demands: Demands, trust: Trust): Evidence {
  const opened = part("bundle-form", () => openBundle(bundle));
  const signature = part("one-signature", () => opened.get().signatures[0] ?? refuse("none"));
  const entry = part("one-entry", () => opened.get().entries[0] ?? refuse("none"));
  const key = part("key-known", () => {
    const { hint } = opened.get();
    const [known, ...others] = trust.keys.filter((candidate) => candidate.hint === hint);
    if (!known) return refuse("unknown", { hint });
    if (others.length > 0) return refuse("ambiguous", { hint });
    return keyHint(known.spki) === hint ? known : refuse("hint-of-another-key", { hint });
  });
  const statement = part("statement-form", () => readStatement(opened.get().payload));
  const logs = part("log-known", () => {
    const logId = bytesToHex(entry.get().logId);
    const [log, ...others] = trust.logs.filter((candidate) => candidate.logId === logId && logIdOf(candidate.spki) === logId);
    return log ? ([log, ...others] as const) : refuse("unknown", { logId });
  });
  const proof = part("inclusion", () => entry.get().proof ?? refuse("missing"));
  const checkpoint = part("checkpoint", () => {
    const note = parseNote(proof.get().checkpoint ?? refuse("missing")) ?? refuse("form");
    return { ...(parseCheckpoint(note.text) ?? refuse("form")), note };
  });
  const tree = part("checkpoint", () => {
    const { origin } = checkpoint.establish();
    return logs.get().find((candidate) => candidate.origin === origin) ?? refuse("unknown-origin", { origin });
  });
  return { demands, trust, bundle: opened, signature, entry, key, statement, logs, proof, checkpoint, tree };
}

function refuse(reason: string, facts?: Facts): never {
  throw new Refused(reason, facts);
}

function part<T>(answers: CheckName, compute: () => T): Part<T> {
  let known: { readonly value: T } | { readonly error: unknown } | undefined;
  const settle = () => {
    try {
      return { value: compute() };
    } catch (error) {
      return { error };
    }
  };
  const establish = (): T => {
    known ??= settle();
    if ("error" in known) throw known.error;
    return known.value;
  };
  const get = (): T => {
    try {
      return establish();
    } catch (error) {
      throw error instanceof Unmet ? error : new Unmet(answers);
    }
  };
  return { establish, get };
}
