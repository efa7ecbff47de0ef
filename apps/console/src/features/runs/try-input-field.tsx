"use client";
import { Button } from "@agent-factory/ui/button";
import { CodeEditor } from "@agent-factory/ui/code-editor";
import { FileJson, Upload, X } from "lucide-react";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import type { KeptInput } from "./input-memory.ts";
import { runMessages } from "./messages.ts";
import { emptyInput, INPUT_BYTES_MAX, isLarge, type TryInput, typedInput } from "./try-input.ts";

type Props = {
  readonly name: string;
  readonly input: TryInput;
  readonly onChange: (input: TryInput) => void;
  readonly recent: readonly KeptInput[];
};

/** Typed JSON, a file dropped or picked, or an input used before. A large file is a chip: nobody edits 2 MB by hand. */
export function TryInputField({ name, input, onChange, recent }: Props): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  const picker = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);

  const load = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > INPUT_BYTES_MAX) return setRefused(messages.inputTooLarge(format.bytes(file.size)));
    setRefused(null);
    onChange({ name: file.name, text: await file.text(), sizeBytes: file.size });
  };
  const drop = (event: DragEvent) => {
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    setOver(false);
    void load(event.dataTransfer.files[0]);
  };
  const hover = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(true);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut; the button below does the same by keyboard
    <div onDragOverCapture={hover} onDragLeave={() => setOver(false)} onDropCapture={drop} className="flex flex-col gap-2">
      <div className="flex items-center gap-2">
        <h3 className="text-[12px] text-ink-2">{messages.input}</h3>
        <span className="flex-1" />
        {recent.length > 0 ? (
          <select
            aria-label={messages.recentInputs}
            className="h-7 max-w-[180px] rounded-sm border border-line-strong bg-surface px-1 text-[12px] text-ink"
            value=""
            onChange={(event) => {
              const chosen = recent[Number(event.target.value)];
              if (chosen) onChange({ name: chosen.name, text: chosen.text, sizeBytes: chosen.sizeBytes });
            }}
          >
            <option value="" disabled>
              {messages.recentInputs}
            </option>
            {recent.map((kept, index) => (
              <option key={`${kept.usedAt}${kept.sizeBytes}`} value={index}>
                {`${kept.name ?? messages.typedInput} · ${format.bytes(kept.sizeBytes)} · ${format.relative(kept.usedAt)}`}
              </option>
            ))}
          </select>
        ) : null}
        <Button size="sm" variant="ghost" onClick={() => picker.current?.click()}>
          <Upload aria-hidden />
          {messages.loadFile}
        </Button>
        <input
          ref={picker}
          type="file"
          accept=".json,application/json,.txt,.log"
          className="hidden"
          aria-hidden
          tabIndex={-1}
          data-testid="input-file"
          onChange={(event) => {
            void load(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </div>
      <div className={`relative h-[148px] overflow-hidden rounded-sm border bg-surface ${over ? "border-accent" : "border-line-strong"}`}>
        {isLarge(input) ? (
          <div className="flex h-full items-start p-3">
            <span
              data-testid="input-chip"
              className="flex max-w-full items-center gap-2 rounded-full border border-line-strong bg-sunken py-1 pr-1 pl-3 text-[12px]"
            >
              <FileJson aria-hidden className="size-3.5 shrink-0 text-ink-2" />
              <span className="truncate font-mono text-ink">{input.name ?? messages.typedInput}</span>
              <span className="shrink-0 text-ink-2">{format.bytes(input.sizeBytes)}</span>
              <button
                type="button"
                aria-label={messages.removeFile(input.name ?? messages.typedInput)}
                className="rounded-full p-1 text-ink-2 hover:bg-hover hover:text-ink"
                onClick={() => onChange(emptyInput)}
              >
                <X aria-hidden className="size-3.5" />
              </button>
            </span>
          </div>
        ) : (
          <CodeEditor
            name={name}
            language="json"
            label={messages.inputLabel}
            value={input.text}
            onChange={(text) => onChange(typedInput(text, input.name))}
            lineNumbers={false}
          />
        )}
        {over ? <div className="absolute inset-0 grid place-items-center bg-accent-soft text-ink">{messages.dropHere}</div> : null}
      </div>
      {refused ? (
        <p role="alert" className="text-[12px] text-breached">
          {refused}
        </p>
      ) : null}
    </div>
  );
}
