"use client";
import { PageHeader } from "@agent-factory/ui/page-header";
import { clsx } from "clsx";
import Link from "next/link";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { signingMessages } from "./messages.ts";

/** The header of both trust pages, with the way from one to the other. */
export function TrustHeader({ section, actions }: { section: "keys" | "log"; actions?: ReactNode }): ReactNode {
  const messages = useMessages(signingMessages);
  const sections = [
    { name: "keys", href: "/trust", label: messages.keysTitle },
    { name: "log", href: "/trust/log", label: messages.logTitle },
  ] as const;
  return (
    <PageHeader
      title={messages.title}
      badges={
        <nav aria-label={messages.sections} className="ml-2 flex items-center gap-0.5">
          {sections.map(({ name, href, label }) => (
            <Link
              key={name}
              href={href}
              aria-current={name === section ? "page" : undefined}
              className={clsx(
                "flex h-7 items-center rounded-sm px-2 transition-colors hover:bg-hover hover:text-ink",
                name === section ? "font-semibold text-ink" : "text-ink-2",
              )}
            >
              {label}
            </Link>
          ))}
        </nav>
      }
      actions={actions}
    />
  );
}
