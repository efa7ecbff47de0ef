import { auditRouter } from "./audit.ts";
import { membersRouter } from "./members.ts";
import { router } from "./procedure.ts";
import { sessionRouter } from "./session.ts";

export const appRouter = router({
  session: sessionRouter,
  members: membersRouter,
  audit: auditRouter,
});

/** What the console codes against; types only ever cross that way. */
export type AppRouter = typeof appRouter;
