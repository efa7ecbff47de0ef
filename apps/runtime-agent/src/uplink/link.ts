/**
 * The one connection to the gateway: outbound, TLS 1.3 with both certificates, reconnected for ever with jittered backoff.
 *
 *     connecting → greeting (hello sent) → linked (welcome came) → connecting …   any loss; nothing accepted is lost
 *                                                               → ended           the gateway said never again, or close()
 *
 * Fail-closed: a host that was revoked, replaced, refused for its proof or speaks no common version stops; the caller decides what then.
 */

import type { Logger } from "@agent-factory/process/logger";
import {
  CLOSE_CLOCK_SKEW,
  CLOSE_REPLACED,
  CLOSE_REVOKED,
  CLOSE_UNPROVEN,
  CLOSE_UNSUPPORTED,
  decodeGatewayFrame,
  encodeFrame,
  FRAME_BYTES_MAX,
  type GatewayFrame,
  type HostFrame,
  linkPath,
} from "@agent-factory/protocol";
import WebSocket from "ws";
import { certificateWindow, checkCertificate, createKeyAndRequest, type Identity, renewalDue } from "./identity.ts";

export type LinkEnd = {
  readonly code: "revoked" | "replaced" | "unsupported" | "unproven" | "certificate-expired";
  readonly message: string;
};
export type LinkState = "connecting" | "greeting" | "linked" | "ended";

export type Link = {
  start(): void;
  state(): LinkState;
  /** Sends what `options.next` gives, as fast as the connection takes it. Calls in one turn of the loop become one. */
  flush(): void;
  /** Asks for the next certificate now, whatever the time. */
  renew(): Promise<void>;
  close(reason: string): Promise<void>;
};

export type LinkOptions = {
  readonly gatewayUrl: string;
  readonly identity: Identity;
  readonly logger: Pick<Logger, "info" | "warn" | "error" | "debug">;
  readonly hello: () => HostFrame & { t: "hello" };
  readonly heartbeat: () => HostFrame & { t: "heartbeat" };
  /** Called at each welcome, before anything else is sent. */
  readonly onWelcome: (frame: GatewayFrame & { t: "welcome" }) => void;
  readonly onFrame: (frame: Exclude<GatewayFrame, { t: "welcome" | "renewed" }>) => void;
  /** The next frame that waits, or null. */
  readonly next: () => HostFrame | null;
  readonly onState: (state: LinkState, detail: string) => void;
  readonly onEnd: (end: LinkEnd) => void;
  /** A new certificate to keep; thrown errors leave the old one in use. */
  readonly onIdentity: (identity: Identity) => void;
  readonly backoffMs?: { readonly min: number; readonly max: number };
};

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Frames wait here and not in the socket once it holds this much. */
const BUFFERED_BYTES_MAX = 4 * 1024 * 1024;
/** A link that is silent for so many heartbeats is dead. */
const SILENT_HEARTBEATS_MAX = 4;
const RENEWAL_RETRY_MS = 60_000;
const TIMER_MS_MAX = 2 ** 31 - 1;
/** A clock that is wrong will not be right a second later. */
const SKEWED_RETRY_MS = 30_000;

const endings: Record<number, LinkEnd["code"]> = {
  [CLOSE_REVOKED]: "revoked",
  [CLOSE_REPLACED]: "replaced",
  [CLOSE_UNSUPPORTED]: "unsupported",
  [CLOSE_UNPROVEN]: "unproven",
};

