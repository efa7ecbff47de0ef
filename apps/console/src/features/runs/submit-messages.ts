/** Running a published version, and who does. In English and French. */
import { defineMessages, plural } from "../../i18n/i18n.tsx";

export const submitMessages = defineMessages({
  en: {
    title: (template: string, semver: string) => `Run ${template} ${semver}`,
    text: "A host checks the version's signature, runs it in a sandbox, and this leads to the run while it goes.",
    close: "Close",
    cancel: "Cancel",
    run: "Run",
    empty: "Type an input, or load a file.",
    tooLarge: (size: string) => `The input is larger than ${size}.`,
    notJson: (line: number, column: number) => `This is not JSON: line ${line}, column ${column}.`,

    runners: "Who runs it",
    runnersNobody: "Nobody ran a published version yet.",
    runsBy: (count: string, number: number) => `${count} ${plural("en", number, { one: "run", other: "runs" })}`,
    ofNewest: (count: number) => `Among the newest ${count} runs`,
    last: (ago: string) => `last ${ago}`,
    all: "All its runs",
  },
  fr: {
    title: (template: string, semver: string) => `Exécuter ${template} ${semver}`,
    text: "Un hôte vérifie la signature de la version, l'exécute dans un bac à sable, et vous suivez l'exécution pendant qu'elle avance.",
    close: "Fermer",
    cancel: "Annuler",
    run: "Exécuter",
    empty: "Tapez une entrée ou chargez un fichier.",
    tooLarge: (size: string) => `L'entrée dépasse ${size}.`,
    notJson: (line: number, column: number) => `Ce n'est pas du JSON : ligne ${line}, colonne ${column}.`,

    runners: "Qui l'exécute",
    runnersNobody: "Personne n'a encore exécuté une version publiée.",
    runsBy: (count: string, number: number) => `${count} ${plural("fr", number, { one: "exécution", other: "exécutions" })}`,
    ofNewest: (count: number) => `Parmi les ${count} dernières exécutions`,
    last: (ago: string) => `la dernière ${ago}`,
    all: "Toutes ses exécutions",
  },
});
