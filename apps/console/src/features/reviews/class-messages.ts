/** What the classes of change are called. */
import { defineMessages } from "../../i18n/i18n.tsx";

export const classMessages = defineMessages({
  en: {
    class_breaking: "Breaking",
    class_permission: "Permission",
    class_cost: "Cost",
    class_behaviour: "Behaviour",
    class_cosmetic: "Cosmetic",
  },
  fr: {
    class_breaking: "Rupture",
    class_permission: "Permission",
    class_cost: "Coût",
    class_behaviour: "Comportement",
    class_cosmetic: "Cosmétique",
  },
});
