import { expect, test } from "vitest";
import { createFormat } from "../../i18n/format.ts";
import { checkProof, type ProofStep } from "./proof.ts";
import { proofMessages } from "./proof-messages.ts";
import { sentenceOf, wayOutOf } from "./proof-sentence.ts";
import { provenVersion } from "./test-bundle.ts";

const names = { version: "invoice-triage 1.1.0", tenant: "Acme Finance" };
const formats = { en: createFormat("en", "Europe/Paris", 0), fr: createFormat("fr", "Europe/Paris", 0) };

function say(step: ProofStep): [string, string] {
  return [sentenceOf(step, proofMessages.en, formats.en, names), sentenceOf(step, proofMessages.fr, formats.fr, names)];
}

test("every step says a whole sentence in both languages, whether it held, was refused or could not run", async () => {
  const { steps } = await checkProof(provenVersion());
  expect(steps).toHaveLength(12);
  for (const step of steps) {
    for (const state of ["held", "refused", "skipped"] as const) {
      const [en, fr] = say({ ...step, state });
      for (const sentence of [en, fr]) {
        expect(sentence).toMatch(/^[A-ZÉ].*\.$/u);
        expect(sentence).not.toMatch(/undefined|NaN|Invalid/);
      }
      expect(en).not.toBe(fr);
    }
  }
});

test("facts stand in the sentences: whose key, which entry, when", async () => {
  const { steps } = await checkProof(provenVersion());
  const sentence = (name: string) => say(steps.find((step) => step.name === name) as ProofStep)[0];
  expect(sentence("key")).toContain("a key of Acme Finance");
  expect(sentence("statement")).toContain("invoice-triage 1.1.0");
  expect(sentence("time")).toContain("24 Nov 2026, 11:00:00");
  expect(sentence("inclusion")).toBe("Entry 1 is in the log: its hash leads up to the root of 2 entries.");
});

test("a distrusted key and a clock that is behind say so, each with its own way out", async () => {
  const proven = provenVersion();
  const [key] = proven.answer.trust.keys;
  if (!key) throw new Error("no key");
  const trust = { ...proven.answer.trust, keys: [{ ...key, distrustedFrom: "2026-11-24T09:00:00Z" }] };
  const distrusted = await checkProof({ ...proven, answer: { ...proven.answer, trust } });
  const refused = distrusted.steps.find(({ name }) => name === distrusted.refusedBy) as ProofStep;
  expect(say(refused)[0]).toBe("The key is distrusted from 24 Nov 2026, 10:00:00 on, and this was signed later.");
  expect(wayOutOf(distrusted, proofMessages.en)).toContain("publish the same content again");
  const early = await checkProof({ ...proven, now: new Date("2026-11-24T08:00:00Z") });
  expect(say(early.steps.find(({ name }) => name === early.refusedBy) as ProofStep)[0]).toContain("Check the clock");
});
