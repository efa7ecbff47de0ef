import { parseManifest } from "@agent-factory/manifest";
import { expect, test } from "vitest";
import type { Judgement } from "./draft.ts";
import { meaningOf } from "./subject.ts";

const SOURCE = `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: echo, title: Echo, owner: team-one }
spec:
  driver: node
  code: { archive: "sha256:${"a".repeat(64)}", entry: default }
  input: { type: object }
  output: { type: object }
  sandbox: { network: { egress: [api.example.com] } }
`;

const judgement = (): Judgement => {
  const { manifest, digest } = parseManifest(SOURCE);
  return { manifest, digest, diagnostics: [], policy: [], policyRevision: "p" };
};

test.each([
  ["no base", null, "none"],
  ["a base that cannot be read any more", { ref: "1.0.0", digest: "sha256:b", content: "metadata: [" }, "major"],
] as const)("beside %s, all that a content may touch is shown as a permission", (_, base, demands) => {
  const meaning = meaningOf(judgement(), base, 1);
  expect(meaning.changes.map((change) => [change.class, change.path])).toEqual([["permission", "/spec/sandbox/network/egress"]]);
  expect(meaning.demands).toBe(demands);
});
