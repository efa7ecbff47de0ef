/**
 * Enrolment over HTTPS: the one thing that needs no certificate, so bounded in size, in time and in number per address.
 * Counting is per process and forgets at once when it restarts: it slows guessing down, the token's 256 bits stop it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "@agent-factory/process/logger";
import { enrolRequest } from "@agent-factory/protocol";
import { Failure } from "../domain/failure.ts";
import type { Fleet } from "../domain/fleet/fleet.ts";
import type { Clock } from "../platform/clock.ts";
import { reply } from "./refusal.ts";

const BODY_BYTES_MAX = 32 * 1024;
const WINDOW_MS = 60_000;
const ADDRESSES_MAX = 10_000;

export function createEnrolmentDesk({
  fleet,
  logger,
  clock,
  perMinute,
}: {
  fleet: Pick<Fleet, "enrol">;
  logger: Logger;
  clock: Clock;
  perMinute: number;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let windowStart = 0;
  let counts = new Map<string, number>();

  const requireTurn = (address: string) => {
    const now = clock.now().getTime();
    if (now - windowStart >= WINDOW_MS || now < windowStart) {
      windowStart = now;
      counts = new Map();
    }
    const count = (counts.get(address) ?? 0) + 1;
    // With that many addresses in a minute nobody is told apart any more: all wait for the next.
    if (count > perMinute || (counts.size >= ADDRESSES_MAX && count === 1)) {
      throw new Failure("limit", "gateway.too-many-enrolments", "Too many enrolments from this address: try again in a minute", {});
    }
    counts.set(address, count);
  };

  return async (request, response) => {
    const address = request.socket.remoteAddress ?? "unknown";
    requireTurn(address);
    const parsed = enrolRequest.safeParse(await readJson(request));
    if (!parsed.success) throw new Failure("invalid", "gateway.malformed", "The request is not an enrolment", {});
    const answer = await fleet.enrol(parsed.data);
    logger.info({ hostId: answer.hostId, hostName: answer.hostName, address }, "a host enrolled");
    reply(response, answer);
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > BODY_BYTES_MAX)
      throw new Failure("limit", "gateway.too-large", `The request is larger than ${BODY_BYTES_MAX} bytes`, {});
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return undefined;
  }
}
