"use client";
import { Menu, MenuChoices } from "@agent-factory/ui/menu";
import { ChevronsUpDown } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../i18n/i18n.tsx";
import { TENANT_COOKIE } from "../session/tenant-cookie.ts";
import { useViewer } from "../session/viewer.tsx";
import { setCookie } from "./cookie.ts";
import { shellMessages } from "./messages.ts";

/** The tenant this page is about. Another one is another world: choosing it loads the console anew. */
export function TenantSwitcher(): ReactNode {
  const messages = useMessages(shellMessages);
  const { tenant, tenants } = useViewer();
  const mark = (
    <>
      <span
        aria-hidden
        className="flex size-[22px] shrink-0 items-center justify-center rounded-sm bg-accent text-sm font-semibold text-accent-ink"
      >
        {tenant.name.slice(0, 1).toUpperCase()}
      </span>
      <span className="min-w-0 truncate font-semibold">{tenant.name}</span>
    </>
  );
  if (tenants.length < 2) {
    return (
      <div className="flex h-8 items-center gap-2 px-2">
        <span className="sr-only">{messages.tenantOf(tenant.name)}</span>
        <span aria-hidden className="contents">
          {mark}
        </span>
      </div>
    );
  }
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="flex h-8 w-full items-center gap-2 rounded-sm px-2 hover:bg-hover">
          <span className="sr-only">{`${messages.tenantOf(tenant.name)}. ${messages.switchTenant}`}</span>
          <span aria-hidden className="contents">
            {mark}
          </span>
          <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-ink-3" />
        </button>
      }
    >
      <MenuChoices
        label={messages.tenant}
        value={tenant.slug}
        choices={tenants.map(({ slug, name }) => ({ value: slug, label: name }))}
        onValueChange={(slug) => {
          setCookie(TENANT_COOKIE, slug);
          location.assign("/");
        }}
      />
    </Menu>
  );
}
