/** Budgets in the reader's words. Pure: messages and formats come in. */
import type { Format } from "../../i18n/i18n.tsx";
import type { budgetMessages } from "./budget-messages.ts";
import { levelsAround } from "./budget-state.ts";
import type { Budget } from "./usage-view.ts";

type Words = (typeof budgetMessages)["en"];

export function spentWords(messages: Words, format: Format, { spentMicros, amountMicros, currency }: Budget): string {
  const percent = format.percent(spentMicros / amountMicros, 0);
  return messages.spentOf(format.money(spentMicros, currency), format.money(amountMicros, currency), percent);
}

export function forecastWords(messages: Words, format: Format, { forecastMicros, forecastInterval, currency }: Budget): string {
  if (forecastMicros === null) return messages.forecastNone;
  const money = (micros: number) => format.money(micros, currency);
  return forecastInterval === null
    ? messages.forecast(money(forecastMicros))
    : messages.forecastRange(money(forecastInterval.lower), money(forecastInterval.upper));
}

export function levelWords(messages: Words, format: Format, budget: Budget): string {
  const percent = (value: number) => format.percent(value / 100, 0);
  const { reached, next } = levelsAround(budget);
  const parts = [
    ...(reached === null ? [] : [messages.reached(percent(reached))]),
    ...(next === null || next.stops ? [] : [messages.nextWarn(percent(next.percent))]),
    budget.stopPercent === null ? messages.neverStops : messages.nextStop(percent(budget.stopPercent)),
  ];
  return parts.join(" · ");
}

export function scopeOf(messages: Words, { templateName }: { readonly templateName: string | null }): string {
  return templateName ?? messages.everything;
}
