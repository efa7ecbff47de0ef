import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { findOpa, sourcesOf } from "../../../../../scripts/policies.ts";
import { ACTIONS, type Action } from "../access/actions.ts";
import { createDecisions, POLICIES_DIR } from "./decisions.ts";

const decisions = createDecisions();
const ROLES = ["editor", "reviewer", "manager", "operator", "admin", "ci", "host", "system", "member", "nobody"];
const KINDS = ["user", "token", "host", "system"];
const ACTION_NAMES = Object.keys(ACTIONS) as Action[];

const asked = (kind: string, roles: readonly string[], action: string, resource: object = { kind: "any", id: "1" }) => ({
  actor: { kind, id: "a", roles, tenantId: "t1" },
  action,
  resource,
});

test("every role may do exactly what the table says", () => {
  for (const action of ACTION_NAMES) {
    for (const role of ["editor", "reviewer", "manager", "operator", "admin"]) {
      const expected = (ACTIONS[action] as readonly string[]).some((allowed) => allowed === role || allowed === "member");
      expect(decisions.decide("access", asked("user", [role], action)).allowed, `${role} ${action}`).toBe(expected);
    }
  }
});

test("input that no caller should send is denied, never thrown", () => {
  const errors: unknown[] = [];
  const strict = createDecisions({ onError: (error) => errors.push(error) });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  for (const input of [null, undefined, 1, "x", [], {}, { actor: null }, { actor: { roles: "admin" } }, circular, { action: 1n }]) {
    expect(strict.decide("access", input).allowed).toBe(false);
  }
  expect(strict.decide("access", circular).rules).toEqual(["policy.error"]);
  expect(errors.length).toBeGreaterThan(0);
});

test("a policy that is not there denies", () => {
  expect(createDecisions({ names: ["access"] }).decide("templates", {})).toMatchObject({
    allowed: false,
    rules: ["policy.error"],
    revision: "none",
  });
});

test("after a throw the next decision is right again", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(decisions.decide("access", circular).allowed).toBe(false);
  expect(decisions.decide("access", asked("user", ["editor"], "drafts.save")).allowed).toBe(true);
});

test("another table of roles is another revision", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "policies-"));
  try {
    cpSync(POLICIES_DIR, directory, { recursive: true });
    writeFileSync(path.join(directory, "access.json"), JSON.stringify({ access: { actions: { "drafts.save": ["reviewer"] } } }));
    const other = createDecisions({ directory, names: ["access"] });
    const request = asked("user", ["reviewer"], "drafts.save");
    expect(other.decide("access", request).allowed).toBe(true);
    expect(decisions.decide("access", request).allowed).toBe(false);
    expect(other.decide("access", request).revision).not.toBe(decisions.decide("access", request).revision);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a policy whose built-ins this engine lacks is refused at load", (context) => {
  const opa = findOpa();
  if (!opa) return context.skip("opa is not installed (npm run peers)");
  const directory = mkdtempSync(path.join(tmpdir(), "policies-"));
  try {
    const source = path.join(directory, "access.rego");
    writeFileSync(
      source,
      'package access\n\ndecision := {"allowed": startswith(http.send({"method": "get", "url": input.url}).raw_body, "yes")}\n',
    );
    execFileSync(opa, ["build", "--target", "wasm", "--entrypoint", "access/decision", "--output", path.join(directory, "b.tgz"), source]);
    execFileSync("tar", [
      "--absolute-names",
      "--transform=s,^/policy,access,",
      "-xzf",
      path.join(directory, "b.tgz"),
      "-C",
      directory,
      "/policy.wasm",
    ]);
    writeFileSync(path.join(directory, "access.json"), "{}");
    expect(() => createDecisions({ directory, names: ["access"] })).toThrow(/http\.send/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** The binary's verdicts over many inputs, in one call. */
function peer(opa: string, inputs: readonly unknown[]): unknown[] {
  const query = "[verdict | some request in input; verdict := data.access.decision with input as request]";
  const data = sourcesOf("access").flatMap((source) => ["--data", source]);
  const output = execFileSync(opa, ["eval", ...data, "--stdin-input", "--format", "raw", query], {
    input: JSON.stringify(inputs),
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(output.toString()) as unknown[];
}

test("the engine in this process agrees with the opa binary over the whole table and over random requests", (context) => {
  const opa = findOpa();
  if (!opa) return context.skip("opa is not installed (npm run peers)");
  const table = KINDS.flatMap((kind) => ROLES.flatMap((role) => ACTION_NAMES.map((action) => asked(kind, [role], action))));
  const tenant = fc.constantFrom("t1", "t2", null, 7);
  const request = fc.record(
    {
      actor: fc.record(
        {
          kind: fc.constantFrom(...KINDS, "ghost"),
          id: fc.string(),
          roles: fc.array(fc.constantFrom(...ROLES), { maxLength: 4 }),
          tenantId: tenant,
        },
        { requiredKeys: [] },
      ),
      action: fc.oneof(fc.constantFrom(...ACTION_NAMES), fc.string()),
      resource: fc.record({ kind: fc.string(), id: fc.string(), tenantId: tenant }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  );
  const inputs = [...table, ...fc.sample(request, 2_000)];
  const ours = inputs.map((input) => decisions.decide("access", input).value);
  const theirs = peer(opa, inputs);
  expect(theirs).toHaveLength(inputs.length);
  for (const [index, input] of inputs.entries()) expect(ours[index], JSON.stringify(input)).toEqual(theirs[index]);
});
