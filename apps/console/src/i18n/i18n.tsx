/**
 * Every sentence of the console, in every language, typed: a feature defines its dictionary once with {@link defineMessages}
 * (a missing or differently called French entry is a type error) and reads it with {@link useMessages}.
 */
import type { Format } from "./format.ts";
import type { Locale } from "./locale.ts";
import { useReader } from "./locale-context.tsx";

export type { Format } from "./format.ts";
export type { Locale } from "./locale.ts";

type Entry = string | ((...values: never[]) => string);
type Dictionary = Readonly<Record<string, Entry>>;

/** The same keys with the same parameters, whatever the words. */
export type Translated<Source extends Dictionary> = {
  readonly [Key in keyof Source]: Source[Key] extends (...values: infer Values) => string ? (...values: Values) => string : string;
};

/** One dictionary in every language. */
export type Messages<Words> = { readonly [L in Locale]: Words };

/** Entries are sentences, or functions of typed values that return one. */
export function defineMessages<const Source extends Dictionary>(messages: {
  en: Source;
  fr: Translated<NoInfer<Source>>;
}): Messages<Translated<Source>> {
  return messages as unknown as Messages<Translated<Source>>;
}

/** The dictionary in the reader's language. */
export function useMessages<M extends Messages<unknown>>(messages: M): M["en"] {
  return messages[useReader().locale];
}

export function useLocale(): Locale {
  return useReader().locale;
}

/** Formats for the reader's language and time zone; relative times move with the clock. */
export function useFormat(): Format {
  return useReader().format;
}

/** IANA name of the time zone in which times are shown. */
export function useTimeZone(): string {
  return useReader().timeZone;
}

const plurals: Record<Locale, Intl.PluralRules> = { en: new Intl.PluralRules("en"), fr: new Intl.PluralRules("fr") };

/** The form of the language's plural for this count: in French 0 and 1 are singular, in English 1 only. */
export function plural(locale: Locale, count: number, forms: { readonly one: string; readonly other: string }): string {
  return plurals[locale].select(count) === "one" ? forms.one : forms.other;
}
