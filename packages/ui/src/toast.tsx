"use client";
import { type ComponentType, type ReactNode, useEffect, useState } from "react";
import type { Extra, Toast } from "./toast-region.tsx";
import { whenIdle } from "./when-idle.tsx";

/** Said before there was a region to say it in. */
const waiting: Toast[] = [];
let present: ((toast: Toast) => void) | null = null;

function becomeReady(show: (toast: Toast) => void): () => void {
  present = show;
  for (const toast of waiting.splice(0)) show(toast);
  return () => {
    present = null;
  };
}

/** Once, in the layout. `label` names the region ("Notifications"). Fetched after the page stands; what is said meanwhile waits. */
export function Toaster({ label }: { label: string }): ReactNode {
  const [Region, setRegion] = useState<ComponentType<{ label: string; onReady: typeof becomeReady }> | null>(null);
  useEffect(() => whenIdle(() => void import("./toast-region.tsx").then(({ ToastRegion }) => setRegion(() => ToastRegion))), []);
  return Region === null ? null : <Region label={label} onReady={becomeReady} />;
}

function show(kind: Toast["kind"], title: ReactNode, extra: Extra = {}): void {
  const toast = { kind, title, ...extra };
  if (present === null) waiting.push(toast);
  else present(toast);
}

/** Says in passing what happened; what must not be missed stands in the page instead. */
export const toast = {
  success: (title: ReactNode, extra?: Extra) => show("success", title, extra),
  error: (title: ReactNode, extra?: Extra) => show("error", title, extra),
  warning: (title: ReactNode, extra?: Extra) => show("warning", title, extra),
  info: (title: ReactNode, extra?: Extra) => show("info", title, extra),
};
