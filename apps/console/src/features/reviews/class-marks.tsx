"use client";
import type { ChangeClass } from "@agent-factory/manifest/compare";
import { CircleDollarSign, KeyRound, type LucideIcon, MessageSquareText, Paintbrush, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { classMessages } from "./class-messages.ts";
import { changeClasses } from "./review-view.ts";

const looks: Record<ChangeClass, { readonly Icon: LucideIcon; readonly ink: string }> = {
  breaking: { Icon: Unplug, ink: "text-breached" },
  permission: { Icon: KeyRound, ink: "text-warning" },
  cost: { Icon: CircleDollarSign, ink: "text-ink-2" },
  behaviour: { Icon: MessageSquareText, ink: "text-ink-2" },
  cosmetic: { Icon: Paintbrush, ink: "text-ink-3" },
};

export function ClassIcon({ name }: { name: ChangeClass }): ReactNode {
  const { Icon, ink } = looks[name];
  return <Icon aria-hidden className={`size-4 shrink-0 ${ink}`} strokeWidth={1.75} />;
}

/** The kinds of change a review holds, gravest first: each a shape and a word. */
export function ClassMarks({ classes }: { classes: readonly ChangeClass[] }): ReactNode {
  const messages = useMessages(classMessages);
  return (
    <ul className="flex flex-wrap gap-x-2.5 gap-y-0.5">
      {changeClasses
        .filter((name) => classes.includes(name))
        .map((name) => {
          const { Icon, ink } = looks[name];
          return (
            <li key={name} className={`inline-flex items-center gap-1 text-sm whitespace-nowrap ${ink}`}>
              <Icon aria-hidden className="size-3.5 shrink-0" strokeWidth={1.75} />
              {messages[`class_${name}`]}
            </li>
          );
        })}
    </ul>
  );
}
