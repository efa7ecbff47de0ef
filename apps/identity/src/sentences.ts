export type Language = "en" | "fr";
export type Sentence = { readonly [language in Language]: string };

export const sentences = {
  title: { en: "Sign in", fr: "Connexion" },
  intro: { en: "Choose who you want to be.", fr: "Choisissez qui vous voulez être." },
  notice: {
    en: "Demo sign-in: nobody is asked for a password. In production your own OpenID provider takes this page’s place.",
    fr: "Connexion de démonstration : aucun mot de passe n’est demandé. En production, votre fournisseur OpenID remplace cette page.",
  },
  people: { en: "People of the demo", fr: "Personnes de la démonstration" },
  byEmail: { en: "Or type an address", fr: "Ou saisissez une adresse" },
  email: { en: "E-mail address", fr: "Adresse e-mail" },
  continue: { en: "Continue", fr: "Continuer" },
  nobody: {
    en: "Nobody here has the address “{email}”. Choose a person from the list.",
    fr: "Personne ici n’a l’adresse « {email} ». Choisissez une personne dans la liste.",
  },
  expiredTitle: { en: "This sign-in has expired", fr: "Cette connexion a expiré" },
  expired: {
    en: "It was opened too long ago, or finished in another tab. Nothing is lost: start again from the console.",
    fr: "Elle a été ouverte il y a trop longtemps, ou terminée dans un autre onglet. Rien n’est perdu : recommencez depuis la console.",
  },
  backToConsole: { en: "Back to the console", fr: "Retour à la console" },
  signOutTitle: { en: "Sign out?", fr: "Se déconnecter ?" },
  signOut: { en: "Sign out", fr: "Se déconnecter" },
  staySignedIn: { en: "Stay signed in", fr: "Rester connecté" },
  signOutText: {
    en: "This ends your session at the identity provider too.",
    fr: "Cela termine aussi votre session auprès du fournisseur d’identité.",
  },
  signedOutTitle: { en: "You are signed out", fr: "Vous êtes déconnecté" },
  signedOut: { en: "Your session has ended.", fr: "Votre session est terminée." },
  failedTitle: { en: "The sign-in did not work", fr: "La connexion n’a pas abouti" },
  failed: {
    en: "The request that brought you here cannot be answered: {reason}",
    fr: "La demande qui vous a mené ici ne peut pas aboutir : {reason}",
  },
  otherLanguage: { en: "Français", fr: "English" },
} as const satisfies { readonly [name: string]: Sentence };

/** The first of our languages that the reader prefers: an explicit choice, OpenID's `ui_locales`, then Accept-Language (RFC 9110). */
export function chooseLanguage(...preferences: (string | undefined | null)[]): Language {
  for (const preference of preferences) {
    const tags = (preference ?? "")
      .split(/[,\s]+/)
      .map((entry) => {
        const [tag = "", quality] = entry.split(";q=");
        return { tag: tag.toLowerCase().slice(0, 2), quality: quality === undefined ? 1 : Number(quality) };
      })
      .sort((a, b) => b.quality - a.quality);
    const found = tags.find(({ tag }) => tag === "en" || tag === "fr");
    if (found) return found.tag as Language;
  }
  return "en";
}

export function say(sentence: Sentence, language: Language, values: { readonly [name: string]: string } = {}): string {
  return sentence[language].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}
