"use client";
/** JSON as a tree that opens and closes. Long lists show a part at a time, so a large output does not stall the page. */
import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { runMessages } from "./messages.ts";

/** Entries shown at once in one list or group. */
const CHUNK = 50;
/** Groups up to this depth and size begin open. */
const OPEN_DEPTH = 2;
const OPEN_ENTRIES = 25;
/** Longer texts are cut until asked for. */
const TEXT_MAX = 400;

export function JsonTree({ value }: { value: unknown }): ReactNode {
  return (
    <div className="overflow-auto font-mono text-[12px] leading-[20px]">
      <JsonNode name={null} value={value} depth={0} />
    </div>
  );
}

function JsonNode({ name, value, depth }: { name: string | null; value: unknown; depth: number }): ReactNode {
  return typeof value === "object" && value !== null ? (
    <JsonGroup name={name} value={value} depth={depth} />
  ) : (
    <JsonLeaf name={name} value={value} depth={depth} />
  );
}

function JsonGroup({ name, value, depth }: { name: string | null; value: object; depth: number }): ReactNode {
  const messages = useMessages(runMessages);
  const isList = Array.isArray(value);
  const entries: (readonly [string, unknown])[] = isList
    ? value.map((item, index) => [String(index), item] as const)
    : Object.entries(value);
  const [open, setOpen] = useState(depth < OPEN_DEPTH && entries.length <= (depth === 0 ? 200 : OPEN_ENTRIES));
  const [shown, setShown] = useState(CHUNK);
  const [first, last] = isList ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0)
    return (
      <Row name={name} depth={depth}>
        {first + last}
      </Row>
    );
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center rounded-sm text-left hover:bg-hover"
        style={{ paddingInlineStart: depth * 14 }}
      >
        <ChevronRight
          aria-hidden
          className={`size-3.5 shrink-0 text-ink-2 transition-transform motion-reduce:transition-none ${open ? "rotate-90" : ""}`}
        />
        {name === null ? <span className="sr-only">{messages.rootName}</span> : <Name name={name} />}
        <span className="text-ink-2">{open ? first : `${first} … ${last}`}</span>
        <span className="ml-2 font-sans text-[11px] text-ink-2">
          {isList ? messages.items(entries.length) : messages.keys(entries.length)}
        </span>
      </button>
      {open ? (
        <>
          {entries.slice(0, shown).map(([key, item]) => (
            <JsonNode key={key} name={key} value={item} depth={depth + 1} />
          ))}
          {entries.length > shown ? (
            <button
              type="button"
              onClick={() => setShown(shown + CHUNK * 4)}
              className="rounded-sm font-sans text-[12px] text-accent hover:underline"
              style={{ marginInlineStart: (depth + 1) * 14 + 14 }}
            >
              {messages.showMore(Math.min(entries.length - shown, CHUNK * 4))}
            </button>
          ) : null}
          <Row name={null} depth={depth}>
            <span className="text-ink-2">{last}</span>
          </Row>
        </>
      ) : null}
    </div>
  );
}

function JsonLeaf({ name, value, depth }: { name: string | null; value: unknown; depth: number }): ReactNode {
  const messages = useMessages(runMessages);
  const [whole, setWhole] = useState(false);
  const text = JSON.stringify(value) ?? "null";
  const tone = typeof value === "string" ? "text-healthy" : "text-ink";
  const cut = text.length > TEXT_MAX && !whole;
  return (
    <Row name={name} depth={depth}>
      <span className={`${tone} break-all whitespace-pre-wrap`}>{cut ? `${text.slice(0, TEXT_MAX)}…` : text}</span>
      {cut ? (
        <button type="button" onClick={() => setWhole(true)} className="ml-2 shrink-0 rounded-sm font-sans text-accent hover:underline">
          {messages.showMore(text.length - TEXT_MAX)}
        </button>
      ) : null}
    </Row>
  );
}

function Row({ name, depth, children }: { name: string | null; depth: number; children: ReactNode }): ReactNode {
  return (
    <div className="flex" style={{ paddingInlineStart: depth * 14 + 14 }}>
      <Name name={name} />
      {children}
    </div>
  );
}

function Name({ name }: { name: string | null }): ReactNode {
  return name === null ? null : <span className="mr-2 shrink-0 text-accent">{name}:</span>;
}
