"use client";
import { saveFile } from "@agent-factory/ui/save-file";
import { toast } from "@agent-factory/ui/toast";
import { useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPCClient } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { type AuditFormat, auditFile, gather } from "./audit-file.ts";
import { auditMessages } from "./messages.ts";
import type { AuditFilters } from "./use-audit-filters.ts";

const PAGE_SIZE = 500;
/** As much as a browser holds with ease; whoever needs more takes it in parts, by its filters. */
const ENTRIES_MAX = 20_000;

/** Saves the entries that match as a file. `count`: how many are there so far, null while nothing is being saved. */
export function useAuditExport(filters: AuditFilters) {
  const client = useTRPCClient();
  const messages = useMessages(auditMessages);
  const format = useFormat();
  const sayFailed = useFailureToast(messages.exportFailed);
  const [count, setCount] = useState<number | null>(null);
  const save = async (as: AuditFormat) => {
    if (count !== null) return;
    setCount(0);
    try {
      const page = (cursor: string | undefined) =>
        client.audit.list.query({ ...filters, limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) });
      const { entries, more } = await gather(page, ENTRIES_MAX, setCount);
      const { name, mediaType, text } = auditFile(entries, as, new Date());
      saveFile(name, mediaType, text);
      const saved = format.number(entries.length);
      toast.success(more ? messages.exportedSome(saved) : messages.exported(saved, entries.length === 1));
    } catch (error) {
      sayFailed(error);
    } finally {
      setCount(null);
    }
  };
  return { count, save: (as: AuditFormat) => void save(as) };
}
