/**
 * `PUT /archives`: a code archive as the raw body, streamed. Refusals have the shape that tRPC gives them, `{ failure, traceId }`;
 * a body past 8 MiB is 413 `archives.too-large`, answered without reading the rest.
 */
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { Actor } from "../domain/actor.ts";
import { Failure, type FailureKind } from "../domain/failure.ts";
import type { Templates } from "../domain/templates/templates.ts";

export type ArchivesUploadOptions = {
  readonly templates: Templates;
  /** Who asks. Throws a `Failure` (`session.*`) when nobody does. */
  readonly authenticate: (request: FastifyRequest) => Promise<{ readonly actor: Actor; readonly traceId: string }>;
};

const statusOf: Readonly<Record<FailureKind, number>> = {
  missing: 404,
  conflict: 409,
  forbidden: 403,
  invalid: 422,
  limit: 429,
  unavailable: 503,
};

export const archivesUpload: FastifyPluginAsync<ArchivesUploadOptions> = async (app, { templates, authenticate }) => {
  app.removeAllContentTypeParsers();
  // The body stays a stream: the domain reads it up to its own limit.
  app.addContentTypeParser("*", (_request, body, done) => done(null, body));

  app.put("/archives", async (request, reply) => {
    let traceId: string | null = null;
    try {
      const caller = await authenticate(request);
      traceId = caller.traceId;
      return await templates.archives.upload(caller.actor, request.raw);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { kind, code, message, details } = error;
      const status = code === "archives.too-large" ? 413 : code.startsWith("session.") ? 401 : statusOf[kind];
      // What is left of the body is not read: the connection cannot be used again.
      if (!request.raw.readableEnded)
        reply.header("connection", "close").then(
          () => request.raw.destroy(),
          () => undefined,
        );
      return reply.code(status).send({ failure: { kind, code, message, details }, traceId });
    }
  });
};
