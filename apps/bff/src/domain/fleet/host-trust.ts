/**
 * Whom hosts believe: one signed document a tenant, so that a host learns nothing of tenants it does not serve, and what one tenant
 * revokes stops nobody else's version with the same content. Hosts fetch it through the gateway and check it against the trust root that
 * they pinned: the gateway can withhold it, not change it.
 */
import type { Envelope } from "@agent-factory/gate/dsse";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { HostActor, SystemActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import type { Signing } from "../signing/signing.ts";
import { findHost, listRevokedDigests, tenantsOf } from "./fleet-store.ts";

export type HostTrust = {
  /** A DSSE envelope as `openTrust` of `packages/gate` reads it, fresh. Failures: `fleet.tenant-not-served`, `fleet.host-missing`. */
  document(host: HostActor, input: { tenantId: string }): Promise<Envelope>;
  /** The trust root's public key: base64 of the DER. */
  root(): { spki: string };
  /** Loop. Tells connected hosts that serve the tenant to fetch trust anew, and to run nothing with these digests from now on. */
  changed(loop: SystemActor, input: { tenantId: string; digests: readonly string[] }): Promise<void>;
};

export type HostTrustParts = {
  readonly signing: Pick<Signing, "trust" | "trustVersion" | "signTrust" | "trustRoot">;
  readonly fastDatabase: FastDatabase;
  readonly redis: Pick<RedisConnections, "publish">;
};

/** Channel of the doorbell that rings when trust changed, with a {@link formatTrustNews}. Without it hosts hear by fetching in time. */
export const TRUST_DOORBELL = "trust";

export type TrustNews = { readonly tenantId: string; readonly digests: readonly string[] };

export function createHostTrust({ signing, fastDatabase, redis }: HostTrustParts): HostTrust {
  return {
    document: async (host, { tenantId }) => {
      const row = await fastDatabase.asSystem((tx) => findHost(tx, host.id), { readOnly: true });
      if (!row) throw new Failure("missing", "fleet.host-missing", "There is no such host", { hostId: host.id });
      const tenants = tenantsOf(row);
      if (tenants !== "all" && !tenants.includes(tenantId)) {
        throw new Failure("forbidden", "fleet.tenant-not-served", "This host does not serve that tenant", {});
      }
      const version = await signing.trustVersion();
      const { keys, logs } = await signing.trust([tenantId]);
      const revoked = await fastDatabase.asSystem((tx) => listRevokedDigests(tx, tenantId), { readOnly: true });
      return signing.signTrust({ keys, logs, revoked }, version);
    },
    root: signing.trustRoot,
    changed: async (_loop, news) => {
      await redis.publish(TRUST_DOORBELL, formatTrustNews(news));
    },
  };
}

export function formatTrustNews({ tenantId, digests }: TrustNews): string {
  return `${tenantId} ${digests.join(",")}`;
}

/** Null for what we did not write. */
export function parseTrustNews(text: string): TrustNews | null {
  const match = /^([0-9a-f-]{36}) ((?:sha256:[0-9a-f]{64}(?:,|$))*)$/.exec(text);
  return match ? { tenantId: match[1] ?? "", digests: (match[2] ?? "").split(",").filter((digest) => digest !== "") } : null;
}
