/** Who acts, and for which tenant. `tenantId` null means the platform itself. */
export type Actor = UserActor | TokenActor | HostActor | SystemActor;

export type UserActor = {
  readonly kind: "user";
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly traceId?: string;
};

export type TokenActor = {
  readonly kind: "token";
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly traceId?: string;
};

/** A machine behind its client certificate. It acts for one tenant at a time: that of the run it works on. */
export type HostActor = {
  readonly kind: "host";
  readonly id: string;
  readonly name: string;
  readonly tenantId: string | null;
  readonly roles: readonly ["host"];
  readonly traceId?: string;
};

/** A loop of ours, by name: `system:outbox`, `system:lease-expiry`, `system:seed`. */
export type SystemActor = {
  readonly kind: "system";
  readonly id: `system:${string}`;
  readonly name: string;
  readonly tenantId: string | null;
  readonly roles: readonly ["system"];
  readonly traceId?: string;
};

/** A loop as an actor, for one tenant or for the platform. */
export function systemActor(loop: string, tenantId: string | null = null): SystemActor {
  return { kind: "system", id: `system:${loop}`, name: loop, tenantId, roles: ["system"] };
}
