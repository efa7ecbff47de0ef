import { procedure, router } from "./procedure.ts";

export const sessionRouter = router({
  /** Who is signed in, for which tenant, and what they may do here. */
  me: procedure("session.read").query(({ ctx }) => ({
    user: ctx.session.user,
    tenant: ctx.session.tenant,
    tenants: [...ctx.session.tenants],
    roles: [...ctx.actor.roles],
    permissions: ctx.domain.access.permissions(ctx.actor),
  })),
});
