import { expect, test } from "vitest";
import { checkProof, type ProofInput, type ProofReport } from "./proof.ts";
import { asked, provenVersion, TestLog } from "./test-bundle.ts";

const stateOf = (report: ProofReport, name: string) => report.steps.find((step) => step.name === name)?.state;

/** The same answer with its bundle changed as JSON text. */
function tampered(proven: ProofInput, change: (bundle: string) => string): ProofInput {
  const before = JSON.stringify(proven.answer.bundle);
  const after = change(before);
  expect(after).not.toBe(before);
  return { ...proven, answer: { ...proven.answer, bundle: JSON.parse(after) as unknown } };
}

test("a signed and logged version is allowed, every step held, and its statement says who approved it", async () => {
  const report = await checkProof(provenVersion());
  expect(report.steps.filter(({ state }) => state !== "held")).toEqual([]);
  expect(report).toMatchObject({ allowed: true, refusedBy: null });
  expect(report.publication?.review?.approvals).toEqual([{ by: { id: "u-reviewer", name: "Rui Costa" }, at: "2026-11-24T09:58:00.000Z" }]);
});

test("one changed byte of the manifest is refused at the digest, whatever digest the registry states", async () => {
  const proven = provenVersion();
  const source = proven.answer.source.replace("invoice-triage", "invoice-triagf");
  const report = await checkProof({ ...proven, answer: { ...proven.answer, source } });
  expect(report).toMatchObject({ allowed: false, refusedBy: "digest", publication: null });
  expect(stateOf(report, "statement")).toBe("refused");
});

test("one changed byte of the payload is refused at the signature", async () => {
  const report = await checkProof(
    tampered(provenVersion(), (bundle) =>
      bundle.replace(/"payload":"(.{100})(.)/, (_, kept, byte) => `"payload":"${kept}${byte === "A" ? "B" : "A"}`),
    ),
  );
  expect(report).toMatchObject({ allowed: false, refusedBy: "signature", publication: null });
});

test("an entry of another index is refused at the log's time stamp and at its place", async () => {
  const report = await checkProof(tampered(provenVersion(), (bundle) => bundle.replace('"logIndex":"1"', '"logIndex":"0"')));
  expect(report.allowed).toBe(false);
  expect([stateOf(report, "signature"), stateOf(report, "time"), stateOf(report, "inclusion")]).toEqual(["held", "refused", "refused"]);
});

test("a good bundle of another version, template or tenant proves nothing about this one", async () => {
  const proven = provenVersion();
  for (const other of [{ semver: "1.2.0" }, { name: "claims" }, { tenantSlug: "globex" }]) {
    expect(await checkProof({ ...proven, asked: { ...asked, ...other } })).toMatchObject({ allowed: false, refusedBy: "statement" });
  }
  expect(await checkProof({ ...proven, asked: { ...asked, tenantId: "t-2" } })).toMatchObject({ allowed: false, refusedBy: "key" });
});

test("a revoked version is refused for that alone, and who approved it is still told", async () => {
  const proven = provenVersion();
  const report = await checkProof({ ...proven, answer: { ...proven.answer, state: "revoked" } });
  expect(report).toMatchObject({ allowed: false, refusedBy: "revocation" });
  expect(report.publication?.semver).toBe("1.1.0");
});

test("what a distrusted key signed is refused, and nothing of its statement is believed", async () => {
  const proven = provenVersion();
  const [key] = proven.answer.trust.keys;
  if (!key) throw new Error("no key");
  const trust = { ...proven.answer.trust, keys: [{ ...key, distrustedFrom: "2026-11-24T09:00:00Z" }] };
  const report = await checkProof({ ...proven, answer: { ...proven.answer, trust } });
  expect(report).toMatchObject({ allowed: false, refusedBy: "validity", publication: null });
});

test("nothing at all is refused, not thrown", async () => {
  const proven = provenVersion();
  const report = await checkProof({ ...proven, answer: { ...proven.answer, bundle: null, checkpoint: "" } });
  expect(report).toMatchObject({ allowed: false, refusedBy: "form" });
  expect(stateOf(report, "signature")).toBe("skipped");
});

test("a log that grew since still begins with the log of then, also when it grows while one looks", async () => {
  const { log, ...proven } = provenVersion();
  for (let more = 0; more < 5; more += 1) log.grow();
  const answer = { ...proven.answer, checkpoint: log.checkpoint() };
  expect(stateOf(await checkProof({ ...proven, answer }), "growth")).toBe("held");
  log.grow();
  log.grow();
  expect(stateOf(await checkProof({ ...proven, answer }), "growth")).toBe("held");
});

test("a log that was rewritten is said to be, though the bundle itself still verifies", async () => {
  const { log, ...proven } = provenVersion();
  log.bodies[0] = new Uint8Array([1]);
  log.grow();
  const report = await checkProof({ ...proven, answer: { ...proven.answer, checkpoint: log.checkpoint() } });
  expect(report.allowed).toBe(true);
  expect(stateOf(report, "growth")).toBe("refused");
  // Also when it goes on growing while one looks.
  const answer = { ...proven.answer, checkpoint: log.checkpoint() };
  log.grow();
  expect(stateOf(await checkProof({ ...proven, answer }), "growth")).toBe("refused");
});

test("a head that another key signed, or that is older than the bundle's, is refused; no answer leaves it open", async () => {
  const { log, ...proven } = provenVersion();
  const other = new TestLog();
  for (let more = 0; more < 3; more += 1) other.grow();
  expect(stateOf(await checkProof({ ...proven, answer: { ...proven.answer, checkpoint: other.checkpoint() } }), "growth")).toBe("refused");
  expect(stateOf(await checkProof({ ...proven, answer: { ...proven.answer, checkpoint: log.checkpoint(1) } }), "growth")).toBe("refused");
  log.grow();
  const answer = { ...proven.answer, checkpoint: log.checkpoint() };
  const away = await checkProof({ ...proven, answer, fetchConsistency: () => Promise.reject(new Error("away")) });
  expect(away.allowed).toBe(true);
  expect(stateOf(away, "growth")).toBe("skipped");
});
