/** The largest review that the product owes a quick page: a manifest of 200 KB and 3,000 values beside its base, 300 comments. */

const VALUES = 3_000;
export const SOURCE_BYTES = 200 * 1024;
export const THREADS = 100;
/** Each thread is a question and so many answers. */
export const REPLIES = 2;

export const BASE = { timeout: "30s", egress: "[]" };
export const CHANGED = { timeout: "40s", egress: "[api.example.com]" };

/** About {@link VALUES} values in about {@link SOURCE_BYTES}. */
export function largeManifest(code: string, { timeout, egress }: { timeout: string; egress: string }): string {
  const fields = Math.floor(VALUES / 3);
  const words = "What a caller says here. ".repeat(8);
  const padding = Math.floor(SOURCE_BYTES / fields) - 60;
  const properties = Array.from(
    { length: fields },
    (_, at) => `      field${at}: { type: string, description: "${words.slice(0, padding).trim()}" }`,
  );
  return `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: large, title: Large, owner: bench }
spec:
  driver: node
  code: { archive: "${code}", entry: default }
  input:
    type: object
    properties:
${properties.join("\n")}
  output: { type: object }
  limits: { timeout: ${timeout} }
  sandbox: { network: { egress: ${egress} } }
`;
}

/** What is said about one of the first values, and where. */
export const threadOf = (thread: number) => ({
  pointer: `/spec/input/properties/field${thread}`,
  question: `Is ${thread} needed? ${"Because. ".repeat(20)}`,
  answer: "It is. ".repeat(10),
});
