import { describe, expect, test } from "vitest";
import { createFormat } from "../../i18n/format.ts";
import { headlineOf } from "./headline.ts";
import { rolloutMessages } from "./messages.ts";
import { event, metric, rollout } from "./test-rollout.ts";
import { verdictMessages } from "./verdict-messages.ts";

const now = Date.parse("2026-11-25T14:14:00Z");
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, " ");
const read = (change: Parameters<typeof rollout>[0], locale: "en" | "fr" = "en") => {
  const words = { rollout: rolloutMessages[locale], verdict: verdictMessages[locale] };
  const { title, text, ...rest } = headlineOf(rollout(change), "EUR", words, createFormat(locale, "UTC", now));
  return { ...rest, title: plain(title), text: plain(text) };
};
const breached = metric({
  verdict: "breached",
  baseline: { units: 23, samples: 1_000, ratio: 0.023 },
  canary: { units: 48, samples: 612, ratio: 0.079 },
  interval: { lower: 2.1, upper: 5.4 },
  samplesNeeded: 0,
});
const back = { state: "rolled_back", endedAt: "2026-11-25T14:19:07Z", step: 1, movedRuns: 45 } as const;

describe("a page begins with where the rollout stands", () => {
  test("rolled back says first why, with the figures, and what became of the runs", () => {
    const said = read({ ...back, stateReason: "breached:failed", metrics: [breached] });
    expect(said.title).toBe("1.1.0 fails more often than 1.0.0, so production went back to 1.0.0 at 14:19:07.");
    expect(said.text).toBe(
      "Failures: 7.9% of 612 samples against 2.3% of 1,000. 1.1.0 fails 3.4 times as often as 1.0.0: between 2.1 and 5.4 times, " +
        "99% sure at every look. The plan tolerates nothing worse than 1.0.0. 45 runs of the canary went on with 1.0.0.",
    );
    expect(read({ ...back, stateReason: "breached:failed", metrics: [breached] }, "fr").title).toBe(
      "1.1.0 échoue plus souvent que 1.0.0 : production est revenu à 1.0.0 à 14:19:07.",
    );
  });

  test("aborted names who did it and quotes why", () => {
    const events = [event("rolled-back", "14:19:07", 1, { reason: "aborted", note: "The desk complains" }, "Ada Novak")];
    const said = read({ ...back, stateReason: "aborted", events });
    expect(said.title).toBe("Ada Novak aborted it, so production went back to 1.0.0 at 14:19:07.");
    expect(said.quote).toBe("The desk complains");
  });

  test("a first version that ends leaves the channel without one, and says so", () => {
    expect(read({ ...back, baseline: null, stateReason: "canary-revoked" }).title).toBe(
      "1.1.0 was revoked: production has no version since 14:19:07.",
    );
    for (const stateReason of ["breached:failed", "aborted", "canary-revoked", "no-valid-version"])
      expect(read({ ...back, baseline: null, stateReason }).title).not.toMatch(/went back|null/);
  });

  test("running counts the samples and the time", () => {
    expect(read({})).toMatchObject({
      name: "running",
      title: "1.1.0 gets 10% of production.",
      text: "34 of the 50 samples that this step needs at least. It pauses in 20 min. without a verdict.",
    });
    expect(read({ samples: { baseline: 900, canary: 81, needed: 50 } }).text).toContain("81 samples, which is enough");
  });

  test("at its deadline a step with too few samples pauses, whatever the plan says of one with enough", () => {
    const { plan } = rollout();
    const proceeding = { ...plan, steps: plan.steps.map((step) => ({ ...step, onDeadline: "proceed" as const })) };
    expect(read({ plan: proceeding }).text).toContain("It pauses in 20 min. without a verdict.");
    expect(read({ plan: proceeding, samples: { baseline: 900, canary: 81, needed: 50 } }).text).toContain("It goes on in 20 min.");
  });

  test("a closed gate asks for a person", () => {
    expect(read({ gate: { title: "The desk agrees", waiting: true, passedAt: null } })).toMatchObject({
      name: "gate",
      title: "Waits for a person: The desk agrees",
    });
  });

  test("paused says why: by a person in their own words, by the plan in ours", () => {
    const events = [event("paused", "14:10:00", 0, { reason: "Lunch" }, "Ada Novak")];
    expect(read({ state: "paused", stateReason: "Lunch", events })).toMatchObject({ text: "Ada Novak paused it:", quote: "Lunch" });
    expect(read({ state: "paused", stateReason: "too-few-samples" }).text).toContain("no data is no proof");
    expect(read({ state: "paused", stateReason: "breached:failed", metrics: [breached] }).text).toMatch(/^1\.1\.0 fails 3\.4 times/);
  });
});
