import { describe, expect, test } from "vitest";
import * as failures from "../../i18n/failure-sentences.ts";
import { createFormat } from "../../i18n/format.ts";
import { byDay } from "./days.ts";
import { noticeMessages, TITLE } from "./messages.ts";
import { sentenceOf } from "./notice-sentence.ts";
import { mayBeLedTo, type Notice } from "./notice-view.ts";

type Content<N = Notice> = N extends Notice ? Pick<N, "kind" | "data"> : never;

const review = { number: 7, title: "Raise the depth limit", templateName: "dependency-audit", by: "Emma Laurent" };
const version = { templateName: "dependency-audit", semver: "1.1.0" };

function say(locale: "en" | "fr", content: Content): string {
  const notice = { ...content, id: "n", href: "/", at: "2026-11-24T09:00:00.000Z", readAt: null } as Notice;
  const { sentence, title, more } = sentenceOf(notice, noticeMessages[locale], createFormat(locale, "UTC", 0), locale, failures);
  return [sentence.replace(TITLE, title ?? "?"), more === null ? [] : more.quoted ? `> ${more.text}` : more.text].flat().join(" | ");
}

const rollout = { number: 5, ...version, channel: "production" };

const budget = { month: "2026-11", amountMicros: 40_000_000, spentMicros: 33_000_000, currency: "EUR" };

const SAID: readonly (readonly [Content, string, string])[] = [
  [
    { kind: "review.requested", data: review },
    "Emma Laurent asks you to review “Raise the depth limit” of dependency-audit",
    "Emma Laurent vous demande de relire «\u00a0Raise the depth limit\u00a0» de dependency-audit",
  ],
  [
    { kind: "rollout.rolled-back", data: { ...rollout, reason: "breached:failed" } },
    "dependency-audit 1.1.0 was rolled back on production | It fails more often than the version before.",
    "dependency-audit 1.1.0 a été retiré de production | La version échoue plus souvent que celle d'avant.",
  ],
  [
    { kind: "rollout.paused", data: { ...rollout, reason: "The desk is closed" } },
    "The rollout of dependency-audit 1.1.0 on production is paused | > The desk is closed",
    "Le déploiement de dependency-audit 1.1.0 sur production est en pause | > The desk is closed",
  ],
  [
    { kind: "budget.warned", data: { ...budget, templateName: "dependency-audit", percent: 80 } },
    "The budget of dependency-audit is used to 80% | €33.00 of €40.00 this month.",
    "Le budget de dependency-audit est consommé à 80\u00a0% | 33,00\u00a0€ sur 40,00\u00a0€ ce mois-ci.",
  ],
  [
    { kind: "budget.stopped", data: { ...budget, templateName: null, percent: 100 } },
    "The budget of everything is used to 100%: new runs are refused | €33.00 of €40.00 this month.",
    "Le budget de l'ensemble est consommé à 100\u00a0% : les nouvelles exécutions sont refusées | 33,00\u00a0€ sur 40,00\u00a0€ ce mois-ci.",
  ],
  [
    { kind: "review.commented", data: { ...review, excerpt: "Why ten?" } },
    "Emma Laurent commented on “Raise the depth limit” of dependency-audit | > Why ten?",
    "Emma Laurent a commenté «\u00a0Raise the depth limit\u00a0» de dependency-audit | > Why ten?",
  ],
  [
    { kind: "review.approved", data: review },
    "Emma Laurent approved “Raise the depth limit” of dependency-audit",
    "Emma Laurent a approuvé «\u00a0Raise the depth limit\u00a0» de dependency-audit",
  ],
  [
    { kind: "review.rejected", data: { ...review, note: null } },
    "Emma Laurent rejected “Raise the depth limit” of dependency-audit",
    "Emma Laurent a rejeté «\u00a0Raise the depth limit\u00a0» de dependency-audit",
  ],
  [
    { kind: "review.revised", data: { ...review, reason: "content-changed" } },
    "Emma Laurent changed “Raise the depth limit” of dependency-audit after you approved it | Your approval no longer counts.",
    "Emma Laurent a modifié «\u00a0Raise the depth limit\u00a0» de dependency-audit après votre approbation | Votre approbation ne compte plus.",
  ],
  [
    { kind: "version.published", data: version },
    "dependency-audit 1.1.0 is published and waits for its signature",
    "dependency-audit 1.1.0 est publié et attend sa signature",
  ],
  [
    { kind: "version.signed", data: version },
    "dependency-audit 1.1.0 is published and signed | Hosts run it from now on.",
    "dependency-audit 1.1.0 est publié et signé | Les hôtes l'exécutent désormais.",
  ],
  [
    { kind: "version.revoked", data: { ...version, by: null, reason: "It leaks" } },
    "dependency-audit 1.1.0 was revoked | > It leaks",
    "dependency-audit 1.1.0 a été révoqué | > It leaks",
  ],
  [
    { kind: "run.refused", data: { ...version, check: "key-known", hostName: "local", runs: 1 } },
    "A host refused to run dependency-audit 1.1.0 | Host local. Nobody whom the registry names owns the key that signed it.",
    "Un hôte a refusé d'exécuter dependency-audit 1.1.0 | Hôte local. La clé qui l'a signée n'est à personne que nomme le registre.",
  ],
  [
    { kind: "run.refused", data: { ...version, check: "unheard-of", hostName: null, runs: 1 } },
    "A host refused to run dependency-audit 1.1.0 | What did not hold: unheard-of.",
    "Un hôte a refusé d'exécuter dependency-audit 1.1.0 | Ce qui ne tenait pas : unheard-of.",
  ],
  [
    { kind: "run.refused", data: { ...version, check: null, hostName: null, runs: 1200 } },
    "Hosts refused 1,200 runs of dependency-audit 1.1.0 within an hour",
    "Des hôtes ont refusé 1\u202f200 exécutions de dependency-audit 1.1.0 en une heure",
  ],
  [
    { kind: "key.distrusted", data: { hint: "abc", by: "Olga", from: "2026-11-01T00:00:00.000Z", reason: "Lost laptop" } },
    "Olga no longer trusts one of the signing keys | What it signed from 1 Nov 2026, 00:00:00 on is refused. Lost laptop",
    "Olga ne fait plus confiance à l'une des clés de signature | Ce qu'elle a signé à partir du 1 nov. 2026, 00:00:00 est refusé. Lost laptop",
  ],
];

