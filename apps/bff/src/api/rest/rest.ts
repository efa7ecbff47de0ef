/**
 * The public API: every operation of the list as an HTTP route. A request is known (token), allowed its rate, checked, done once (when it
 * has an idempotency key) and answered in the public shape, whatever more the door behind it tells.
 */
import { currentTraceId } from "@agent-factory/process/tracing";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { ZodError } from "zod";
import { Failure } from "../../domain/failure.ts";
import type { Domain } from "../context.ts";
import { errorOf } from "../procedure.ts";
import { channelOperations } from "./channels.ts";
import { DOCS_POLICY, docsPage } from "./docs-page.ts";
import { openApiDocument } from "./openapi.ts";
import { rolloutOperations } from "./rollouts.ts";
import type { Caller, Operation } from "./route.ts";
import { runOperations } from "./runs.ts";
import { templateOperations } from "./templates.ts";
import { usageOperations } from "./usage.ts";

export const OPERATIONS: readonly Operation[] = [
  ...templateOperations,
  ...channelOperations,
  ...runOperations,
  ...rolloutOperations,
  ...usageOperations,
];

/** Where the API lives; the paths of operations begin with it. */
export const REST_PREFIX = "/v1";

export type RestParts = {
  readonly domain: Domain;
  /** Who asks. Throws a `Failure` (`session.*`) when nobody does. */
  readonly authenticate: (request: FastifyRequest) => Promise<Caller>;
  /** What the transport itself refuses (size, syntax), in our terms; null: a bug. */
  readonly refusalOf: (error: unknown) => Failure | null;
  /** A failure that is no refusal: logged, and shown as "Internal error". */
  readonly onBug: (error: unknown, operation: string) => void;
  readonly version: string;
};

const KEY = /^[\x21-\x7e]{1,200}$/;

export const restApi: FastifyPluginAsync<RestParts> = async (app, { domain, authenticate, refusalOf, onBug, version }) => {
  const document = openApiDocument(OPERATIONS, version);
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, new Failure("missing", "request.unknown-path", "There is nothing here")));
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (!refusal) onBug(error, request.routeOptions.url ?? "");
    return sendProblem(reply, refusal);
  });
  app.get("/openapi.json", async (_request, reply) => reply.header("cache-control", "public, max-age=300").send(document));
  app.get("/docs", async (request, reply) =>
    reply
      .header("content-security-policy", DOCS_POLICY)
      .type("text/html; charset=utf-8")
      .send(docsPage(OPERATIONS, document, `${request.protocol}://${request.host}`)),
  );

  /** Says what is left by draft-ietf-httpapi-ratelimit-headers. */
  const allow = (caller: Caller, reply: FastifyReply): Promise<void> =>
    domain.requests.take(caller, ({ allowed, remaining, resetSeconds, retryAfterSeconds, rate }) => {
      reply.header("ratelimit-policy", `"default";q=${rate.limit};w=${rate.windowSeconds}`);
      reply.header("ratelimit", `"default";r=${remaining};t=${resetSeconds}`);
      if (!allowed) reply.header("retry-after", retryAfterSeconds);
    });

  const serve = (of: Operation) => async (request: FastifyRequest, reply: FastifyReply) => {
    const caller = await authenticate(request);
    await allow(caller, reply);
    const key = idempotencyKeyOf(of, request);
    const input = {
      params: part(of.params, request.params, "path"),
      query: part(of.query, request.query, "query"),
      body: part(of.body, request.body ?? {}, "body"),
    };
    const act = async (actId: string | null) => {
      // The public shape and nothing more.
      const body: unknown = of.reply.parse(await of.run(domain, caller, input as never, actId));
      return { status: of.status ?? 200, body };
    };
    if (key === null) {
      const { status, body } = await act(null);
      return await reply.code(status).send(body);
    }
    const same = JSON.stringify([of.id, input]);
    const { status, body, repeated } = await domain.requests.once(caller, { key, request: same }, act);
    if (repeated) reply.header("idempotency-replayed", "true");
    return await reply.code(status).send(body);
  };

  for (const of of OPERATIONS) {
    app.route({ method: of.method, url: of.path.slice(REST_PREFIX.length).replaceAll(/\{(\w+)\}/g, ":$1"), handler: serve(of) });
  }
};

/** One part of a request in its shape. Throws `request.invalid` with a pointer for each fault. */
function part(shape: Operation["params"], value: unknown, where: string): unknown {
  if (!shape) return undefined;
  try {
    return shape.parse(value);
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    const issues = error.issues
      .slice(0, 20)
      .map(({ path, message }) => ({ pointer: `/${[where, ...path.map(String)].join("/")}`, message }));
    throw new Failure("invalid", "request.invalid", "The request is not of the expected shape", { issues });
  }
}

function idempotencyKeyOf(of: Operation, request: FastifyRequest): string | null {
  const key = request.headers["idempotency-key"];
  if (of.method === "GET" || key === undefined) return null;
  if (typeof key === "string" && KEY.test(key)) return key;
  throw new Failure("invalid", "idempotency.key-invalid", "Idempotency-Key is 1 to 200 visible ASCII characters");
}

/** RFC 9457. */
function sendProblem(reply: FastifyReply, failure: Failure | null): FastifyReply {
  const status = failure ? getHTTPStatusCodeFromError(errorOf(failure)) : 500;
  const problem = {
    type: "about:blank",
    title: failure?.message ?? "Internal error",
    status,
    code: failure?.code ?? "request.internal-error",
    traceId: currentTraceId() ?? null,
    details: failure?.details ?? {},
  };
  if (status === 401) reply.header("www-authenticate", "Bearer");
  return reply.code(status).type("application/problem+json").send(problem);
}
