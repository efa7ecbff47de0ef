/**
 * One host's connection.
 *
 *   greeting   waits for `hello`, at most {@link HELLO_MS}          -> open, ending
 *   open       frames in, work and answers out                      -> ending
 *   ending     takes nothing more in; what has arrived is written   -> closed
 *
 * Frames are worked off one after the other, in the order they came; those of one kind that wait together are one batch. What
 * arrived before a malformed frame, a replacement or a hang-up is still written: only then does the connection close.
 * Fail-open towards Redis (doorbells only make it faster), fail-closed towards everything else: a frame that cannot be worked
 * off closes the connection, and the host says again what was not acknowledged.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "@agent-factory/process/logger";
import {
  BATCHES_PER_FRAME_MAX,
  CLOSE_CLOCK_SKEW,
  CLOSE_MALFORMED,
  CLOSE_REPLACED,
  CLOSE_REVOKED,
  CLOSE_UNPROVEN,
  CLOSE_UNSUPPORTED,
  decodeHostFrame,
  encodeFrame,
  type GatewayFrame,
  type HostFrame,
  INLINE_BYTES_MAX,
  LEASES_PER_FRAME_MAX,
  type Lease,
  MalformedFrame,
  PROTOCOL_VERSION_MAX,
  PROTOCOL_VERSION_MIN,
  REVOKED_PER_FRAME_MAX,
} from "@agent-factory/protocol";
import type { WebSocket } from "ws";
import type { HostActor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import { type Fleet, HEARTBEAT_MS, hostDoorbell, type Serving, type Standing, type TrustNews } from "../domain/fleet/fleet.ts";
import type { Runs } from "../domain/runs/runs.ts";
import type { Usage } from "../domain/usage/usage.ts";
import type { Clock } from "../platform/clock.ts";
import type { RedisConnections } from "../platform/redis.ts";
import { createInbox } from "./inbox.ts";

export type Link = {
  /** There may be work: asks for as much as the host can take. */
  offer(): void;
  /** Trust in a tenant changed: the host is told when it serves that tenant. */
  revoke(news: TrustNews): void;
  /** About once a second: looks for work that nobody announced, and ends a connection that has fallen silent. */
  tick(): void;
  end(code: number, reason: string): void;
  /** When the connection is closed and everything that arrived is written. */
  readonly closed: Promise<void>;
};

const HELLO_MS = 10_000;
/** A connection that says nothing for this long is dead; its host is lost a little earlier, by the same silence. */
const SILENT_MS = 15_000;
/** No more work for a host that does not read. */
const BUFFERED_BYTES_WORK_MAX = 1024 * 1024;
/** A host that has not read this much is not reading at all. */
const BUFFERED_BYTES_MAX = 16 * 1024 * 1024;
/**
 * Runs that one statement leases: as many as two frames carry, because each transaction costs more than a frame. They are sent before the
 * host can read: with the largest inputs they are half of what cuts its connection.
 */
export const LEASES_AT_ONCE_MAX = Math.min(2 * LEASES_PER_FRAME_MAX, Math.floor(BUFFERED_BYTES_MAX / 2 / INLINE_BYTES_MAX));
/** Inputs of one work frame, so that the frame stays far below its bound. */
const WORK_BYTES_MAX = 512 * 1024;
const CLOSE_GRACE_MS = 2_000;

const CLOSE_CODES: Readonly<Record<string, number>> = {
  "fleet.host-revoked": CLOSE_REVOKED,
  "fleet.host-missing": CLOSE_REVOKED,
  "fleet.unproven": CLOSE_UNPROVEN,
  "fleet.clock-skew": CLOSE_CLOCK_SKEW,
  "protocol.unsupported": CLOSE_UNSUPPORTED,
};

export type LinkParts = {
  readonly socket: WebSocket;
  readonly host: HostActor;
  readonly runs: Runs;
  readonly fleet: Fleet;
  readonly usage: Pick<Usage, "ingestBatch">;
  readonly redis: Pick<RedisConnections, "publish" | "subscriber">;
  /** Told how many things of which kind a frame that was worked off brought. */
  readonly received?: ((kind: string, count: number) => void) | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
};

