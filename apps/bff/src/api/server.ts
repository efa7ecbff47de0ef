/**
 * The registry's HTTP server: tRPC (queries, mutations, and subscriptions as server-sent events) at `/trpc`, code archives at
 * `PUT /archives`, the public REST API at `/v1` (rest/), health at `/healthz` and `/readyz`. It is a pure resource server: a bearer token says who calls, the header
 * `x-tenant` which of their tenants; no cookies, no sessions. Errors never carry a stack.
 */
import type { ServerResponse } from "node:http";
import type { Health } from "@agent-factory/process/health";
import type { Logger } from "@agent-factory/process/logger";
import { currentTraceId, withTrace } from "@agent-factory/process/tracing";
import helmet from "@fastify/helmet";
import { TRPCError } from "@trpc/server";
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { Failure } from "../domain/failure.ts";
import { looksLikeToken } from "../domain/tokens/tokens.ts";
import { archivesUpload } from "./archives-upload.ts";
import type { Context, Domain } from "./context.ts";
import { errorOf, type FailureShape, shapeOf } from "./procedure.ts";
import { REST_PREFIX, restApi } from "./rest/rest.ts";
import { type AppRouter, appRouter } from "./root.ts";

/** A run's input may hold 16 MiB of JSON text, which grows when it is quoted inside the request's JSON. */
const BODY_BYTES_MAX = 24 * 1024 * 1024;

/** Of the public API, not of the product: rises when what programs rely on changes. */
const API_VERSION = "1.0.0";

/** Says who a token speaks for; see platform/oidc.ts. */
export type Authenticate = (token: string) => Promise<{ readonly subject: string }>;

export type ServerParts = {
  domain: Domain;
  authenticate: Authenticate;
  health: Health;
  refreshHealth: () => Promise<void>;
  /** Told of each request when it was answered; not of live streams. */
  answered?: (request: { method: string; route: string; status: number; seconds: number }) => void;
  logger: Logger;
};

export async function createServer({
  domain,
  authenticate,
  health,
  refreshHealth,
  answered,
  logger,
}: ServerParts): Promise<FastifyInstance> {
  const server = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: 5_000 },
    requestTimeout: 60_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: "idle",
  });
  await server.register(helmet, { contentSecurityPolicy: { directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } } });

  // Everything a request does runs inside its trace, and says which.
  server.addHook("onRequest", (request, reply, done) => {
    const given = request.headers.traceparent;
    withTrace(typeof given === "string" ? given : undefined, () => {
      reply.header("x-trace-id", currentTraceId() ?? "");
      reply.header("cache-control", "no-store");
      done();
    });
  });

  if (answered) {
    server.addHook("onResponse", (request, reply, done) => {
      if (request.headers.accept !== "text/event-stream")
        answered({ method: request.method, route: routeOf(request), status: reply.statusCode, seconds: reply.elapsedTime / 1_000 });
      done();
    });
  }

  endStreamsAtClose(server);

  const contextOf = async (request: FastifyRequest): Promise<Context> => {
    const traceId = currentTraceId() ?? "";
    const token = bearerOf(request);
    const { subject } = await authenticate(token);
    const slug = request.headers["x-tenant"];
    const session = await domain.tenants.signIn(subject, typeof slug === "string" && slug !== "" ? slug : undefined, traceId);
    return { actor: session.actor, session, traceId, domain };
  };

  // Before the plugins: they inherit what is set by then.
  server.setNotFoundHandler((_request, reply) => sendError(reply, new Failure("missing", "request.unknown-path", "There is nothing here")));
  server.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (!refusal) logger.error({ err: error, path: request.url.split("?")[0] }, "a request failed");
    return sendError(reply, refusal);
  });

  await server.register(fastifyTRPCPlugin<AppRouter>, {
    prefix: "/trpc",
    trpcOptions: {
      router: appRouter,
      createContext: async ({ req }) => {
        try {
          return await contextOf(req);
        } catch (error) {
          throw error instanceof Failure ? errorOf(error) : error;
        }
      },
      onError: ({ error, path, type }) => {
        if (error.code === "INTERNAL_SERVER_ERROR" && !(error.cause instanceof Failure))
          logger.error({ err: error.cause ?? error, path, type }, "a procedure failed");
        else logger.debug({ path, type, code: error.code, message: error.message }, "a procedure refused");
      },
    },
  });

  await server.register(restApi, {
    domain,
    authenticate: async (request) => {
      const bearer = bearerOf(request);
      return looksLikeToken(bearer)
        ? { ...(await domain.tokens.authenticate(bearer)), traceId: currentTraceId() ?? "" }
        : (await contextOf(request)).actor;
    },
    refusalOf,
    onBug: (error, operation) => logger.error({ err: error, operation }, "a request of the public API failed"),
    version: API_VERSION,
    prefix: REST_PREFIX,
  });

  await server.register(archivesUpload, { templates: domain.templates, authenticate: contextOf });

  server.get("/healthz", async (_request, reply) => reply.code(health.live() ? 200 : 503).send(health.snapshot()));
  server.get("/readyz", async (_request, reply) => {
    await refreshHealth();
    return reply.code(health.ready() ? 200 : 503).send(health.snapshot());
  });

  return server;
}

const PROCEDURES = new Set(Object.keys(appRouter._def.procedures));

/** The procedure, or the path as it is written in the routes: never what somebody sent. */
function routeOf(request: FastifyRequest): string {
  const path = (request.params as { path?: unknown } | undefined)?.path;
  if (typeof path === "string" && PROCEDURES.has(path)) return path;
  // Several at once, as the console asks what a page needs together.
  if (typeof path === "string" && path.includes(",")) return "batch";
  return request.routeOptions.url ?? "unknown";
}

function bearerOf(request: FastifyRequest): string {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) throw new Failure("forbidden", "session.signed-out", "Sign in first");
  return token;
}

/** What the transport itself refuses (size, syntax), in our terms; null: a bug of ours. */
function refusalOf(error: unknown): Failure | null {
  if (error instanceof Failure) return error;
  if (error instanceof TRPCError && error.cause instanceof Failure) return error.cause;
  const status = typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;
  if (status === 413)
    return new Failure("limit", "request.too-large", `The request is larger than ${BODY_BYTES_MAX} bytes`, { maxBytes: BODY_BYTES_MAX });
  if (typeof status === "number" && status >= 400 && status < 500)
    return new Failure("invalid", "request.malformed", "The request could not be read");
  return null;
}

/** The same envelope that tRPC answers with, so that every client has one way to read a refusal. */
function sendError(reply: { code(status: number): { send(body: unknown): unknown } }, failure: Failure | null): unknown {
  const error = failure ? errorOf(failure) : new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: "Internal error" });
  const shape: FailureShape | null = failure ? shapeOf(failure) : null;
  const status = getHTTPStatusCodeFromError(error);
  const data = { code: error.code, httpStatus: status, path: null, traceId: currentTraceId() ?? null, failure: shape };
  return reply.code(status).send({ error: { message: error.message, code: -32_000, data } });
}

/** Server-sent events never end by themselves: at shutdown they are cut, and clients reconnect to whoever serves next. */
function endStreamsAtClose(server: FastifyInstance): void {
  const streams = new Set<ServerResponse>();
  server.addHook("onRequest", async (request, reply) => {
    if (request.headers.accept !== "text/event-stream") return;
    streams.add(reply.raw);
    reply.raw.once("close", () => streams.delete(reply.raw));
  });
  server.addHook("preClose", async () => {
    for (const stream of streams) stream.destroy();
  });
}
