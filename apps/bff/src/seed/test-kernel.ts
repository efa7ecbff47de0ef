/**
 * The kernel on a database of its own, with two tenants and a member for every role: what tests of domain modules stand on.
 * Imported by tests only.
 *
 *     await using kernel = await openTestKernel();
 *     await templates.create(kernel.acme.as("editor"), { source });
 */
import { createLogger } from "@agent-factory/process/logger";
import { cloneDatabase, type TestDatabase } from "@agent-factory/testkit/database";
import { type Access, createAccess } from "../domain/access/access.ts";
import { systemActor, type UserActor } from "../domain/actor.ts";
import { type Audit, createAudit } from "../domain/audit/audit.ts";
import { createDecisions, type Decisions } from "../domain/decisions/decisions.ts";
import { createTenants, type Tenants, type TenantView } from "../domain/tenants/tenants.ts";
import { type Database, openDatabase } from "../platform/database.ts";
import { type FastDatabase, openFastDatabase } from "../platform/fast-database.ts";

export const PERSONAL_ROLES = ["editor", "reviewer", "manager", "operator", "admin"] as const;
export type PersonalRole = (typeof PERSONAL_ROLES)[number];

export type TestTenant = TenantView & {
  /** The member with this one role. */
  as(role: PersonalRole): UserActor;
};

export type TestKernel = AsyncDisposable & {
  readonly db: TestDatabase;
  readonly database: Database;
  readonly fastDatabase: FastDatabase;
  readonly audit: Audit;
  readonly decisions: Decisions;
  readonly access: Access;
  readonly tenants: Tenants;
  readonly acme: TestTenant;
  readonly globex: TestTenant;
};

/** `tenants: false` leaves the database empty; `acme` and `globex` then have no rows. */
export async function openTestKernel(options: { tenants?: boolean } = {}): Promise<TestKernel> {
  const db = await cloneDatabase();
  const database = openDatabase(db);
  const fastDatabase = openFastDatabase(db);
  const audit = createAudit();
  const decisions = createDecisions();
  const logger = createLogger({ app: "test", level: "silent" });
  const access = createAccess({ database, fastDatabase, decisions, audit, logger });
  const tenants = createTenants({ database, access, logger });
  const tenant = async (slug: string, name: string): Promise<TestTenant> => {
    if (options.tenants === false)
      return { id: "", slug, name, currency: "EUR", as: () => Promise.reject(new Error("no tenants")) as never };
    const view = await tenants.create(systemActor("seed"), { slug, name });
    const members = new Map<PersonalRole, UserActor>();
    for (const role of PERSONAL_ROLES) {
      const subject = `${slug}-${role}`;
      const { userId } = await tenants.addMember(systemActor("seed", view.id), {
        subject,
        email: `${role}@${slug}.test`,
        name: `${name} ${role}`,
        roles: [role],
      });
      members.set(role, { kind: "user", id: userId, name: `${name} ${role}`, tenantId: view.id, roles: [role] });
    }
    return { ...view, as: (role) => members.get(role) as UserActor };
  };
  const close = async () => {
    await Promise.all([database.close(), fastDatabase.close()]);
    await db.drop();
  };
  try {
    const acme = await tenant("acme", "Acme");
    const globex = await tenant("globex", "Globex");
    return { db, database, fastDatabase, audit, decisions, access, tenants, acme, globex, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
