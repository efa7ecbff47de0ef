/** The controls of a rollout, and what each says before it acts, in English and French. */
import { defineMessages } from "../../i18n/i18n.tsx";

const runsEn = (count: string, one: boolean) => (one ? `${count} waiting run moves` : `${count} waiting runs move`);
const runsFr = (count: string, one: boolean) => (one ? `${count} exécution en attente passe` : `${count} exécutions en attente passent`);

export const controlMessages = defineMessages({
  en: {
    pause: "Pause",
    resume: "Resume",
    promote: "Promote",
    abort: "Abort",
    passGate: "Open the gate",
    cancel: "Cancel",
    reason: "Why",
    reasonHint: "It stands on this page and in the audit.",
    reasonNeeded: "Say why, in a few words.",

    why_paused: "It is paused already.",
    why_notPaused: "It is not paused.",
    why_baseline: "The baseline was revoked: there is nothing left to compare with. Promote or abort it.",
    why_gate: "A gate is closed: a person has to open it first.",
    why_gateOpen: "The gate of this step is open already.",
    why_pending: "It is only starting.",

    pauseTitle: (number: number) => `Pause rollout #${number}`,
    pauseText: (canary: string, percent: string, channel: string) =>
      `${canary} keeps ${percent} of ${channel}, nothing goes on, and the step's clock stands still. It still steps back by itself when a metric that rolls back is breached.`,
    resumeTitle: (number: number) => `Resume rollout #${number}`,
    resumeText: (canary: string, percent: string) =>
      `It goes on where it stopped: ${canary} at ${percent}, and the step's clock runs again.`,
    resumeAnew: "The time of the step begins anew.",
    resumeAccepts: (metric: string) => `You accept this for the step, and it no longer pauses: ${metric}.`,
    promoteTitle: (number: number) => `Promote rollout #${number}`,
    promoteAll: (canary: string, channel: string) => `Everybody on ${channel} gets ${canary} at once, and the rollout is completed.`,
    promoteToGate: (canary: string, percent: string, channel: string, gate: string) =>
      `${canary} gets ${percent} of ${channel} at once, and waits at the gate: ${gate}.`,
    promoteUnsure: (metrics: string) => `Not surely healthy now: ${metrics}.`,
    abortTitle: (number: number) => `Abort rollout #${number}`,
    abortBack: (channel: string, baseline: string) => `Everybody on ${channel} gets ${baseline} at once.`,
    abortNothing: (channel: string) => `${channel} has no version then: whoever submits to it is refused.`,
    abortMoves: (count: string, one: boolean, baseline: string) =>
      `${runsEn(count, one)} to ${baseline}; running ones finish, and what fails is retried there.`,
    abortEnds: "An aborted rollout does not go on; another can be started.",
    passGateTitle: (title: string) => `Open the gate: ${title}`,
    passGateText: (percent: string) => `The step may be left: it goes on to ${percent} as soon as its metrics let it.`,
    passGateEnd: "The step may be left: the rollout is completed as soon as its metrics let it.",
    startAgain: "Start another",

    done_pause: "Paused",
    done_resume: "Resumed",
    done_promote: "Promoted",
    done_abort: "Aborted",
    done_passGate: "The gate is open",
  },
  fr: {
    pause: "Mettre en pause",
    resume: "Reprendre",
    promote: "Promouvoir",
    abort: "Abandonner",
    passGate: "Ouvrir la barrière",
    cancel: "Annuler",
    reason: "Pourquoi",
    reasonHint: "C'est écrit sur cette page et dans l'audit.",
    reasonNeeded: "Dites pourquoi, en quelques mots.",

    why_paused: "Il est déjà en pause.",
    why_notPaused: "Il n'est pas en pause.",
    why_baseline: "La référence a été révoquée : il n'y a plus rien à quoi comparer. Promouvez ou abandonnez.",
    why_gate: "Une barrière est fermée : une personne doit d'abord l'ouvrir.",
    why_gateOpen: "La barrière de cette étape est déjà ouverte.",
    why_pending: "Il démarre à peine.",

    pauseTitle: (number: number) => `Mettre en pause le déploiement n° ${number}`,
    pauseText: (canary: string, percent: string, channel: string) =>
      `${canary} garde ${percent} de ${channel}, rien n'avance et l'horloge de l'étape s'arrête. Il revient toujours en arrière de lui-même si une métrique qui annule est dépassée.`,
    resumeTitle: (number: number) => `Reprendre le déploiement n° ${number}`,
    resumeText: (canary: string, percent: string) =>
      `Il continue où il s'est arrêté : ${canary} à ${percent}, et l'horloge de l'étape repart.`,
    resumeAnew: "Le temps de l'étape repart de zéro.",
    resumeAccepts: (metric: string) => `Vous acceptez ceci pour l'étape, qui ne met plus en pause : ${metric}.`,
    promoteTitle: (number: number) => `Promouvoir le déploiement n° ${number}`,
    promoteAll: (canary: string, channel: string) =>
      `Tout le monde sur ${channel} reçoit ${canary} tout de suite, et le déploiement est terminé.`,
    promoteToGate: (canary: string, percent: string, channel: string, gate: string) =>
      `${canary} reçoit ${percent} de ${channel} tout de suite, et attend à la barrière : ${gate}.`,
    promoteUnsure: (metrics: string) => `Pas sûrement sain pour l'instant : ${metrics}.`,
    abortTitle: (number: number) => `Abandonner le déploiement n° ${number}`,
    abortBack: (channel: string, baseline: string) => `Tout le monde sur ${channel} reçoit ${baseline} tout de suite.`,
    abortNothing: (channel: string) => `${channel} n'a alors plus de version : qui y soumet est refusé.`,
    abortMoves: (count: string, one: boolean, baseline: string) =>
      `${runsFr(count, one)} à ${baseline} ; celles qui tournent se terminent, et ce qui échoue est repris là.`,
    abortEnds: "Un déploiement abandonné ne reprend pas ; on peut en démarrer un autre.",
    passGateTitle: (title: string) => `Ouvrir la barrière : ${title}`,
    passGateText: (percent: string) => `L'étape peut être quittée : il passe à ${percent} dès que ses métriques le permettent.`,
    passGateEnd: "L'étape peut être quittée : le déploiement se termine dès que ses métriques le permettent.",
    startAgain: "En démarrer un autre",

    done_pause: "Mis en pause",
    done_resume: "Repris",
    done_promote: "Promu",
    done_abort: "Abandonné",
    done_passGate: "La barrière est ouverte",
  },
});