export function createLink({ socket, host, runs, fleet, usage, redis, received, logger: parent, clock }: LinkParts): Link {
  const logger = parent.child({ hostId: host.id, hostName: host.name });
  const linkId = randomUUID();
  let phase: "greeting" | "open" | "ending" = "greeting";
  let heardAt = clock.now().getTime();
  let standing: Standing | null = null;
  let tenants: Serving["tenants"] = [];
  /** What the host can take: its last word, less what was sent since that word was counted. */
  const credit = { free: 0, received: 0, sent: 0 };
  let offering = false;
  let offerAgain = false;
  let silence: (() => Promise<void>) | null = null;

  const send = (frame: GatewayFrame): boolean => {
    if (socket.readyState !== socket.OPEN) return false;
    socket.send(encodeFrame(frame));
    if (socket.bufferedAmount <= BUFFERED_BYTES_MAX) return true;
    logger.warn({ bufferedBytes: socket.bufferedAmount }, "the host does not read; its connection is cut");
    socket.terminate();
    return false;
  };

  const hangUp = (code: number, reason: string) => {
    if (socket.readyState === socket.CLOSED) return;
    socket.close(code, bounded(reason));
    setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
  };

  const end = (code: number, reason: string) => {
    if (phase === "ending") return;
    phase = "ending";
    logger.info({ code, reason }, "ending the host's connection");
    void inbox.finish().then(() => hangUp(code, reason));
  };

  const endFor = (error: unknown) => {
    if (error instanceof Failure) return end(CLOSE_CODES[error.code] ?? CLOSE_MALFORMED, `${error.code}: ${error.message}`);
    logger.error({ err: error }, "a frame could not be worked off");
    end(1011, "internal: say again what was not acknowledged");
  };

  /** Sends what the host must know of its standing when that has changed. */
  const show = (now: Standing) => {
    const before = standing;
    standing = now;
    if (before?.state === now.state && before.stateReason === now.stateReason) return;
    if (now.state === "cordoned") send({ t: "cordon", reason: now.stateReason ?? "" });
    else if (now.state === "draining" || now.state === "drained") send({ t: "drain", reason: now.stateReason ?? "" });
    else if (now.state === "ready" && before !== null && before.state !== "ready") {
      send({ t: "uncordon" });
      offer();
    }
  };

  const cancel = (cancels: Awaited<ReturnType<Runs["extend"]>>) => {
    if (cancels.length > 0) send({ t: "cancel", runs: cancels });
  };

  const greet = async (hello: Extract<HostFrame, { t: "hello" }>): Promise<void> => {
    const protocol = Math.min(hello.protocolMax, PROTOCOL_VERSION_MAX);
    if (protocol < Math.max(hello.protocolMin, PROTOCOL_VERSION_MIN)) {
      const ours = `${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION_MAX}`;
      throw new Failure("invalid", "protocol.unsupported", `This gateway speaks protocol ${ours}: update the agent`, {});
    }
    // Whoever else serves this host, here or in another process, lets go of it now.
    await redis.publish(hostDoorbell(host.id), `link ${linkId}`);
    const { standing: now, newEpoch, tenants: served } = await fleet.connect(host, hello);
    tenants = served;
    const cancels = await runs.reconnect(host, { newEpoch, holding: hello.holding });
    silence = await redis.subscriber.on(hostDoorbell(host.id), (message) => void onDoorbell(message));
    if (phase !== "greeting") return;
    phase = "open";
    send({ t: "welcome", protocol, hostId: host.id, clock: clock.now().getTime(), heartbeatMs: HEARTBEAT_MS, leaseMs: runs.leaseMs });
    logger.info({ agentVersion: hello.agentVersion, newEpoch, holding: hello.holding.length, state: now.state }, "a host is connected");
    show(now);
    cancel(cancels);
  };

  const onDoorbell = async (message: string): Promise<void> => {
    if (phase !== "open") return;
    if (message.startsWith("link ")) {
      if (message !== `link ${linkId}`) end(CLOSE_REPLACED, "replaced: the same host opened another connection");
      return;
    }
    try {
      if (message === "cancel") cancel(await runs.cancellations(host));
      else show(await fleet.standing(host));
    } catch (error) {
      endFor(error);
    }
  };

  /** Works off one batch of frames of one kind. */
  const handle = async (frame: HostFrame): Promise<void> => {
    if (frame.t === "hello") {
      if (phase === "greeting") return greet(frame);
      throw new Failure("invalid", "protocol.second-hello", "A connection says hello once", {});
    }
    if (standing === null) throw new Failure("invalid", "protocol.no-hello", `A connection begins with hello, not ${frame.t}`, {});
    switch (frame.t) {
      case "credit":
        credit.free = frame.slots.reduce((sum, { free }) => sum + free, 0);
        credit.received = frame.received ?? credit.sent;
        return offer();
      case "started":
        return frame.runs.length > 0 ? runs.started(host, frame.runs) : undefined;
      case "log":
        return runs.appendLogs(host, frame.entries);
      case "result": {
        const acks = await runs.finish(host, frame.results);
        for (const part of chunked(acks, LEASES_PER_FRAME_MAX)) send({ t: "ack", results: part });
        return;
      }
      case "refuse":
        return frame.runs.length > 0 ? runs.refuse(host, frame.runs) : undefined;
      case "heartbeat":
        show(await fleet.heartbeat(host, frame));
        return cancel(await runs.extend(host, frame.holding));
      case "metrics": {
        const counted = await usage.ingestBatch(host, frame);
        for (const seqs of chunked(counted, BATCHES_PER_FRAME_MAX)) send({ t: "metrics-ack", epoch: frame.epoch, seqs });
        return;
      }
      case "renew":
        send({ t: "renewed", ...(await fleet.renew(host, frame.csrPem)) });
        return;
      case "drained":
        await fleet.drained(host);
        standing = await fleet.standing(host);
        return;
    }
  };

  const inbox = createInbox({
    handle: async (frame) => {
      await handle(frame);
      received?.(frame.t, sizeOf(frame));
    },
    failed: endFor,
    full: (full) => (full ? socket.pause() : socket.resume()),
  });

  const free = () => credit.free - (credit.sent - credit.received);

  const deliver = async (leases: readonly Lease[]): Promise<void> => {
    const undelivered: Lease[] = [];
    for (const part of framesOf(leases)) {
      credit.sent += part.length;
      if (phase !== "open" || !send({ t: "work", leases: part })) undelivered.push(...part);
    }
    // The host never saw them: they go back at once instead of waiting for their leases to end.
    if (undelivered.length > 0)
      await runs.refuse(
        host,
        undelivered.map((lease) => ({ ...lease, reason: "undelivered" })),
      );
  };

  const offerOnce = async (): Promise<void> => {
    while (phase === "open" && standing?.state === "ready" && free() > 0 && socket.bufferedAmount < BUFFERED_BYTES_WORK_MAX) {
      const leases = await runs.lease(host, { max: Math.min(free(), LEASES_AT_ONCE_MAX) });
      if (leases.length === 0) return;
      await deliver(leases);
    }
  };

  const offer = (): void => {
    if (phase !== "open" || free() <= 0) return;
    offerAgain = true;
    if (offering) return;
    offering = true;
    void (async () => {
      try {
        while (offerAgain) {
          offerAgain = false;
          await offerOnce();
        }
      } catch (error) {
        endFor(error);
      } finally {
        offering = false;
      }
    })();
  };

  socket.on("message", (data, isBinary) => {
    heardAt = clock.now().getTime();
    if (phase === "ending") return;
    try {
      const bytes = data as Buffer;
      if (!isBinary) throw new MalformedFrame("frames are binary");
      inbox.add(decodeHostFrame(bytes), bytes.length);
    } catch (error) {
      end(CLOSE_MALFORMED, `protocol.malformed: ${error instanceof Error ? error.message : "unreadable"}`);
    }
  });
  socket.on("error", (error) => logger.debug({ err: error }, "the host's connection broke"));

  const closed = new Promise<void>((resolve) => {
    socket.on("close", (code) => {
      if (phase !== "ending") logger.info({ code }, "the host hung up");
      phase = "ending";
      void inbox.finish().then(async () => {
        await silence?.();
        resolve();
      });
    });
  });
  setTimeout(() => {
    if (phase === "greeting") end(CLOSE_MALFORMED, "protocol.no-hello: nothing was said");
  }, HELLO_MS).unref();

  return {
    offer,
    // Before `welcome` nothing is missed: a host fetches trust anew on each connection.
    revoke: ({ tenantId, digests }) => {
      if (phase !== "open" || (tenants !== "all" && !tenants.includes(tenantId))) return;
      for (const part of digests.length === 0 ? [[]] : chunked(digests, REVOKED_PER_FRAME_MAX)) send({ t: "revoke", digests: part });
    },
    tick: () => {
      if (phase === "open" && clock.now().getTime() - heardAt > SILENT_MS) socket.terminate();
      offer();
    },
    end,
    closed,
  };
}

/** Close reasons are at most 123 bytes of UTF-8. */
function bounded(reason: string): string {
  let text = reason;
  while (Buffer.byteLength(text) > 123) text = text.slice(0, -1);
  return text;
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}

/** Leases in frames of bounded size and number. */
function framesOf(leases: readonly Lease[]): Lease[][] {
  const frames: Lease[][] = [];
  let bytes = 0;
  for (const lease of leases) {
    const size = "inline" in lease.input ? Buffer.byteLength(lease.input.inline) : 0;
    const last = frames.at(-1);
    if (last && last.length < LEASES_PER_FRAME_MAX && bytes + size <= WORK_BYTES_MAX) {
      last.push(lease);
      bytes += size;
    } else {
      frames.push([lease]);
      bytes = size;
    }
  }
  return frames;
}

/** How many things a frame tells; of a kind that tells one, one. */
function sizeOf(frame: HostFrame): number {
  if (frame.t === "result") return frame.results.length;
  if (frame.t === "log") return frame.entries.length;
  if (frame.t === "started" || frame.t === "refuse") return frame.runs.length;
  return frame.t === "metrics" ? frame.batches.length : 1;
}
