/** The check of the audit trail in English and French. */
import { defineMessages } from "../../i18n/i18n.tsx";

const entriesEn = (text: string, count: number) => (count === 1 ? "1 entry" : `${text} entries`);
const entriesFr = (text: string, count: number) => (count < 2 ? `${text} entrée` : `${text} entrées`);

export const verifyMessages = defineMessages({
  en: {
    verify: "Verify the trail",
    again: "Verify again",
    checking: (checked: string) => `${checked} entries checked so far…`,
    failed: "The trail could not be checked",
    holdsTitle: "The trail holds",
    holds: (text: string, count: number) =>
      `${entriesEn(text, count)} recomputed: each is as it was written, and in the signed log; the log holds none that is missing here.`,
    treeSize: (size: string) => `The signed tree counts ${size} leaves.`,
    waiting: (text: string, count: number) =>
      count === 1
        ? "1 newest entry still waits for its place, which takes a second."
        : `${text} newest entries still wait for their place, which takes a second.`,
    at: (when: string) => `Checked at ${when}.`,
    brokenTitle: "The trail does not hold",
    broken_altered: (id: string) => `Entry ${id} was changed after it was written: the log proves other contents.`,
    broken_missing: (id: string) => `Entry ${id} is gone: the log holds its place, the trail does not hold it.`,
    "broken_not-in-log": (id: string) => `Entry ${id} is not in the signed log: it was added or moved by hand, or the log was.`,
    removed: (text: string, count: number) =>
      `${entriesEn(text, count)} of the log ${count === 1 ? "is" : "are"} not in the trail: removed together with ${count === 1 ? "its place" : "their places"}.`,
    wayOut: "Change nothing, keep a copy of the database and its backups, and tell whoever runs the platform.",
    unsignedTitle: "There is nothing to compare with",
    unsigned: "The log has no signed tree yet. Look at the transparency log.",
    emptyTitle: "The trail is empty",
    empty: "There is no entry to check.",
    openLog: "Open the log",
  },
  fr: {
    verify: "Vérifier le journal",
    again: "Vérifier de nouveau",
    checking: (checked: string) => `${checked} entrées vérifiées pour l'instant…`,
    failed: "Le journal n'a pas pu être vérifié",
    holdsTitle: "Le journal est intact",
    holds: (text: string, count: number) =>
      `${entriesFr(text, count)} recalculées : chacune est telle qu'écrite, et dans le journal signé ; celui-ci n'en contient aucune qui manque ici.`,
    treeSize: (size: string) => `L'arbre signé compte ${size} feuilles.`,
    waiting: (text: string, count: number) =>
      count < 2
        ? "La plus récente attend encore sa place : c'est l'affaire d'une seconde."
        : `Les ${text} plus récentes attendent encore leur place : c'est l'affaire d'une seconde.`,
    at: (when: string) => `Vérifié à ${when}.`,
    brokenTitle: "Le journal n'est pas intact",
    broken_altered: (id: string) => `L'entrée ${id} a été changée après son écriture : le journal signé prouve un autre contenu.`,
    broken_missing: (id: string) => `L'entrée ${id} a disparu : le journal signé garde sa place, elle n'est plus là.`,
    "broken_not-in-log": (id: string) =>
      `L'entrée ${id} n'est pas dans le journal signé : elle a été ajoutée ou déplacée à la main, ou bien le journal l'a été.`,
    removed: (text: string, count: number) => `${entriesFr(text, count)} du journal signé ne sont plus ici : retirées avec leurs places.`,
    wayOut: "Ne changez rien, gardez une copie de la base et de ses sauvegardes, et prévenez qui exploite la plateforme.",
    unsignedTitle: "Il n'y a rien à quoi comparer",
    unsigned: "Le journal signé n'a pas encore d'arbre. Regardez le journal de transparence.",
    emptyTitle: "Le journal est vide",
    empty: "Il n'y a aucune entrée à vérifier.",
    openLog: "Ouvrir le journal signé",
  },
});
