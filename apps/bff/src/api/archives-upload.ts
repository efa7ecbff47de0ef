/**
 * `PUT /archives`: a code archive as the raw body, streamed. Refusals have the envelope of every other one; a body past 8 MiB is
 * 413 `archives.too-large`, answered before the rest arrives, which is then dropped unread.
 */
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { Actor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import type { Templates } from "../domain/templates/templates.ts";
import { shapeOf } from "./procedure.ts";

export type ArchivesUploadOptions = {
  readonly templates: Templates;
  /** Who asks. Throws a `Failure` (`session.*`) when nobody does. */
  readonly authenticate: (request: FastifyRequest) => Promise<{ readonly actor: Actor; readonly traceId: string }>;
};

export const archivesUpload: FastifyPluginAsync<ArchivesUploadOptions> = async (app, { templates, authenticate }) => {
  app.removeAllContentTypeParsers();
  // The body stays a stream: the domain reads it up to its own limit.
  app.addContentTypeParser("*", (_request, body, done) => done(null, body));

  app.put("/archives", async (request, reply) => {
    const { actor, traceId } = await authenticate(request);
    try {
      // Leaving the body half-way must not destroy it, or the sender would never see why.
      return await templates.archives.upload(actor, request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>);
    } catch (error) {
      if (!(error instanceof Failure && error.code === "archives.too-large")) throw error;
      // Dropped, not refused: a connection that is cut while it sends shows the sender no answer.
      request.raw.resume();
      const data = { code: "PAYLOAD_TOO_LARGE", httpStatus: 413, path: null, traceId, failure: shapeOf(error) };
      return reply.code(413).send({ error: { message: error.message, code: -32_000, data } });
    }
  });
};
