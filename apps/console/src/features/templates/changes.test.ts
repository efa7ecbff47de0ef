import { parseManifest } from "@agent-factory/manifest";
import { describe, expect, test } from "vitest";
import { byClass, changesSince, nextVersion } from "./changes.ts";

const manifest = (timeout: string, egress = "[]", extra = "") => `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: a, title: A, owner: team }
spec:
  driver: node
  code: { archive: "sha256:${"a".repeat(64)}", entry: default }
  input: { type: object }
  output: { type: object }
  limits: { timeout: ${timeout} }
  sandbox: { network: { egress: ${egress} } }
${extra}`;
const base = { semver: "1.0.0", source: manifest("30s") };
const since = (text: string) => changesSince(base, parseManifest(text), text);

describe("changes since the base version", () => {
  test("a draft without a base is all new", () => {
    expect(changesSince(null, parseManifest(base.source), base.source)).toEqual({ kind: "new" });
  });

  test("other comments and layout are no change, and are told apart from no edit at all", () => {
    expect(since(manifest("30s", "[]", "# why\n"))).toEqual({ kind: "none", since: "1.0.0", layout: true });
    expect(since(base.source)).toEqual({ kind: "none", since: "1.0.0", layout: false });
  });

  test("a wider permission demands at least a minor version", () => {
    const found = since(manifest("30s", "[api.example.com]"));
    expect(found).toMatchObject({ kind: "some", demands: "minor", next: "1.1.0" });
    expect(found.kind === "some" && byClass(found.changes).map((group) => group.class)).toEqual(["permission"]);
  });

  test("an invalid manifest has no verdict", () => {
    expect(since("spec: [")).toEqual({ kind: "unknown", since: "1.0.0" });
  });

  test("the next version is the smallest that the demand allows", () => {
    expect([
      nextVersion("1.4.2", "major"),
      nextVersion("1.4.2", "minor"),
      nextVersion("1.4.2", "patch"),
      nextVersion("1.4.2", "none"),
    ]).toEqual(["2.0.0", "1.5.0", "1.4.3", null]);
  });
});
