/**
 * The hosts' door: one TLS 1.3 port. Without a client certificate a machine may only enrol; with one of ours it opens its link
 * (WebSocket) and moves large bytes (HTTPS). A host is an actor like any other: every rule is behind the doors of `fleet` and
 * `runs`, none is here. Fail-closed: a certificate that cannot be checked opens nothing.
 */
import { constants } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Logger } from "@agent-factory/process/logger";
import { withTrace } from "@agent-factory/process/tracing";
import { CLOSE_REPLACED, CLOSE_SHUTTING_DOWN, enrolPath, FRAME_BYTES_MAX, linkPath } from "@agent-factory/protocol";
import { WebSocketServer } from "ws";
import type { HostActor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import { type Fleet, type HostAuthority, type HostTrust, parseTrustNews, TRUST_DOORBELL } from "../domain/fleet/fleet.ts";
import { type Runs, WORK_DOORBELL } from "../domain/runs/runs.ts";
import type { Usage } from "../domain/usage/usage.ts";
import type { Clock } from "../platform/clock.ts";
import type { RedisConnections } from "../platform/redis.ts";
import { createEnrolmentDesk } from "./enrolment-desk.ts";
import { createLink, type Link } from "./link.ts";
import { createPayloadDesk } from "./payload-desk.ts";
import { refuse } from "./refusal.ts";
import { createTrustDesk } from "./trust-desk.ts";

export type GatewayParts = {
  readonly runs: Runs;
  readonly fleet: Fleet;
  readonly usage: Pick<Usage, "ingestBatch">;
  readonly authority: HostAuthority;
  readonly trust: Pick<HostTrust, "document" | "root">;
  readonly redis: Pick<RedisConnections, "publish" | "subscriber">;
  readonly received?: (kind: string, count: number) => void;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Port 0 takes any free one. `names`: DNS names and addresses that hosts reach it by. */
  readonly listen: { readonly host: string; readonly port: number; readonly names: readonly string[] };
  readonly enrolmentsPerMinute?: number;
};

export type Gateway = {
  readonly port: number;
  /** Hosts connected now. */
  links(): number;
  /** Takes no more connections, lets what has arrived be written, and tells every host to come back (4503). */
  close(): Promise<void>;
};

const CERTIFICATE_CHECK_MS = 60 * 60_000;
/** Work is looked for this often even when no doorbell rings: Redis may be away. */
const WORK_POLL_MS = 1_000;

export async function startGateway({
  runs,
  fleet,
  usage,
  authority,
  trust,
  redis,
  received,
  logger,
  clock,
  listen,
  enrolmentsPerMinute = 60,
}: GatewayParts): Promise<Gateway> {
  const links = new Map<string, Link>();
  let closing = false;

  let certificate = await authority.issueGatewayCertificate(listen.names);
  const server = createServer({
    key: certificate.keyPem,
    cert: certificate.certificatePem,
    ca: authority.caPem,
    minVersion: "TLSv1.3",
    requestCert: true,
    // A machine that enrols has no certificate yet; everything else asks `authenticate`.
    rejectUnauthorized: false,
    // A resumed session would skip the certificate.
    secureOptions: constants.SSL_OP_NO_TICKET,
    headersTimeout: 10_000,
    requestTimeout: 120_000,
    maxHeaderSize: 8 * 1024,
  });
  // Above the frame bound, so that a frame a little too large is refused in our own words; far above, the library ends it.
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 2 * FRAME_BYTES_MAX, perMessageDeflate: false, clientTracking: false });
  const enrolmentDesk = createEnrolmentDesk({ fleet, logger, clock, perMinute: enrolmentsPerMinute });
  const payloadDesk = createPayloadDesk({ runs });
  const trustDesk = createTrustDesk({ trust });

  /** The live host behind a connection. Failures: `gateway.no-certificate`, those of `fleet.admit`. */
  const authenticate = async (socket: TLSSocket): Promise<HostActor> => {
    const presented = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    const hostId = presented ? authority.identify(presented) : null;
    if (hostId === null) throw new Failure("forbidden", "gateway.no-certificate", "A client certificate of this registry is needed", {});
    return fleet.admit(hostId);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      if (request.method === "POST" && request.url === enrolPath) return await enrolmentDesk(request, response);
      const host = await authenticate(request.socket as TLSSocket);
      if (await payloadDesk(host, request, response)) return;
      if (await trustDesk(host, request, response)) return;
      throw new Failure("missing", "gateway.unknown-path", "There is nothing at this path", {});
    } catch (error) {
      if (!(error instanceof Failure)) logger.error({ err: error, path: request.url }, "a request of a host failed");
      refuse(response, error);
    }
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    try {
      if (closing) throw new Failure("unavailable", "gateway.shutting-down", "The gateway is shutting down", {});
      if (request.url !== linkPath) throw new Failure("missing", "gateway.unknown-path", "The link is elsewhere", {});
      const host = await authenticate(request.socket as TLSSocket);
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        links.get(host.id)?.end(CLOSE_REPLACED, "replaced: the same host opened another connection");
        const link = createLink({ socket: webSocket, host, runs, fleet, usage, redis, received, logger, clock });
        links.set(host.id, link);
        void link.closed.then(() => {
          if (links.get(host.id) === link) links.delete(host.id);
        });
      });
    } catch (error) {
      if (!(error instanceof Failure)) logger.error({ err: error }, "a link could not be opened");
      const [status, code] = error instanceof Failure ? ["403 Forbidden", error.code] : ["500 Internal Server Error", "gateway.internal"];
      const body = JSON.stringify({ code, message: error instanceof Failure ? error.message : "Internal error" });
      socket.end(
        `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    }
  };

  server.on("request", (request, response) => {
    void withTrace(header(request, "traceparent"), () => answer(request, response));
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    void upgrade(request, socket, head);
  });
  server.on("tlsClientError", (error) => logger.debug({ err: error }, "a TLS handshake failed"));

  const silences = [
    await redis.subscriber.on(WORK_DOORBELL, () => {
      for (const link of links.values()) link.offer();
    }),
    await redis.subscriber.on(TRUST_DOORBELL, (message) => {
      const news = parseTrustNews(message);
      if (news) for (const link of links.values()) link.revoke(news);
    }),
  ];
  const poll = setInterval(() => {
    for (const link of links.values()) link.tick();
  }, WORK_POLL_MS);
  const renewal = setInterval(() => {
    if (clock.now() < certificate.renewAt) return;
    void authority.issueGatewayCertificate(listen.names).then(
      (renewed) => {
        certificate = renewed;
        server.setSecureContext({ key: renewed.keyPem, cert: renewed.certificatePem, ca: authority.caPem, minVersion: "TLSv1.3" });
        logger.info({ renewAt: renewed.renewAt }, "the gateway's certificate is renewed");
      },
      (error: unknown) => logger.error({ err: error }, "the gateway's certificate could not be renewed"),
    );
  }, CERTIFICATE_CHECK_MS);

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen.port, listen.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  logger.info({ host: listen.host, port }, "the gateway listens");

  return {
    port,
    links: () => links.size,
    close: async () => {
      closing = true;
      clearInterval(poll);
      clearInterval(renewal);
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const silence of silences) await silence();
      await Promise.all(
        [...links.values()].map((link) => {
          link.end(CLOSE_SHUTTING_DOWN, "shutting-down: come back in a moment");
          return link.closed;
        }),
      );
      server.closeAllConnections();
      await ended;
    },
  };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
