/** Service level objectives in English and French. */
import { defineMessages } from "../../i18n/i18n.tsx";

export const sloMessages = defineMessages({
  en: {
    title: "SLOs",
    lead: "What each template promises, how much of what may fail is left, and what ate it. Tries of drafts count nowhere here.",
    loading: "Loading the objectives",
    problem: "The objectives could not be loaded",
    emptyTitle: "No template promises anything yet",
    emptyText:
      "A template promises with these lines in its manifest: how many of 100 runs succeed, how long 95 of 100 take at most, and over what time. Add them to a draft and publish it.",
    emptyAction: "Open the templates",
    emptyCopy: "Copy the lines",
    copied: "Copied",

    promisedBy: (semver: string) => `promised by ${semver}`,
    state_kept: "kept",
    "state_at-risk": "at risk",
    state_broken: "broken",
    state_unknown: "no data",

    objective: "Objective",
    availability: (percent: string) => `${percent} of the runs succeed`,
    latency: (duration: string) => `95 of 100 runs take less than ${duration}`,
    window: (duration: string) => `over ${duration}`,

    budget: "Error budget",
    left: (percent: string) => `${percent} left`,
    overspent: (percent: string) => `overspent by ${percent}`,
    leftText: (spent: string, allowed: string, runs: string) => `${spent} of ${runs} attempts failed; ${allowed} may.`,
    leftNothing: "Nothing ran in this window, so nothing is known.",
    leftNotPromised: "No availability is promised.",

    burn1h: "Burn rate, last hour",
    burn24h: "Burn rate, last 24 hours",
    burn_unknown: "nothing ran",
    burn_none: "nothing failed",
    burn_slow: "the promise allows more",
    burn_even: "just at what the promise allows",
    burn_fast: (lasts: string) => `at this rate the whole budget lasts ${lasts}`,
    burn_burning: (lasts: string) => `so fast that the whole budget is gone in ${lasts}: look now`,

    p95: "Latency, 95th percentile",
    p95Kept: (target: string) => `within ${target}`,
    p95Broken: (target: string) => `more than the ${target} promised`,
    p95None: "nothing is promised",
    p95Unknown: "nothing was timed",

    ate: "What ate it",
    ateNothing: "Nothing failed.",
    ateRuns: (runs: string, count: number) => (count === 1 ? "1 failed run" : `${runs} failed runs`),

    chart: "Budget left",
    chartLimit: "used up",
    viewTable: "View as table",
    viewChart: "View as chart",
    noData: "No data",
    time: "Day",
  },
  fr: {
    title: "SLO",
    lead: "Ce que chaque modèle promet, ce qu'il reste de ce qui peut échouer, et ce qui l'a consommé. Les essais de brouillons ne comptent pas ici.",
    loading: "Chargement des objectifs",
    problem: "Les objectifs n'ont pas pu être chargés",
    emptyTitle: "Aucun modèle ne promet encore rien",
    emptyText:
      "Un modèle promet par ces lignes de son manifeste : combien d'exécutions sur 100 réussissent, combien de temps durent au plus 95 sur 100, et sur quelle durée. Ajoutez-les à un brouillon et publiez-le.",
    emptyAction: "Ouvrir les modèles",
    emptyCopy: "Copier les lignes",
    copied: "Copié",

    promisedBy: (semver: string) => `promis par ${semver}`,
    state_kept: "tenu",
    "state_at-risk": "menacé",
    state_broken: "rompu",
    state_unknown: "pas de données",

    objective: "Objectif",
    availability: (percent: string) => `${percent} des exécutions réussissent`,
    latency: (duration: string) => `95 exécutions sur 100 durent moins de ${duration}`,
    window: (duration: string) => `sur ${duration}`,

    budget: "Budget d'erreur",
    left: (percent: string) => `il en reste ${percent}`,
    overspent: (percent: string) => `dépassé de ${percent}`,
    leftText: (spent: string, allowed: string, runs: string) => `${spent} tentatives sur ${runs} ont échoué ; ${allowed} le peuvent.`,
    leftNothing: "Rien n'a tourné sur cette période : on ne sait rien.",
    leftNotPromised: "Aucune disponibilité n'est promise.",

    burn1h: "Vitesse de consommation, dernière heure",
    burn24h: "Vitesse de consommation, dernières 24 heures",
    burn_unknown: "rien n'a tourné",
    burn_none: "aucun échec",
    burn_slow: "la promesse en permet davantage",
    burn_even: "juste ce que la promesse permet",
    burn_fast: (lasts: string) => `à cette vitesse, tout le budget dure ${lasts}`,
    burn_burning: (lasts: string) => `si vite que tout le budget est épuisé en ${lasts} : regardez maintenant`,

    p95: "Latence, 95e centile",
    p95Kept: (target: string) => `sous les ${target} promis`,
    p95Broken: (target: string) => `plus que les ${target} promis`,
    p95None: "rien n'est promis",
    p95Unknown: "rien n'a été mesuré",

    ate: "Ce qui l'a consommé",
    ateNothing: "Aucun échec.",
    ateRuns: (runs: string, count: number) => (count < 2 ? `${runs} exécution échouée` : `${runs} exécutions échouées`),

    chart: "Budget restant",
    chartLimit: "épuisé",
    viewTable: "Voir en tableau",
    viewChart: "Voir en graphique",
    noData: "Pas de données",
    time: "Jour",
  },
});
