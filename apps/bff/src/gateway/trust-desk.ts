/** Whom to believe: `GET` a tenant's trust document, `GET` the root that signs them. Both are the fleet's; nothing is decided here. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { trustRootPath } from "@agent-factory/protocol";
import type { HostActor } from "../domain/actor.ts";
import type { HostTrust } from "../domain/fleet/fleet.ts";
import { reply } from "./refusal.ts";

const DOCUMENT = /^\/trust\?tenant=([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Answers true when the request was one of these. */
export function createTrustDesk({
  trust,
}: {
  trust: Pick<HostTrust, "document" | "root">;
}): (host: HostActor, request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  return async (host, request, response) => {
    if (request.method !== "GET") return false;
    const tenantId = DOCUMENT.exec(request.url ?? "")?.[1];
    if (tenantId !== undefined) {
      reply(response, await trust.document(host, { tenantId }));
      return true;
    }
    if (request.url !== trustRootPath) return false;
    reply(response, trust.root());
    return true;
  };
}
