/**
 * One operation of the public API, as data: from it come the HTTP route, its checks and its entry in the OpenAPI document. The public
 * shapes are written down here, apart from what the console asks, so that a change of a screen never changes what programs rely on.
 */
import { z } from "zod";
import type { Action } from "../../domain/access/access.ts";
import type { TokenActor, UserActor } from "../../domain/actor.ts";
import type { Domain } from "../context.ts";

/** Programs come with a token, people with what their identity provider gave them. */
export type Caller = TokenActor | UserActor;

type Shape = z.ZodObject | undefined;
type Of<S extends Shape> = S extends z.ZodObject ? z.output<S> : undefined;

export type Operation<P extends Shape = Shape, Q extends Shape = Shape, B extends Shape = Shape, R extends z.ZodType = z.ZodType> = {
  /** Stable name for generated clients, `noun.verb`. */
  readonly id: string;
  readonly method: "GET" | "POST";
  /** With `{name}` for parameters, from `/v1` on. */
  readonly path: `/v1/${string}`;
  readonly summary: string;
  readonly action: Action;
  /** 200 unless something else is said. */
  readonly status?: 200 | 201 | 202;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly reply: R;
  /** Codes of refusals that a caller should expect, beside those of every operation. */
  readonly failures?: readonly string[];
  /** `actId`: what the caller's idempotency key stands for; the same when nobody knows whether it was done, and it is asked again. */
  run(domain: Domain, caller: Caller, input: { params: Of<P>; query: Of<Q>; body: Of<B> }, actId: string | null): Promise<z.input<R>>;
};

/** Keeps the types of one operation while it is written, and forgets them for the list. */
export function operation<P extends Shape, Q extends Shape, B extends Shape, R extends z.ZodType>(of: Operation<P, Q, B, R>): Operation {
  return of as unknown as Operation;
}

export const time = z.iso.datetime().describe("UTC, RFC 3339");
export const cursor = z.string().max(200).optional().describe("Goes on where the page before ended: its `nextCursor`.");
export const nextCursor = z.string().nullable().describe("Null on the last page.");
