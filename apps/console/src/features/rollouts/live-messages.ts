/** The words of the count in the navigation, apart from the others: every page brings them. */
import { defineMessages } from "../../i18n/i18n.tsx";

export const liveMessages = defineMessages({
  en: {
    livePaused: (paused: number) => (paused === 1 ? "1 paused" : `${paused} paused`),
    countNote: "moving or paused",
  },
  fr: {
    livePaused: (paused: number) => `${paused} en pause`,
    countNote: "en cours ou en pause",
  },
});
