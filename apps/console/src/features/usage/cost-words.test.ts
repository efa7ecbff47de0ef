import { expect, test } from "vitest";
import { createFormat } from "../../i18n/format.ts";
import { changeSentence, rowName } from "./cost-words.ts";
import { costMessages } from "./messages.ts";

const period = { kind: "30d", days: 30 } as const;
const versions = [
  { key: "v1", label: "log-digest 1.1.0", amount: 90, previous: 40 },
  { key: "none", label: null, amount: 22, previous: 60 },
];
const say = (locale: "en" | "fr", total: number, previous: number | null) =>
  changeSentence(costMessages[locale], createFormat(locale, "UTC", 0), { period, total, previous, currency: "EUR", versions })?.replaceAll(
    /[\u00a0\u202f]/g,
    " ",
  );

test("what changed is a sentence with its figure and what moved most of it", () => {
  expect(say("en", 112, 100)).toBe("+12% against the 30 days before · most of it log-digest 1.1.0");
  expect(say("fr", 112, 100)).toBe("+12 % par rapport aux 30 jours d'avant · surtout log-digest 1.1.0");
});

test("nothing before, nothing now and no change say so, without a percentage", () => {
  expect(say("en", 112, 0)).toBe("nothing was spent in the 30 days before");
  expect(say("en", 0, 2_000_000)).toBe("nothing, after €2.00 in the 30 days before");
  expect(say("en", 100, 100)).toBe("the same as the 30 days before");
  expect(say("en", 100, null)).toBeUndefined();
});

test("what belongs to nothing has a name in words", () => {
  expect(rowName(costMessages.en, "version", { key: "none", label: null })).toBe("Tries of drafts");
  expect(rowName(costMessages.fr, "channel", { key: "none", label: null })).toBe("Sans canal");
  expect(rowName(costMessages.en, "template", { key: "other", label: null })).toBe("Others");
});
