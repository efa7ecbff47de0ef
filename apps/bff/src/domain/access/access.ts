/**
 * The only way to act on someone's behalf. `perform` opens the tenant's transaction, decides inside it, does the work and
 * appends the audit entry: all of it or none of it. A denial changes nothing and is audited in a transaction of its own.
 *
 * A person's roles are read again inside the transaction, so a role that was taken away since the request came in no longer
 * counts; the decision is the moment that orders an act against a change of roles. Fail-closed throughout: no member row, no
 * policy or no database means no.
 */
import type { Logger } from "@agent-factory/process/logger";
import type { Database, Transaction } from "../../platform/database.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import { type AnyTransaction, isDatabaseAway, sqlOf } from "../../platform/sql.ts";
import type { Actor } from "../actor.ts";
import type { Audit } from "../audit/audit.ts";
import type { Decisions, Verdict } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import { ACTIONS, type Action } from "./actions.ts";

export type { Action } from "./actions.ts";
export { ACTIONS };

/** The one refusal after which nobody knows whether it was done: the connection may have gone on commit. */
export const DATABASE_AWAY = "registry.database-away";

/** What is acted on. `tenantId` when it is known beforehand: another tenant's resource is refused before it is looked for. */
export type Resource = {
  readonly kind: string;
  readonly id: string;
  readonly tenantId?: string | null;
  readonly [attribute: string]: unknown;
};

export type AccessRequest = { readonly actor: Actor; readonly action: Action; readonly resource: Resource };

/** What the audit entry will show; the last word counts. `resource` names what was created during the work. */
export type AuditNote = { before(value: unknown): void; after(value: unknown): void; resource(id: string): void };

export type Permissions = Record<Action, { allowed: boolean; roles: string[] }>;

export type Access = {
  /** Authorise, transact (Prisma), audit. Failures: `access.denied` (forbidden) with the roles that could, and those of `work`. */
  perform<T>(request: AccessRequest, work: (tx: Transaction, note: AuditNote) => Promise<T>): Promise<T>;
  /** The same on the fast engine. */
  performFast<T>(request: AccessRequest, work: (tx: FastTransaction, note: AuditNote) => Promise<T>): Promise<T>;
  /** Authorised and tenant-scoped, in a READ ONLY transaction; what is allowed is not audited, what is denied is. */
  read<T>(request: AccessRequest, work: (tx: Transaction) => Promise<T>): Promise<T>;
  readFast<T>(request: AccessRequest, work: (tx: FastTransaction) => Promise<T>): Promise<T>;
  /** What this actor may do in general, and who can where it may not: for navigation and for buttons that explain themselves. */
  permissions(actor: Actor): Permissions;
};

/** Thrown inside the transaction to roll it back; never leaves this file. */
class Denial extends Error {
  readonly verdict: Verdict;
  readonly input: unknown;
  constructor(verdict: Verdict, input: unknown) {
    super("denied");
    this.verdict = verdict;
    this.input = input;
  }
}

