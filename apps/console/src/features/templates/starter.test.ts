import { parseManifest } from "@agent-factory/manifest";
import { describe, expect, test } from "vitest";
import { fillStarter } from "./starter.ts";

const starter = `# Where it begins
apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata:
  name: my-template # change me
  title: My template
  owner: my-team
spec:
  driver: node
`;

describe("the first manifest of a template", () => {
  test("carries the words of its author and nothing else changes", () => {
    expect(
      fillStarter(starter, { name: "log-digest", title: "Log digest", description: "Clusters log lines.", owner: "team-platform" }),
    ).toBe(`# Where it begins
apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata:
  name: log-digest
  title: Log digest
  description: Clusters log lines.
  owner: team-platform
spec:
  driver: node
`);
  });

  test("words that YAML would read as something else stay the words they are", () => {
    const words = { name: "on", title: 'A "title": with # signs', description: "- not a list", owner: "1e3" };
    const { data } = parseManifest(fillStarter(starter, words));
    expect((data as { metadata: unknown }).metadata).toEqual(words);
  });

  test("an empty description is left out", () => {
    expect(fillStarter(starter, { name: "a", title: "A", description: " ", owner: "b" })).not.toContain("description");
  });
});
