/** What did not hold when a host refused to run a version, by the check that the refusal names. In English and French. */
import { defineMessages } from "./i18n.tsx";

const GROUPS = {
  form: ["bundle-form", "media-type", "one-signature", "one-entry", "payload-type", "statement-form", "entry-kind"],
  key: ["key-known"],
  tenant: ["key-tenant", "tenant"],
  signature: ["signature"],
  subject: ["predicate-type", "subject", "lease-version"],
  log: [
    "log-known",
    "entry-binds",
    "timestamp",
    "not-in-future",
    "log-window",
    "inclusion",
    "checkpoint",
    "checkpoint-agrees",
    "checkpoint-key-window",
  ],
  window: ["key-window"],
  distrusted: ["key-trusted"],
  revoked: ["not-revoked"],
  bundleBytes: ["bundle-bytes"],
  manifestBytes: ["manifest-bytes"],
  codeBytes: ["code-bytes"],
  unsigned: ["unsigned"],
  code: ["lease-code"],
  limits: ["lease-limits"],
  root: ["trust-root-changed", "trust-signature"],
  trust: ["trust-expired", "trust-older", "trust-in-future", "trust-form", "trust-payload-type"],
} as const;

export type IntegrityGroup = keyof typeof GROUPS;

/** Null for a check that this console does not know: the host's own sentence stands alone then. */
export function integrityGroupOf(check: string | undefined): IntegrityGroup | null {
  const found = Object.entries(GROUPS).find(([, checks]) => (checks as readonly string[]).includes(check ?? ""));
  return (found?.[0] as IntegrityGroup | undefined) ?? null;
}

export const integrityMessages = defineMessages({
  en: {
    form: "Its signed bundle does not have the form of one.",
    key: "Nobody whom the registry names owns the key that signed it.",
    tenant: "It was signed for another tenant.",
    signature: "The signature does not belong to what was signed.",
    subject: "What was signed is another version.",
    log: "The transparency log does not vouch for its signature.",
    window: "The key was not valid when it signed.",
    distrusted: "The key that signed it is distrusted.",
    revoked: "The version was revoked.",
    bundleBytes: "The stored bundle was altered or lost. Restore it from a backup, or publish a new version.",
    manifestBytes: "The stored manifest was altered or lost. Restore it from a backup, or publish a new version.",
    codeBytes: "The stored code was altered or lost. Upload the same archive again, or publish a new version.",
    unsigned: "The host was given no signature to check.",
    code: "The code that was to run is not the code that was signed.",
    limits: "It was to run with more than its manifest allows.",
    root: "The registry signs with another root of trust than the host pinned. Look at the host before anything runs on it.",
    trust: "The host had no valid word on whom to trust. Look at its clock and its log.",
  },
  fr: {
    form: "Son dossier de preuve n'en a pas la forme.",
    key: "La clé qui l'a signée n'est à personne que nomme le registre.",
    tenant: "Elle a été signée pour un autre client.",
    signature: "La signature n'est pas celle de ce qui a été signé.",
    subject: "Ce qui a été signé est une autre version.",
    log: "Le journal de transparence ne se porte pas garant de sa signature.",
    window: "La clé n'était pas valide quand elle a signé.",
    distrusted: "La clé qui l'a signée n'est plus de confiance.",
    revoked: "La version a été révoquée.",
    bundleBytes: "Le dossier de preuve stocké a été altéré ou perdu. Restaurez-le d'une sauvegarde, ou publiez une nouvelle version.",
    manifestBytes: "Le manifeste stocké a été altéré ou perdu. Restaurez-le d'une sauvegarde, ou publiez une nouvelle version.",
    codeBytes: "Le code stocké a été altéré ou perdu. Téléversez la même archive, ou publiez une nouvelle version.",
    unsigned: "L'hôte n'a reçu aucune signature à vérifier.",
    code: "Le code à exécuter n'est pas le code qui a été signé.",
    limits: "Elle devait s'exécuter au-delà de ce que permet son manifeste.",
    root: "Le registre signe avec une autre racine de confiance que celle retenue par l'hôte. Examinez l'hôte avant d'y exécuter quoi que ce soit.",
    trust: "L'hôte ne savait plus valablement à qui se fier. Examinez son horloge et son journal.",
  },
});
