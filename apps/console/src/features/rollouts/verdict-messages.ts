/** What a metric's verdict says, in English and French: whole sentences, with their figures. */
import { defineMessages } from "../../i18n/i18n.tsx";

const oftenFr = (times: string, more: boolean) => `${times} fois ${more ? "plus" : "aussi"} souvent que`;

export const verdictMessages = defineMessages({
  en: {
    failed: "Failures",
    slow: "Slow runs",
    dear: "Dear runs",
    slowerThan: (limit: string) => `Slower than ${limit}`,
    dearerThan: (limit: string) => `Dearer than ${limit}`,
    does_failed: "fails",
    does_slow: (limit: string) => `takes longer than ${limit}`,
    does_dear: (limit: string) => `costs more than ${limit}`,

    breached: "breached",
    healthy: "healthy",
    unknown: "unknown",
    unjudged: "not judged",
    accepted: "accepted",

    timesAsOften: (canary: string, does: string, times: string, _more: boolean, baseline: string) =>
      `${canary} ${does} ${times} times as often as ${baseline}`,
    onlyCanary: (canary: string, does: string, share: string, baseline: string) =>
      `${canary} ${does} in ${share} of its samples, ${baseline} in none`,
    noneBad: (canary: string, does: string, samples: string) =>
      `So far nothing ${does} with ${canary}, in ${samples} ${samples === "1" ? "sample" : "samples"}`,
    between: (from: string, to: string, sure: string) => `between ${from} and ${to} times, ${sure} sure at every look`,
    atLeast: (from: string, sure: string) => `at least ${from} times as often, ${sure} sure at every look`,
    atMost: (to: string, sure: string) => `at most ${to} times as often, ${sure} sure at every look`,
    anything: "how often can not be told yet",
    joined: (statement: string, range: string) => `${statement}: ${range}.`,
    noWorse: (baseline: string) => `The plan tolerates nothing worse than ${baseline}.`,
    aboveTolerance: (tolerance: string) => `The plan tolerates ${tolerance} times.`,
    worseSure: (tolerance: string, none: boolean, baseline: string, sure: string) =>
      `That it is worse than ${none ? baseline : `the ${tolerance} times that the plan tolerates`} is ${sure} sure at every look; by how much is not sure yet.`,
    belowMargin: (margin: string) => `That is below the plan's margin of ${margin} times.`,
    withinPromise: (canary: string, does: string, share: string, sure: string) =>
      `${canary} ${does} in ${share} of its samples: within what it promises, ${sure} sure at every look.`,
    notSure: "Not sure yet.",
    more: (samples: string) => `About ${samples} more samples will tell.`,
    noSamples: (canary: string) => `No run of ${canary} has ended at this step yet, so nothing is known.`,
    alone: (canary: string, does: string, share: string) => `${canary} ${does} in ${share} of its samples`,
    aloneBetween: (from: string, to: string, sure: string) =>
      `between ${from} and ${to} times what it promises, ${sure} sure at every look`,
    aloneAtLeast: (from: string, sure: string) => `at least ${from} times what it promises, ${sure} sure at every look`,
    aloneAtMost: (to: string, sure: string) => `at most ${to} times what it promises, ${sure} sure at every look`,
    noLimit_slow: (canary: string) => `Not judged: ${canary} promises no latency (spec.slo.latencyP95), so no run counts as slow.`,
    noLimit_dear: (canary: string) => `Not judged: ${canary} has no limit of cost (spec.limits.maxCost), so no run counts as dear.`,
    nobodyToCompare: (canary: string) => `Not judged: everybody gets ${canary} at this step, so there is nobody left to compare it with.`,
    noPromise: (canary: string) =>
      `Not judged: ${canary} is the first version of the channel and promises no availability (spec.slo.availability).`,
  },
  fr: {
    failed: "Échecs",
    slow: "Exécutions lentes",
    dear: "Exécutions chères",
    slowerThan: (limit: string) => `Plus lent que ${limit}`,
    dearerThan: (limit: string) => `Plus cher que ${limit}`,
    does_failed: "échoue",
    does_slow: (limit: string) => `dépasse ${limit}`,
    does_dear: (limit: string) => `coûte plus de ${limit}`,

    breached: "dépassé",
    healthy: "sain",
    unknown: "inconnu",
    unjudged: "non jugé",
    accepted: "accepté",

    timesAsOften: (canary: string, does: string, times: string, more: boolean, baseline: string) =>
      `${canary} ${does} ${oftenFr(times, more)} ${baseline}`,
    onlyCanary: (canary: string, does: string, share: string, baseline: string) =>
      `${canary} ${does} dans ${share} de ses échantillons, ${baseline} dans aucun`,
    noneBad: (canary: string, does: string, samples: string) =>
      `Jusqu'ici rien ne ${does} avec ${canary}, sur ${samples} ${samples === "1" ? "échantillon" : "échantillons"}`,
    between: (from: string, to: string, sure: string) => `entre ${from} et ${to} fois, sûr à ${sure} à chaque regard`,
    atLeast: (from: string, sure: string) => `au moins ${from} fois plus souvent, sûr à ${sure} à chaque regard`,
    atMost: (to: string, sure: string) => `au plus ${to} fois aussi souvent, sûr à ${sure} à chaque regard`,
    anything: "on ne peut pas encore dire combien",
    joined: (statement: string, range: string) => `${statement} : ${range}.`,
    noWorse: (baseline: string) => `Le plan ne tolère rien de pire que ${baseline}.`,
    aboveTolerance: (tolerance: string) => `Le plan tolère ${tolerance} fois.`,
    worseSure: (tolerance: string, none: boolean, baseline: string, sure: string) =>
      `Qu'elle soit pire que ${none ? baseline : `les ${tolerance} fois que le plan tolère`} est sûr à ${sure} à chaque regard ; de combien, pas encore.`,
    belowMargin: (margin: string) => `C'est sous la marge du plan, ${margin} fois.`,
    withinPromise: (canary: string, does: string, share: string, sure: string) =>
      `${canary} ${does} dans ${share} de ses échantillons : dans ce qu'elle promet, sûr à ${sure} à chaque regard.`,
    notSure: "Pas encore sûr.",
    more: (samples: string) => `Environ ${samples} échantillons de plus trancheront.`,
    noSamples: (canary: string) => `Aucune exécution de ${canary} ne s'est encore terminée à cette étape : on ne sait rien.`,
    alone: (canary: string, does: string, share: string) => `${canary} ${does} dans ${share} de ses échantillons`,
    aloneBetween: (from: string, to: string, sure: string) =>
      `entre ${from} et ${to} fois ce qu'elle promet, sûr à ${sure} à chaque regard`,
    aloneAtLeast: (from: string, sure: string) => `au moins ${from} fois ce qu'elle promet, sûr à ${sure} à chaque regard`,
    aloneAtMost: (to: string, sure: string) => `au plus ${to} fois ce qu'elle promet, sûr à ${sure} à chaque regard`,
    noLimit_slow: (canary: string) =>
      `Non jugé : ${canary} ne promet aucune latence (spec.slo.latencyP95), aucune exécution ne compte donc comme lente.`,
    noLimit_dear: (canary: string) =>
      `Non jugé : ${canary} n'a pas de limite de coût (spec.limits.maxCost), aucune exécution ne compte donc comme chère.`,
    nobodyToCompare: (canary: string) => `Non jugé : tout le monde reçoit ${canary} à cette étape, il ne reste personne avec qui comparer.`,
    noPromise: (canary: string) =>
      `Non jugé : ${canary} est la première version du canal et ne promet aucune disponibilité (spec.slo.availability).`,
  },
});
