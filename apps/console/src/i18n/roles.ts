/** Who may do something, in words. */
import type { Locale } from "./locale.ts";

const ROLES: Record<Locale, Readonly<Record<string, string>>> = {
  en: { editor: "Editors", reviewer: "Reviewers", manager: "Managers", operator: "Operators", admin: "Administrators", member: "Members" },
  fr: {
    editor: "les éditeurs",
    reviewer: "les relecteurs",
    manager: "les responsables",
    operator: "les opérateurs",
    admin: "les administrateurs",
    member: "les membres",
  },
};

/** "Operators and administrators" / "les opérateurs et les administrateurs"; roles nobody holds as a person are left out. */
export function nameRoles(locale: Locale, roles: readonly string[]): string | null {
  const names = roles.map((role) => ROLES[locale][role]).filter((name) => name !== undefined);
  if (names.length === 0) return null;
  const list = new Intl.ListFormat(locale).format(
    locale === "en" ? names.map((name, index) => (index === 0 ? name : name.toLowerCase())) : names,
  );
  return list;
}

export const capital = (words: string): string => words.slice(0, 1).toUpperCase() + words.slice(1);

/** Why an action is not allowed, and who can. */
export function notAllowed(locale: Locale, roles: readonly string[]): string {
  const who = nameRoles(locale, roles);
  if (locale === "fr")
    return who === null ? "Personne ne fait cela à la main." : `Votre rôle ne le permet pas. ${capital(who)} le peuvent.`;
  return who === null ? "Nobody does this by hand." : `Your role does not allow it. ${who} can.`;
}
