"use client";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { type Axis, placeOfNow, windowOf } from "./key-window.ts";
import { signingMessages } from "./messages.ts";
import type { KeyRow } from "./signing-view.ts";

const percent = (share: number) => `${(share * 100).toFixed(2)}%`;

/** When a key signs: a bar on the axis all keys share, with now as a line through it, and the same in words. */
export function KeyTimeline({ signingKey, axis }: { signingKey: KeyRow; axis: Axis }): ReactNode {
  const messages = useMessages(signingMessages);
  const format = useFormat();
  const { start, end, open, distrusted } = windowOf(signingKey, axis);
  const from = format.date(signingKey.notBefore);
  const words =
    signingKey.notAfter !== null
      ? format.date(signingKey.notAfter) === from
        ? messages.windowClosed(format.dateTime(signingKey.notBefore), format.time(signingKey.notAfter))
        : messages.windowClosed(from, format.date(signingKey.notAfter))
      : Date.parse(signingKey.notBefore) > axis.now
        ? messages.windowSoon(from)
        : messages.windowOpen(from);
  const tone = { announced: "bg-accent", active: "bg-healthy", retiring: "bg-unknown", retired: "bg-unknown" }[signingKey.state];
  return (
    <span className="block min-w-48">
      <span aria-hidden className="relative block h-3">
        <span className="absolute inset-x-0 top-1/2 h-px bg-line" />
        <span
          className={`absolute top-0.5 bottom-0.5 min-w-1 ${tone} ${open ? "rounded-l-full" : "rounded-full"}`}
          style={{
            left: percent(start),
            right: percent(1 - end),
            // It goes on until somebody ends it: it fades instead of ending.
            ...(open ? { maskImage: "linear-gradient(to right, black 60%, transparent)" } : {}),
          }}
        />
        {distrusted === null ? null : (
          <span
            className="absolute top-0 bottom-0 min-w-1 border-l-2 border-breached bg-surface"
            style={{
              left: percent(Math.max(distrusted, start)),
              right: percent(1 - end),
              backgroundImage: "repeating-linear-gradient(135deg, var(--breached) 0 2px, transparent 2px 6px)",
            }}
          />
        )}
        <span className="absolute -top-1 -bottom-1 w-px bg-ink" style={{ left: percent(placeOfNow(axis)) }} />
      </span>
      <span className="mt-1 block text-sm whitespace-nowrap text-ink-2">
        {words}
        {signingKey.distrustedFrom === null ? null : (
          <span className="text-breached"> · {messages.windowDistrusted(format.dateTime(signingKey.distrustedFrom))}</span>
        )}
      </span>
    </span>
  );
}
