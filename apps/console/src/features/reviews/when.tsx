"use client";
import type { ReactNode } from "react";
import { useFormat } from "../../i18n/i18n.tsx";

/** "40 min ago", with the moment itself in its title. */
export function When({ at }: { at: string }): ReactNode {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.dateTime(at)} className="whitespace-nowrap text-ink-3">
      {format.relative(at)}
    </time>
  );
}