export function createAccess({
  database,
  fastDatabase,
  decisions,
  audit,
  logger,
}: {
  database: Database;
  fastDatabase: FastDatabase;
  decisions: Decisions;
  audit: Audit;
  logger: Logger;
}): Access {
  const authorise = async (tx: AnyTransaction, { actor, action, resource }: AccessRequest): Promise<void> => {
    const roles = actor.kind === "user" ? await rolesNow(tx, actor.id) : actor.roles;
    const input = policyInput(actor, roles, action, resource);
    const verdict = decisions.decide("access", input);
    if (!verdict.allowed) throw new Denial(verdict, input);
  };

  const inPrisma = <T>(actor: Actor, readOnly: boolean, work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const client = actor.tenantId === null ? database.system : database.tenant;
    return client.$transaction(
      async (tx) => {
        await tx.$queryRaw`select set_config('app.tenant', ${actor.tenantId ?? ""}, true), set_config('transaction_read_only', ${readOnly ? "on" : "off"}, true)`;
        return work(tx);
      },
      { maxWait: 5_000, timeout: 30_000 },
    );
  };

  const inFast = <T>(actor: Actor, readOnly: boolean, work: (tx: FastTransaction) => Promise<T>): Promise<T> =>
    actor.tenantId === null ? fastDatabase.asSystem(work, { readOnly }) : fastDatabase.inTenant(actor.tenantId, work, { readOnly });

  /** The denial stands even when it cannot be recorded; that is logged as the error it is. */
  const recordDenial = async ({ actor, action, resource }: AccessRequest, { verdict, input }: Denial): Promise<void> => {
    try {
      await inFast(actor, false, async (tx) => {
        await audit.append(tx, { actor, action, resource, outcome: "denied", reason: verdict.rules.join(", ") });
        await decisions.record(tx, { tenantId: actor.tenantId, policy: "access", action, input, verdict });
      });
    } catch (error) {
      logger.error({ err: error, action, actor: actor.id }, "a denial could not be recorded");
    }
  };

  const guarded = async <T>(request: AccessRequest, run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      if (isDatabaseAway(error)) throw databaseAway(error, logger);
      if (!(error instanceof Denial)) throw error;
      await recordDenial(request, error);
      const roles = [...ACTIONS[request.action]];
      throw new Failure(
        "forbidden",
        "access.denied",
        `${request.action} is not allowed for ${request.actor.name}; it is for: ${roles.join(", ")}`,
        {
          action: request.action,
          roles,
          rules: error.verdict.rules,
        },
      );
    }
  };

  const audited = async <Tx extends AnyTransaction, T>(
    tx: Tx,
    request: AccessRequest,
    work: (tx: Tx, note: AuditNote) => Promise<T>,
  ): Promise<T> => {
    await authorise(tx, request);
    const noted: { before?: unknown; after?: unknown; id: string } = { id: request.resource.id };
    const result = await work(tx, {
      before: (value) => {
        noted.before = value;
      },
      after: (value) => {
        noted.after = value;
      },
      resource: (id) => {
        noted.id = id;
      },
    });
    await audit.append(tx, {
      actor: request.actor,
      action: request.action,
      resource: { kind: request.resource.kind, id: noted.id },
      outcome: "allowed",
      before: noted.before,
      after: noted.after,
    });
    return result;
  };

  return {
    perform: (request, work) => guarded(request, () => inPrisma(request.actor, false, (tx) => audited(tx, request, work))),
    performFast: (request, work) => guarded(request, () => inFast(request.actor, false, (tx) => audited(tx, request, work))),
    read: (request, work) =>
      guarded(request, () =>
        inPrisma(request.actor, true, async (tx) => {
          await authorise(tx, request);
          return work(tx);
        }),
      ),
    readFast: (request, work) =>
      guarded(request, () =>
        inFast(request.actor, true, async (tx) => {
          await authorise(tx, request);
          return work(tx);
        }),
      ),
    permissions: (actor) => {
      const of = (action: Action) => {
        const resource = { kind: action.split(".")[0] ?? action, id: "*" };
        return {
          allowed: decisions.decide("access", policyInput(actor, actor.roles, action, resource)).allowed,
          roles: [...ACTIONS[action]],
        };
      };
      return Object.fromEntries((Object.keys(ACTIONS) as Action[]).map((action) => [action, of(action)])) as Permissions;
    },
  };
}

/** An outage is nobody's bug: callers are told to try again, and the cause is in the log. */
export function databaseAway(error: unknown, logger: Logger): Failure {
  logger.error({ err: error }, "the database cannot be reached");
  return new Failure("unavailable", DATABASE_AWAY, "The registry cannot reach its database; try again in a moment");
}

/** Row-level security narrows this to the actor's tenant: a person without a row there has no roles at all. */
async function rolesNow(tx: AnyTransaction, userId: string): Promise<readonly string[]> {
  const rows = await sqlOf(tx).execute<{ roles: string[] }>("select roles from members where user_id = $1::uuid", [userId]);
  return rows[0]?.roles ?? [];
}

function policyInput(actor: Actor, roles: readonly string[], action: Action, resource: Resource) {
  return { actor: { kind: actor.kind, id: actor.id, roles, tenantId: actor.tenantId }, action, resource };
}
