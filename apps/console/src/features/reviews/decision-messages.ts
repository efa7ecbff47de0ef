/** The sentences of the dialogs in which a review is decided. */
import { defineMessages } from "../../i18n/i18n.tsx";
import { remarksEn, remarksFr } from "./messages.ts";

export const decisionMessages = defineMessages({
  en: {
    cancel: "Cancel",

    approveTitle: (name: string, revision: number) => `Approve revision ${revision} of ${name}?`,
    approveDigest: "You approve exactly this content, and no other:",
    approvePublishes: (semver: string) => `With your approval the registry publishes ${semver} and signs it.`,
    approvePublishesFirst: "With your approval the registry publishes and signs it.",
    approveCounts: (left: number) =>
      left === 1 ? "After yours, 1 more approval is needed." : `After yours, ${left} more approvals are needed.`,
    approveUnresolved: (count: number) => `${remarksEn(count)} ${count === 1 ? "is" : "are"} not resolved.`,
    approveWarnings: (count: number) => (count === 1 ? "1 policy warning stands." : `${count} policy warnings stand.`),
    approveSince: (revision: number) => `You approved revision ${revision}. You have been looking at what changed since.`,
    approveNote: "Note",
    approveNoteHint: "Optional. It stands beside your approval.",
    approveAndPublish: (semver: string) => `Approve and publish ${semver}`,
    approved: "Approved",
    approvedLeft: (left: number) => (left === 1 ? "1 more approval is needed." : `${left} more approvals are needed.`),
    rejectTitle: (name: string, revision: number) => `Reject revision ${revision} of ${name}?`,
    rejectAffects: "The review ends and nothing is published. The draft stays, and can be sent for review again.",
    rejectNote: "What must change",
    rejectNoteNeeded: "Say what must change: the author reads it.",
    rejectedToast: "Rejected",
    withdrawTitle: (number: number) => `Withdraw review #${number}?`,
    withdrawAffects: (approvals: number) =>
      approvals === 0
        ? "The review ends and nothing is published. The draft and what was said stay."
        : `The review ends, ${approvals === 1 ? "1 approval" : `${approvals} approvals`} with it, and nothing is published. The draft and what was said stay.`,
    withdrawnToast: "Withdrawn",
  },
  fr: {
    cancel: "Annuler",

    approveTitle: (name: string, revision: number) => `Approuver la révision ${revision} de ${name} ?`,
    approveDigest: "Vous approuvez exactement ce contenu, et aucun autre :",
    approvePublishes: (semver: string) => `Avec votre approbation, le registre publie ${semver} et signe.`,
    approvePublishesFirst: "Avec votre approbation, le registre publie et signe.",
    approveCounts: (left: number) =>
      left === 1 ? "Après la vôtre, il manque 1 approbation." : `Après la vôtre, il manque ${left} approbations.`,
    approveUnresolved: (count: number) => `${remarksFr(count)} ${count < 2 ? "n'est pas résolue" : "ne sont pas résolues"}.`,
    approveWarnings: (count: number) =>
      count < 2 ? `${count} avertissement des règles demeure.` : `${count} avertissements des règles demeurent.`,
    approveSince: (revision: number) => `Vous aviez approuvé la révision ${revision}. Vous venez de voir ce qui a changé depuis.`,
    approveNote: "Note",
    approveNoteHint: "Facultative. Elle figure à côté de votre approbation.",
    approveAndPublish: (semver: string) => `Approuver et publier ${semver}`,
    approved: "Approuvée",
    approvedLeft: (left: number) => (left === 1 ? "Il manque 1 approbation." : `Il manque ${left} approbations.`),
    rejectTitle: (name: string, revision: number) => `Rejeter la révision ${revision} de ${name} ?`,
    rejectAffects: "La revue se termine et rien n'est publié. Le brouillon reste, et peut repartir en revue.",
    rejectNote: "Ce qui doit changer",
    rejectNoteNeeded: "Dites ce qui doit changer : l'auteur le lira.",
    rejectedToast: "Rejetée",
    withdrawTitle: (number: number) => `Retirer la revue n° ${number} ?`,
    withdrawAffects: (approvals: number) =>
      approvals === 0
        ? "La revue se termine et rien n'est publié. Le brouillon et ce qui a été dit restent."
        : `La revue se termine, avec ${approvals === 1 ? "1 approbation" : `${approvals} approbations`}, et rien n'est publié. Le brouillon et ce qui a été dit restent.`,
    withdrawnToast: "Retirée",
  },
});