export function createLink(options: LinkOptions): Link {
  const { logger } = options;
  const backoff = options.backoffMs ?? { min: 250, max: 15_000 };
  let identity = options.identity;
  let state: LinkState = "connecting";
  let socket: WebSocket | null = null;
  let attempts = 0;
  let reconnect: NodeJS.Timeout | null = null;
  let beat: NodeJS.Timeout | null = null;
  let renewal: NodeJS.Timeout | null = null;
  let flushing = false;
  let renewing: { keyPem: string; done: PromiseWithResolvers<void> } | null = null;

  function become(next: LinkState, detail: string): void {
    state = next;
    options.onState(next, detail);
  }

  function connect(): void {
    reconnect = null;
    if (state === "ended") return;
    const { notAfter } = certificateWindow(identity.certificatePem);
    if (notAfter.getTime() <= Date.now()) {
      const message = `This host's certificate ended ${notAfter.toISOString()}; it was off for too long to renew it. Enrol it again with a new join token.`;
      end({ code: "certificate-expired", message });
      return;
    }
    become("connecting", `connecting to ${options.gatewayUrl}`);
    const url = new URL(linkPath, options.gatewayUrl);
    url.protocol = "wss:";
    const current = new WebSocket(url, {
      ca: identity.caPem,
      cert: identity.certificatePem,
      key: identity.keyPem,
      minVersion: "TLSv1.3",
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: FRAME_BYTES_MAX,
      perMessageDeflate: false,
    });
    socket = current;
    let problem = "";
    let silent = 0;
    current.on("open", () => {
      become("greeting", "waiting for the gateway's welcome");
      transmit(options.hello());
    });
    current.on("pong", () => {
      silent = 0;
    });
    current.on("message", (data: Buffer) => {
      silent = 0;
      if (socket !== current) return;
      try {
        receive(decodeGatewayFrame(data));
      } catch (error) {
        logger.error({ err: error }, "the gateway sent a frame that cannot be read");
        current.close(4400, "malformed");
      }
    });
    current.on("unexpected-response", (_request, response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body = (body + chunk).slice(0, 1000);
      });
      response.on("end", () => lose(current, response.statusCode ?? 0, body));
      response.on("error", () => lose(current, response.statusCode ?? 0, body));
    });
    current.on("error", (error: NodeJS.ErrnoException) => {
      problem = error.message || (error.code ?? error.name);
    });
    current.on("close", (code, reason) => lose(current, code, reason.toString("utf8") || problem));

    function receive(frame: GatewayFrame): void {
      if (frame.t === "renewed") adopt(frame);
      else if (frame.t === "welcome") welcome(frame);
      else options.onFrame(frame);
    }

    function welcome(frame: GatewayFrame & { t: "welcome" }): void {
      attempts = 0;
      options.onWelcome(frame);
      become("linked", `linked as ${identity.hostName}`);
      beat = setInterval(() => {
        silent += 1;
        if (silent > SILENT_HEARTBEATS_MAX) {
          problem = "the gateway does not answer";
          return current.terminate();
        }
        current.ping();
        transmit(options.heartbeat());
        flushNow();
      }, frame.heartbeatMs);
      scheduleRenewal();
      flush();
    }
  }

  function lose(lost: WebSocket, code: number, reason: string): void {
    if (socket !== lost) return;
    socket = null;
    if (beat) clearInterval(beat);
    beat = null;
    renewing?.done.reject(new Error("the link was lost"));
    renewing = null;
    if (lost.readyState !== WebSocket.CLOSED) lost.terminate();
    if (state === "ended") return;
    const ending = endings[code] ?? (code === 401 || code === 403 ? (/revoked/.test(reason) ? "revoked" : undefined) : undefined);
    if (ending) {
      end({ code: ending, message: reason || `The gateway closed the link with code ${code}.` });
      return;
    }
    const skewed = code === CLOSE_CLOCK_SKEW || /not yet valid|has expired/.test(reason);
    const waitMs = skewed
      ? SKEWED_RETRY_MS
      : backoff.min + Math.random() * Math.min(backoff.max, backoff.min * 2 ** Math.min(attempts, 20));
    attempts += 1;
    const detail = `no link to ${options.gatewayUrl}: ${reason || `closed with code ${code}`}${skewed ? ` (this machine's clock says ${new Date().toISOString()})` : ""}`;
    logger.warn({ code, waitMs: Math.round(waitMs) }, detail);
    become("connecting", detail);
    reconnect = setTimeout(connect, waitMs);
  }

  function end(why: LinkEnd): void {
    stopTimers();
    become("ended", why.message);
    options.onEnd(why);
  }

  function stopTimers(): void {
    for (const timer of [reconnect, beat, renewal]) if (timer) clearTimeout(timer);
    reconnect = beat = renewal = null;
  }

  function transmit(frame: HostFrame): void {
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(encodeFrame(frame), () => {});
  }

  function flushNow(): void {
    const current = socket;
    if (state !== "linked" || current === null) return;
    while (current.readyState === WebSocket.OPEN) {
      if (current.bufferedAmount > BUFFERED_BYTES_MAX) {
        setTimeout(flush, 20);
        return;
      }
      const frame = options.next();
      if (frame === null) return;
      transmit(frame);
    }
  }

  function flush(): void {
    if (flushing) return;
    flushing = true;
    setImmediate(() => {
      flushing = false;
      flushNow();
    });
  }

  function scheduleRenewal(inMs?: number): void {
    if (renewal) clearTimeout(renewal);
    const waitMs = inMs ?? Math.max(0, renewalDue(identity.certificatePem).getTime() - Date.now());
    renewal = setTimeout(
      () => {
        if (waitMs > TIMER_MS_MAX) return scheduleRenewal();
        renew().catch((error: Error) => {
          logger.warn({ err: error }, "the certificate was not renewed; trying again");
          if (state !== "ended") scheduleRenewal(RENEWAL_RETRY_MS);
        });
      },
      Math.min(waitMs, TIMER_MS_MAX),
    );
  }

  async function renew(): Promise<void> {
    if (renewing) return renewing.done.promise;
    const { keyPem, csrPem } = await createKeyAndRequest();
    if (state !== "linked") throw new Error("there is no link");
    const done = Promise.withResolvers<void>();
    const mine = { keyPem, done };
    renewing = mine;
    const timer = setTimeout(() => {
      if (renewing === mine) renewing = null;
      done.reject(new Error("the gateway did not answer"));
    }, RENEWAL_RETRY_MS);
    transmit({ t: "renew", csrPem });
    return done.promise.finally(() => clearTimeout(timer));
  }

  function adopt(frame: GatewayFrame & { t: "renewed" }): void {
    const asked = renewing;
    renewing = null;
    if (!asked) return;
    try {
      // The authority stays the one this host was enrolled with: a new one would have to come with a new join token.
      const next = { ...identity, keyPem: asked.keyPem, certificatePem: frame.certificatePem };
      checkCertificate(next);
      options.onIdentity(next);
      identity = next;
      logger.info({ notAfter: certificateWindow(next.certificatePem).notAfter.toISOString() }, "the certificate was renewed");
      asked.done.resolve();
      scheduleRenewal();
    } catch (error) {
      asked.done.reject(error);
    }
  }

  return {
    start: connect,
    state: () => state,
    flush,
    renew,
    async close(reason) {
      if (state === "ended") return;
      const current = socket;
      become("ended", reason);
      stopTimers();
      if (current === null) return;
      const closed = new Promise<void>((resolve) => current.once("close", () => resolve()));
      current.close(1000, reason.slice(0, 100));
      const force = setTimeout(() => current.terminate(), 1000);
      await closed;
      clearTimeout(force);
    },
  };
}
