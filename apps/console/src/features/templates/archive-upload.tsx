"use client";
import { Button } from "@agent-factory/ui/button";
import { toast } from "@agent-factory/ui/toast";
import { useQueryClient } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { templateMessages } from "./messages.ts";
import { UploadRefused, uploadArchive } from "./upload-archive.ts";

const ARCHIVE_BYTES_MAX = 8 * 1024 * 1024;

type Props = {
  readonly current: string | null;
  readonly disabledReason: string | undefined;
  /** Puts the digest into the manifest; false when there is no place for it. */
  readonly onArchive: (digest: string) => boolean;
};

/** Uploads a code archive; the manifest then names it. */
export function ArchiveUpload({ current, disabledReason, onArchive }: Props): ReactNode {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  const queries = useQueryClient();
  const viewer = useViewer();
  const picker = useRef<HTMLInputElement>(null);
  const [sent, setSent] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const upload = async (file: File | undefined) => {
    if (!file) return;
    setProblem(null);
    if (!/\.(tar\.gz|tgz)$/i.test(file.name)) return setProblem(messages.notArchive);
    if (file.size > ARCHIVE_BYTES_MAX) return setProblem(messages.archiveTooLarge(format.bytes(file.size)));
    setSent(0);
    try {
      const archive = await uploadArchive(file, viewer.tenant.slug, setSent);
      if (archive.digest === current) toast.info(messages.sameCode);
      else if (onArchive(archive.digest)) toast.success(messages.uploaded(archive.files.length));
      else setProblem(`${messages.uploadedNoPlace} ${archive.digest}`);
      await queries.invalidateQueries({ predicate: (query) => JSON.stringify(query.queryKey).includes(archive.digest) });
    } catch (cause) {
      setProblem(cause instanceof UploadRefused && cause.message !== "" ? cause.message : messages.uploadFailed);
    } finally {
      setSent(null);
    }
  };

  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2">
      <Button size="sm" onClick={() => picker.current?.click()} loading={sent !== null} disabledReason={disabledReason}>
        <Upload aria-hidden />
        {messages.uploadCode}
      </Button>
      <input
        ref={picker}
        type="file"
        accept=".gz,.tgz,application/gzip"
        className="hidden"
        aria-hidden
        tabIndex={-1}
        data-testid="archive-file"
        onChange={(event) => {
          void upload(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      {problem ? (
        <p role="alert" className="min-w-0 flex-1 text-sm break-all text-breached">
          {problem}
        </p>
      ) : (
        <p role="status" className="text-sm text-ink-3">
          {sent === null ? messages.uploadHint : messages.uploading(format.percent(sent))}
        </p>
      )}
    </div>
  );
}
