/**
 * Evaluates a policy in this process: WebAssembly built from `policies/` by `npm run policies`. Every policy has one entrypoint,
 * `<name>/decision`, that yields an object with at least `allowed`. Fail-closed: a missing policy, a throw, or a result of
 * another shape is a deny with the rule `policy.error`.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { type AnyTransaction, jsonParameter, sqlOf } from "../../platform/sql.ts";

// Its ES module leaves out the synchronous loader that its types promise; its CommonJS module has it.
const { loadPolicySync } = createRequire(import.meta.url)("@open-policy-agent/opa-wasm") as typeof import("@open-policy-agent/opa-wasm");

export type PolicyName = "access" | "templates" | "reviews";

export type Verdict = {
  readonly allowed: boolean;
  /** Names of the rules that led to it. */
  readonly rules: readonly string[];
  /** `sha256:` over the policy's code and data: what it was judged by. */
  readonly revision: string;
  /** Everything the entrypoint said, for policies that say more (findings). Null when the evaluation failed. */
  readonly value: Readonly<Record<string, unknown>> | null;
};

export type Decisions = {
  /** Microseconds; never throws. Keep inputs small: 47 KB cost 0.4 ms. */
  decide(policy: PolicyName, input: unknown): Verdict;
  /** What a verdict of this policy is judged by now. */
  revision(policy: PolicyName): string;
  /** Keeps a refusal, or a judgement of an artefact, in the caller's transaction. */
  record(
    tx: AnyTransaction,
    decision: { tenantId: string | null; policy: PolicyName; action: string; input: unknown; verdict: Verdict },
  ): Promise<void>;
};

export const POLICIES_DIR = path.resolve(import.meta.dirname, "../../../../../policies/dist");

/** What the engine brings itself; a policy that needs another built-in is refused at load, not at the first decision. */
const BUILT_INS = new Set(["sprintf", "json.is_valid", "regex.split", "yaml.is_valid", "yaml.marshal", "yaml.unmarshal"]);

type Policy = { readonly evaluate: (input: unknown) => unknown; readonly revision: string };

/** Loads every policy of `directory`. Throws when one cannot be loaded: a process without its policies must not start. */
export function createDecisions({
  directory = POLICIES_DIR,
  names = ["access", "templates", "reviews"],
  onError = () => undefined,
}: {
  directory?: string;
  names?: readonly PolicyName[];
  onError?: (error: unknown, policy: PolicyName) => void;
} = {}): Decisions {
  const policies = new Map(names.map((name) => [name, load(directory, name)]));
  return {
    decide: (name, input) => {
      const policy = policies.get(name);
      const revision = policy?.revision ?? "none";
      try {
        if (!policy) throw new Error(`No policy ${name}`);
        const value = verdictOf(policy.evaluate(input));
        return { allowed: value.allowed === true, rules: namesOf(value.rules), revision, value };
      } catch (error) {
        onError(error, name);
        return { allowed: false, rules: ["policy.error"], revision, value: null };
      }
    },
    revision: (name) => policies.get(name)?.revision ?? "none",
    record: async (tx, { tenantId, policy, action, input, verdict }) => {
      const text = jsonParameter(input) ?? "null";
      await sqlOf(tx).execute(
        `insert into decisions (tenant_id, policy, action, input_digest, input, allowed, rules, revision)
         values ($1::uuid, $2, $3, $4, $5::jsonb, $6, $7::text[], $8)`,
        [
          tenantId,
          policy,
          action,
          `sha256:${createHash("sha256").update(text).digest("hex")}`,
          text,
          verdict.allowed,
          [...verdict.rules],
          verdict.revision,
        ],
      );
    },
  };
}

function load(directory: string, name: PolicyName): Policy {
  const wasm = readFileSync(path.join(directory, `${name}.wasm`));
  const dataText = readFileSync(path.join(directory, `${name}.json`), "utf8");
  const loaded = loadPolicySync(wasm);
  const missing = builtInsOf(loaded as unknown as CompiledPolicy).filter((builtIn) => !BUILT_INS.has(builtIn));
  if (missing.length > 0) throw new Error(`Policy ${name} needs built-ins that this engine lacks: ${missing.join(", ")}`);
  loaded.setData(JSON.parse(dataText));
  return {
    evaluate: (input) => loaded.evaluate(input, `${name}/decision`),
    revision: `sha256:${createHash("sha256").update(wasm).update(dataText).digest("hex")}`,
  };
}

/** The part of the compiled policy's own interface (OPA WebAssembly ABI 1.x) that says which built-ins it imports. */
type CompiledPolicy = {
  readonly mem: { readonly buffer: ArrayBuffer };
  readonly wasmInstance: { readonly exports: { builtins(): number; opa_json_dump(address: number): number } };
};

function builtInsOf({ mem, wasmInstance }: CompiledPolicy): string[] {
  const start = wasmInstance.exports.opa_json_dump(wasmInstance.exports.builtins());
  const memory = new Uint8Array(mem.buffer);
  return Object.keys(JSON.parse(Buffer.from(memory.subarray(start, memory.indexOf(0, start))).toString("utf8")) as object);
}

function verdictOf(results: unknown): Record<string, unknown> {
  const result: unknown = Array.isArray(results) && results.length === 1 ? results[0]?.result : undefined;
  if (typeof result !== "object" || result === null || !("allowed" in result)) throw new Error("The policy gave no decision");
  return result as Record<string, unknown>;
}

function namesOf(rules: unknown): string[] {
  return Array.isArray(rules) ? rules.filter((rule) => typeof rule === "string") : [];
}
