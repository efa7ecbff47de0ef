import type { ServerResponse } from "node:http";
import { Failure, type FailureKind } from "../domain/failure.ts";

const STATUS_OF: Record<FailureKind, number> = { missing: 404, conflict: 409, forbidden: 403, invalid: 422, limit: 429, unavailable: 503 };

/** Says no over HTTPS, `{ code, message }`, and closes: what is left of the request's body is not read. */
export function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const [status, code, message] =
    error instanceof Failure ? [STATUS_OF[error.kind], error.code, error.message] : [500, "gateway.internal", "Internal error"];
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ code, message }));
}

export function reply(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
