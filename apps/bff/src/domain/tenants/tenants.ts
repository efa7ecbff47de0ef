/** Customers or business units, and the people in them. Who somebody is comes from the identity provider, what they may do from here. */
import type { Logger } from "@agent-factory/process/logger";
import type { Database } from "../../platform/database.ts";
import { isDatabaseAway } from "../../platform/sql.ts";
import { type Access, databaseAway } from "../access/access.ts";
import type { Actor, SystemActor, UserActor } from "../actor.ts";
import { Failure } from "../failure.ts";

export type TenantView = { readonly id: string; readonly slug: string; readonly name: string; readonly currency: string };
export type MemberView = { readonly userId: string; readonly name: string; readonly email: string; readonly roles: string[] };

/** A signed-in person in one tenant, and the tenants they could choose instead. */
export type Membership = {
  readonly actor: UserActor;
  readonly user: { readonly id: string; readonly name: string; readonly email: string };
  readonly tenant: TenantView;
  readonly tenants: readonly { slug: string; name: string }[];
};

export type Tenants = {
  /**
   * Who a verified subject is in the tenant of `slug`, or in the first by name when none is asked for.
   * Failures: `session.no-tenant` (forbidden): no membership, or not in that one.
   */
  signIn(subject: string, slug: string | undefined, traceId?: string): Promise<Membership>;
  listMembers(actor: Actor): Promise<MemberView[]>;
  /** Creates the tenant when its slug is new; else says which it is. */
  create(actor: SystemActor, input: { slug: string; name: string; currency?: string }): Promise<TenantView>;
  /** Adds a member, or brings name, e-mail and roles of the same subject up to date. */
  addMember(actor: Actor, input: { subject: string; email: string; name: string; roles: string[] }): Promise<MemberView>;
  /** Every tenant, for scenarios and loops. */
  list(): Promise<TenantView[]>;
};

export function createTenants({ database, access, logger }: { database: Database; access: Access; logger: Logger }): Tenants {
  return {
    signIn: async (subject, slug, traceId) => {
      const members = await database.system.member.findMany({ where: { subject }, take: 100 }).catch((error: unknown) => {
        throw isDatabaseAway(error) ? databaseAway(error, logger) : error;
      });
      const rows = await database.system.tenant.findMany({
        where: { id: { in: members.map((member) => member.tenantId) } },
        orderBy: { name: "asc" },
      });
      const tenant = slug === undefined ? rows[0] : rows.find((row) => row.slug === slug);
      const member = members.find((row) => row.tenantId === tenant?.id);
      if (!tenant || !member) {
        throw new Failure("forbidden", "session.no-tenant", "You are signed in, but not a member of this tenant", { slug: slug ?? null });
      }
      const actor: UserActor = {
        kind: "user",
        id: member.userId,
        name: member.name,
        tenantId: tenant.id,
        roles: member.roles,
        ...(traceId === undefined ? {} : { traceId }),
      };
      return {
        actor,
        user: { id: member.userId, name: member.name, email: member.email },
        tenant: viewOf(tenant),
        tenants: rows.map((row) => ({ slug: row.slug, name: row.name })),
      };
    },
    listMembers: (actor) =>
      access.read({ actor, action: "members.read", resource: { kind: "member", id: "*" } }, async (tx) => {
        const rows = await tx.member.findMany({ orderBy: { name: "asc" }, take: 500 });
        return rows.map((row) => ({ userId: row.userId, name: row.name, email: row.email, roles: row.roles }));
      }),
    create: (actor, { slug, name, currency = "EUR" }) =>
      access.perform({ actor, action: "tenants.create", resource: { kind: "tenant", id: slug } }, async (tx, note) => {
        const known = await tx.tenant.findUnique({ where: { slug } });
        const tenant = known ?? (await tx.tenant.create({ data: { slug, name, currency } }));
        note.resource(tenant.id);
        note.after({ slug, name, currency, created: known === null });
        return viewOf(tenant);
      }),
    addMember: (actor, { subject, email, name, roles }) =>
      access.perform({ actor, action: "members.add", resource: { kind: "member", id: subject } }, async (tx, note) => {
        if (actor.tenantId === null) throw new Failure("invalid", "members.no-tenant", "A member is added to a tenant");
        const key = { tenantId_subject: { tenantId: actor.tenantId, subject } };
        const before = await tx.member.findUnique({ where: key });
        const member = await tx.member.upsert({
          where: key,
          create: { tenantId: actor.tenantId, subject, email, name, roles },
          update: { email, name, roles },
        });
        note.resource(member.userId);
        if (before) note.before({ roles: before.roles });
        note.after({ email, name, roles });
        return { userId: member.userId, name: member.name, email: member.email, roles: member.roles };
      }),
    list: async () => (await database.system.tenant.findMany({ orderBy: { slug: "asc" } })).map(viewOf),
  };
}

function viewOf(row: { id: string; slug: string; name: string; currency: string }): TenantView {
  return { id: row.id, slug: row.slug, name: row.name, currency: row.currency };
}
