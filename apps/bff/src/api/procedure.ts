/**
 * The one way to make a procedure: `procedure("noun.verb")`. The action is its authorisation row: it must exist in
 * `policies/access/data.json` (a type error otherwise), and the door that the procedure calls decides by it. Here refusals are
 * translated, once: a `Failure` reaches the caller as `error.data.failure`, anything else as "Internal error" with a trace id.
 */
import { currentTraceId } from "@agent-factory/process/tracing";
import { initTRPC, TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import type { TRPC_ERROR_CODE_KEY } from "@trpc/server/rpc";
import { ZodError } from "zod";
import type { Action } from "../domain/access/access.ts";
import { Failure, type FailureDetails, type FailureKind } from "../domain/failure.ts";
import type { Context } from "./context.ts";

/** A refusal as the browser reads it. */
export type FailureShape = {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  readonly details: FailureDetails;
};

const STATUS_OF: Record<FailureKind, TRPC_ERROR_CODE_KEY> = {
  missing: "NOT_FOUND",
  conflict: "CONFLICT",
  forbidden: "FORBIDDEN",
  invalid: "UNPROCESSABLE_CONTENT",
  limit: "TOO_MANY_REQUESTS",
  unavailable: "SERVICE_UNAVAILABLE",
};

const t = initTRPC
  .context<Context>()
  .meta<{ action: Action }>()
  .create({
    isDev: false,
    // A subscription that says nothing for longer than this looks dead to proxies; the client reconnects after three silent pings.
    sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 20_000 } },
    errorFormatter: ({ shape, error, ctx }) => {
      const failure = failureOf(error);
      // A refusal thrown in the middle of a stream has passed no middleware: it arrives wrapped as an internal error.
      const code = failure && error.code === "INTERNAL_SERVER_ERROR" ? STATUS_OF[failure.kind] : error.code;
      const internal = code === "INTERNAL_SERVER_ERROR";
      return {
        message: failure?.message ?? (internal ? "Internal error" : shape.message),
        code: shape.code,
        data: {
          code,
          httpStatus: getHTTPStatusCodeFromError({ code } as TRPCError),
          path: shape.data.path ?? null,
          traceId: ctx?.traceId ?? currentTraceId() ?? null,
          failure,
        },
      };
    },
  });

export const router = t.router;

/** Signed-in (the context has an actor), refusals translated. Throws when a procedure is built for an action that does not exist. */
export function procedure(action: Action) {
  return t.procedure.meta({ action }).use(async ({ next }) => {
    const result = await next();
    if (result.ok || !(result.error.cause instanceof Failure)) return result;
    throw errorOf(result.error.cause);
  });
}

/** Refusals that mean "sign in again", whatever their kind. */
const SIGNED_OUT: readonly string[] = ["session.signed-out", "session.token-invalid"];

/** A refusal in the transport's terms. */
export function errorOf(failure: Failure): TRPCError {
  const code = SIGNED_OUT.includes(failure.code)
    ? "UNAUTHORIZED"
    : failure.code.endsWith("too-large")
      ? "PAYLOAD_TOO_LARGE"
      : STATUS_OF[failure.kind];
  return new TRPCError({ code, message: failure.message, cause: failure });
}

export function shapeOf(failure: Failure): FailureShape {
  return { kind: failure.kind, code: failure.code, message: failure.message, details: failure.details };
}

function failureOf(error: TRPCError): FailureShape | null {
  const { cause } = error;
  if (cause instanceof Failure) return shapeOf(cause);
  if (cause instanceof ZodError) {
    const issues = cause.issues.slice(0, 20).map((issue) => ({ pointer: `/${issue.path.map(String).join("/")}`, message: issue.message }));
    return { kind: "invalid", code: "request.invalid", message: "The request is not of the expected shape", details: { issues } };
  }
  return null;
}
