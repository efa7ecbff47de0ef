import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";

/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/), the part we need: one trace id follows a request from the browser
 * through the registry to the host and into its logs. Spans are not recorded here.
 */
type TraceContext = { readonly traceId: string; readonly spanId: string; readonly flags: string };

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const current = new AsyncLocalStorage<TraceContext>();

function parse(traceparent: string | undefined): TraceContext | undefined {
  const found = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  const [, traceId, spanId, flags] = found ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags };
}

/** A fresh trace: `00-<trace id>-<span id>-01`. */
export function newTraceparent(): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
}

/**
 * Runs `work` inside the caller's trace, as a child span of its own. A missing or malformed `traceparent` starts a new trace: what
 * somebody else sends can name a trace, and can never make a request fail.
 */
export function withTrace<T>(traceparent: string | undefined, work: () => T): T {
  const parent = parse(traceparent);
  const context = {
    traceId: parent?.traceId ?? randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    flags: parent?.flags ?? "01",
  };
  return current.run(context, work);
}

/** The trace that the running code belongs to; undefined outside every trace. */
export function currentTraceId(): string | undefined {
  return current.getStore()?.traceId;
}

/** What to send along when calling the next process: the same trace, this span as parent. */
export function currentTraceparent(): string | undefined {
  const context = current.getStore();
  return context && `00-${context.traceId}-${context.spanId}-${context.flags}`;
}
