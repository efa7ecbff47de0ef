/**
 * How a machine becomes a host: an operator makes a join token, the machine brings it with a certificate request, once.
 * Only a hash of the token's secret is stored. Fail-closed: any doubt about token, clock or request leaves no host behind.
 */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { formatJoinToken, parseJoinToken } from "@agent-factory/protocol";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { Access } from "../access/access.ts";
import type { Actor, HostActor } from "../actor.ts";
import type { Audit } from "../audit/audit.ts";
import { Failure } from "../failure.ts";
import { findToken, insertHost, insertToken, spendToken } from "./fleet-store.ts";
import { CLOCK_SKEW_MS_MAX } from "./host.ts";
import type { HostAuthority } from "./host-authority.ts";

export type Enrolment = {
  /**
   * A token for one machine, and the command that uses it there. The platform (an actor without a tenant) may say `servesAll`;
   * a tenant's token always makes a host that serves this tenant alone.
   */
  createJoinToken(
    actor: Actor,
    input: { hostName: string; labels: Readonly<Record<string, string>>; expiresInMinutes: number; servesAll?: boolean | undefined },
  ): Promise<{ token: string; expiresAt: string; command: string }>;
  /**
   * Spends the token and vouches for the key in the request. Of two machines that bring the same token exactly one enrols.
   * Failures: `fleet.join-token-unknown`, `fleet.join-token-used`, `fleet.join-token-expired`, `fleet.clock-skew`, `fleet.csr-invalid`.
   */
  enrol(input: {
    token: string;
    csrPem: string;
    clock: number;
  }): Promise<{ hostId: string; hostName: string; certificatePem: string; caPem: string; trustDomain: string; clock: number }>;
};

export type EnrolmentParts = {
  readonly access: Access;
  readonly audit: Audit;
  readonly fastDatabase: FastDatabase;
  readonly authority: HostAuthority;
  readonly clock: Clock;
  /** Where hosts reach the gateway, as shown to operators: `https://…`. */
  readonly gatewayUrl: string;
  readonly ringFleet: () => void;
};

export function createEnrolment({ access, audit, fastDatabase, authority, clock, gatewayUrl, ringFleet }: EnrolmentParts): Enrolment {
  return {
    createJoinToken: (actor, { hostName, labels, expiresInMinutes, servesAll }) =>
      access.performFast({ actor, action: "fleet.enrol", resource: { kind: "join-token", id: "new" } }, async (tx, note) => {
        if (servesAll && actor.tenantId !== null) {
          throw new Failure("forbidden", "fleet.serves-own-tenant", "A tenant's host serves that tenant only", {});
        }
        const id = randomUUID();
        const secret = randomBytes(32).toString("base64url");
        const expiresAt = new Date(clock.now().getTime() + expiresInMinutes * 60_000);
        await insertToken(tx, {
          id,
          tenantId: actor.tenantId,
          secretHash: hashOf(secret),
          hostName,
          labels,
          serves: actor.tenantId === null ? [] : [actor.tenantId],
          servesAll: servesAll ?? false,
          createdBy: actor.id,
          expiresAt,
        });
        note.resource(id);
        note.after({ hostName, labels, expiresAt: expiresAt.toISOString() });
        const token = formatJoinToken({ tokenId: id, secret, caFingerprint: authority.caFingerprint });
        const command = `GATEWAY_URL=${gatewayUrl} JOIN_TOKEN=${token} STATE_DIR=.data/hosts/${hostName} node apps/runtime-agent/src/main.ts`;
        return { token, expiresAt: expiresAt.toISOString(), command };
      }),

    enrol: async ({ token, csrPem, clock: hostClock }) => {
      const now = clock.now();
      const clockSkewMs = requireClock(hostClock, now);
      const parts = parseJoinToken(token);
      if (!parts) throw unknownToken();
      const hostId = randomUUID();
      const reply = await fastDatabase.asSystem(async (tx) => {
        const row = await findToken(tx, parts.tokenId);
        if (!row || !sameHash(row.secretHash, hashOf(parts.secret))) throw unknownToken();
        // Before the token is spent: a bad request must not cost the operator a token.
        const issued = await authority.issueHostCertificate(hostId, csrPem);
        if (!(await spendToken(tx, row.id, hostId, now))) {
          if (row.usedAt !== null || row.expiresAt > now) throw usedToken(row.hostName);
          throw expiredToken(row.hostName, row.expiresAt);
        }
        const { fingerprint, notAfter } = issued;
        const { tenantId, hostName: name, labels, serves, servesAll } = row;
        await insertHost(tx, { id: hostId, tenantId, name, labels, serves, servesAll, fingerprint, notAfter, clockSkewMs });
        const actor: HostActor = { kind: "host", id: hostId, name, tenantId, roles: ["host"] };
        // The token is the authorisation; whoever made it is in its own entry.
        await audit.append(tx, {
          actor,
          action: "fleet.enrol",
          resource: { kind: "host", id: hostId },
          outcome: "allowed",
          after: { name, joinTokenId: row.id, fingerprint },
        });
        return { hostId, hostName: name, certificatePem: issued.certificatePem, caPem: authority.caPem };
      });
      ringFleet();
      return { ...reply, trustDomain: authority.trustDomain, clock: now.getTime() };
    },
  };
}

/** The host's clock minus ours; refuses a clock that is further off than certificates bear. */
export function requireClock(hostClock: number, now: Date): number {
  const skewMs = hostClock - now.getTime();
  if (Math.abs(skewMs) > CLOCK_SKEW_MS_MAX) {
    const [hostSays, registrySays] = [isoOf(hostClock), now.toISOString()];
    throw new Failure(
      "invalid",
      "fleet.clock-skew",
      `The host's clock says ${hostSays}, the registry's ${registrySays}: set the clock and try again`,
      {
        hostClock: hostSays,
        registryClock: registrySays,
        skewMs,
      },
    );
  }
  return skewMs;
}

/** Any number may come from outside; not every number is a date. */
function isoOf(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

function unknownToken(): Failure {
  return new Failure("forbidden", "fleet.join-token-unknown", "This join token is not known here: make a new one on the fleet page", {});
}

function usedToken(hostName: string): Failure {
  return new Failure("conflict", "fleet.join-token-used", "This join token was used already: make a new one on the fleet page", {
    hostName,
  });
}

function expiredToken(hostName: string, expiresAt: Date): Failure {
  return new Failure(
    "forbidden",
    "fleet.join-token-expired",
    `This join token expired at ${expiresAt.toISOString()}: make a new one on the fleet page`,
    {
      hostName,
      expiresAt: expiresAt.toISOString(),
    },
  );
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
