import { defineMessages } from "../../i18n/i18n.tsx";

export const activityMessages = defineMessages({
  en: {
    title: "All runs, by the time they were submitted",
    span: "Period",
    span_day: "Last 24 hours",
    span_week: "Last 7 days",
    succeeded: "Succeeded",
    failed: "Failed",
    cancelled: "Cancelled",
    underWay: "Under way",
    table: "View as table",
    chart: "View as chart",
    noData: "No data: before this tenant began",
    time: "From",
  },
  fr: {
    title: "Toutes les exécutions, selon l'heure de leur soumission",
    span: "Période",
    span_day: "24 dernières heures",
    span_week: "7 derniers jours",
    succeeded: "Réussies",
    failed: "Échouées",
    cancelled: "Annulées",
    underWay: "En cours",
    table: "Voir en tableau",
    chart: "Voir en graphique",
    noData: "Pas de données : avant l'arrivée de ce client",
    time: "À partir de",
  },
});
