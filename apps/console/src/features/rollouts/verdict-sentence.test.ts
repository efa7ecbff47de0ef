import { describe, expect, test } from "vitest";
import { createFormat } from "../../i18n/format.ts";
import { THETA_MAX, THETA_MIN } from "./rollout-view.ts";
import { metric } from "./test-rollout.ts";
import { verdictMessages } from "./verdict-messages.ts";
import { type About, metricTitle, sureOf, timesOf, verdictSentence } from "./verdict-sentence.ts";

const about: About = { canary: "1.1.0", baseline: "1.0.0", alpha: 0.01, weightPercent: 10, currency: "EUR" };
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, " ");
const en = (change: Parameters<typeof metric>[0], other: Partial<About> = {}) =>
  plain(verdictSentence(metric(change), { ...about, ...other }, verdictMessages.en, createFormat("en", "UTC", 0)));
const fr = (change: Parameters<typeof metric>[0], other: Partial<About> = {}) =>
  plain(verdictSentence(metric(change), { ...about, ...other }, verdictMessages.fr, createFormat("fr", "UTC", 0)));

const breached = {
  verdict: "breached",
  baseline: { units: 20, samples: 1_000, ratio: 0.02 },
  canary: { units: 42, samples: 1_000, ratio: 0.042 },
  interval: { lower: 1.41, upper: 3.18 },
  samplesNeeded: 0,
} as const;

describe("a verdict is a sentence with its figures and its confidence", () => {
  test("breached names the ratio, its ends, how sure that is, and what the plan tolerates", () => {
    expect(en(breached)).toBe(
      "1.1.0 fails 2.1 times as often as 1.0.0: between 1.4 and 3.2 times, 99% sure at every look. The plan tolerates nothing worse than 1.0.0.",
    );
    expect(fr(breached)).toBe(
      "1.1.0 échoue 2,1 fois plus souvent que 1.0.0 : entre 1,4 et 3,2 fois, sûr à 99 % à chaque regard. Le plan ne tolère rien de pire que 1.0.0.",
    );
  });

  test("a breach whose interval still holds the tolerance claims no more than that it is worse", () => {
    const early = { ...breached, interval: { lower: 0.81, upper: 6.2 } };
    expect(en(early)).toBe(
      "1.1.0 fails 2.1 times as often as 1.0.0. That it is worse than 1.0.0 is 99% sure at every look; by how much is not sure yet.",
    );
    expect(en({ ...early, tolerance: 1.2 })).toContain("worse than the 1.2 times that the plan tolerates");
    expect(fr(early)).toContain("Qu'elle soit pire que 1.0.0 est sûr à 99 % à chaque regard ; de combien, pas encore.");
  });

  test("a tolerance of its own is named", () => {
    expect(en({ ...breached, tolerance: 1.2 })).toMatch(/ The plan tolerates 1\.2 times\.$/);
  });

  test("an end that the data do not bound is not made up", () => {
    const never = { ...breached, baseline: { units: 0, samples: 900, ratio: 0 }, interval: { lower: 4.3, upper: THETA_MAX } };
    expect(en(never)).toBe(
      "1.1.0 fails in 4.2% of its samples, 1.0.0 in none: at least 4.3 times as often, 99% sure at every look. The plan tolerates nothing worse than 1.0.0.",
    );
    const open = { interval: { lower: THETA_MIN, upper: THETA_MAX }, samplesNeeded: null };
    expect(en(open)).not.toMatch(/between|least|most|1,?024/);
  });

  test("healthy says what it stays below, or that it is within its promise", () => {
    const healthy = { verdict: "healthy", samplesNeeded: 0 } as const;
    expect(en({ ...healthy, interval: { lower: 0.3, upper: 1.44 } })).toContain("That is below the plan's margin of 1.5 times.");
    expect(en({ ...healthy, interval: { lower: 0.3, upper: 9 } })).toBe(
      "1.1.0 fails in 4.8% of its samples: within what it promises, 99% sure at every look.",
    );
  });

  test("unknown says so first, and how much more it takes where that can be said", () => {
    expect(en({})).toBe(
      "Not sure yet. 1.1.0 fails 2.1 times as often as 1.0.0: between 0.42 and 5.2 times, 99% sure at every look. About 240 more samples will tell.",
    );
    expect(en({ samplesNeeded: null })).not.toContain("more samples");
    expect(fr({})).toMatch(/^Pas encore sûr\. 1\.1\.0 échoue 2,1 fois plus souvent que 1\.0\.0 : /);
  });

  test("no data is told as no data", () => {
    expect(en({ canary: { units: 0, samples: 0, ratio: null } })).toBe("No run of 1.1.0 has ended at this step yet, so nothing is known.");
    expect(en({ canary: { units: 0, samples: 0, ratio: null }, interval: null })).toContain("nothing is known");
    expect(en({ canary: { units: 0, samples: 62, ratio: 0 }, baseline: { units: 0, samples: 9, ratio: 0 } })).toMatch(
      /^Not sure yet\. So far nothing fails with 1\.1\.0, in 62 samples: between/,
    );
  });

  test("a metric without anything to judge by says what is missing", () => {
    expect(en({ name: "slow", interval: null })).toContain("promises no latency");
    expect(en({ name: "dear", interval: null })).toContain("spec.limits.maxCost");
    expect(en({ name: "slow", canary: { units: 0, samples: 0, ratio: null } })).toContain("promises no latency");
    expect(en({ interval: null }, { weightPercent: 100 })).toContain("nobody left to compare it with");
    expect(en({ interval: null, baseline: null }, { baseline: null })).toContain("spec.slo.availability");
  });

  test("a first version is compared with its promise", () => {
    expect(en({ ...breached, baseline: null, floor: 0.02 }, { baseline: null })).toBe(
      "1.1.0 fails in 4.2% of its samples: between 1.4 and 3.2 times what it promises, 99% sure at every look.",
    );
  });

  test("limits are said with their units", () => {
    expect(en({ ...breached, name: "slow", target: 2_000 })).toMatch(/^1\.1\.0 takes longer than 2 sec 2\.1 times as often/);
    expect(fr({ ...breached, name: "dear", target: 50_000 })).toMatch(/^1\.1\.0 coûte plus de 0,05 € 2,1 fois plus souvent/);
    const format = createFormat("en", "UTC", 0);
    expect(plain(metricTitle({ name: "dear", target: 50_000 }, "EUR", verdictMessages.en, format))).toBe("Dearer than €0.05");
    expect(metricTitle({ name: "slow", target: null }, "EUR", verdictMessages.en, format)).toBe("Slow runs");
  });
});

test("figures are as exact as a person says them, and a certainty is never rounded up to more than it is", () => {
  const format = createFormat("en", "UTC", 0);
  expect([0.083, 0.99, 2.13, 9.96, 14.2].map((theta) => timesOf(theta, format))).toEqual(["0.083", "0.99", "2.1", "10", "14"]);
  expect(sureOf(0.01, format)).toBe("99%");
  expect(sureOf(0.005, format)).toBe("99.5%");
  expect(sureOf(0.0001, format)).toBe("99.99%");
});
