import { archivesRouter } from "./archives.ts";
import { auditRouter } from "./audit.ts";
import { channelsRouter } from "./channels.ts";
import { draftsRouter } from "./drafts.ts";
import { fleetRouter } from "./fleet.ts";
import { membersRouter } from "./members.ts";
import { noticesRouter } from "./notices.ts";
import { plansRouter } from "./plans.ts";
import { router } from "./procedure.ts";
import { quotasRouter } from "./quotas.ts";
import { reviewsRouter } from "./reviews.ts";
import { rolloutsRouter } from "./rollouts.ts";
import { runsRouter } from "./runs.ts";
import { sessionRouter } from "./session.ts";
import { signingRouter } from "./signing.ts";
import { templatesRouter } from "./templates.ts";
import { tokensRouter } from "./tokens.ts";
import { usageRouter } from "./usage.ts";

export const appRouter = router({
  session: sessionRouter,
  members: membersRouter,
  audit: auditRouter,
  templates: templatesRouter,
  drafts: draftsRouter,
  reviews: reviewsRouter,
  archives: archivesRouter,
  channels: channelsRouter,
  quotas: quotasRouter,
  rollouts: rolloutsRouter,
  plans: plansRouter,
  runs: runsRouter,
  usage: usageRouter,
  fleet: fleetRouter,
  notices: noticesRouter,
  signing: signingRouter,
  tokens: tokensRouter,
});

/** What the console codes against; types only ever cross that way. */
export type AppRouter = typeof appRouter;