describe("a notice is one plain sentence in the reader's language", () => {
  test.each(SAID)("%j", (content, en, fr) => {
    expect([say("en", content), say("fr", content)]).toEqual([en, fr]);
  });

  test("whatever a revision's reason, the reader learns that their approval is gone", () => {
    for (const reason of ["base-changed", "policy-changed", "contributed", "something new", null]) {
      const content = { kind: "review.revised", data: { ...review, reason } } as const;
      expect(say("en", content)).toMatch(/Raise the depth limit.*Your approval no longer counts\.$/);
      expect(say("fr", content)).toMatch(/Raise the depth limit.*Votre approbation ne compte plus\.$/);
    }
  });

  test("a review that could not be published says why, if it is known", () => {
    const { by: _, ...about } = review;
    expect(say("en", { kind: "review.problem", data: { ...about, code: "drafts.closed" } })).toMatch(/could not be published \| .{10,}/);
    for (const code of [null, "unheard.of"])
      expect(say("fr", { kind: "review.problem", data: { ...about, code } })).toMatch(/n'a pas pu être publié$/);
  });

  test("somebody without a name is somebody", () => {
    expect(say("en", { kind: "review.requested", data: { ...review, by: "" } })).toMatch(/^Somebody asks/);
  });
});

test("what happened is gathered by the reader's day, in the order it came", () => {
  const at = (day: string, id: number) => ({ id, at: `2026-11-${day}T10:00:00Z` });
  const days = byDay([at("24", 1), at("24", 2), at("23", 3), at("21", 4)], (moment) => moment.slice(8, 10));
  expect(days.map(({ key, items }) => [key, items.map(({ id }) => id)])).toEqual([
    ["24", [1, 2]],
    ["23", [3]],
    ["21", [4]],
  ]);
});

test("being at a place reads what leads there; a list of places is no such place", () => {
  expect(["/reviews/7", "/templates/audit", "/runs/1", "/trust"].every(mayBeLedTo)).toBe(true);
  expect(["/", "/inbox", "/reviews", "/templates/audit/drafts/1", "/trust/log"].some(mayBeLedTo)).toBe(false);
});
