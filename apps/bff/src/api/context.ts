/** What a procedure sees: who calls, and the doors. Built once a request by the server. */
import type { Access } from "../domain/access/access.ts";
import type { UserActor } from "../domain/actor.ts";
import type { Channels } from "../domain/channels/channels.ts";
import type { Fleet } from "../domain/fleet/fleet.ts";
import type { Notices } from "../domain/notices/notices.ts";
import type { Quotas } from "../domain/quotas/quotas.ts";
import type { Requests } from "../domain/requests/requests.ts";
import type { Reviews } from "../domain/reviews/reviews.ts";
import type { Plans } from "../domain/rollouts/plans.ts";
import type { Rollouts } from "../domain/rollouts/rollouts.ts";
import type { Runs } from "../domain/runs/runs.ts";
import type { Signing } from "../domain/signing/signing.ts";
import type { Templates } from "../domain/templates/templates.ts";
import type { Membership, Tenants } from "../domain/tenants/tenants.ts";
import type { Tokens } from "../domain/tokens/tokens.ts";
import type { Usage } from "../domain/usage/usage.ts";
import type { AuditView } from "../views/audit.ts";
import type { FleetView } from "../views/fleet.ts";
import type { NoticesView } from "../views/notices.ts";
import type { ReviewsView } from "../views/reviews.ts";
import type { RolloutsView } from "../views/rollouts.ts";
import type { RunActivity } from "../views/run-activity.ts";
import type { RunWatch } from "../views/run-watch.ts";
import type { RunsView } from "../views/runs.ts";
import type { SigningView } from "../views/signing.ts";
import type { TemplatesView } from "../views/templates.ts";
import type { UsageView } from "../views/usage.ts";

/** Every door the edge may call; main.ts constructs it. */
export type Domain = {
  readonly access: Access;
  readonly tokens: Tokens;
  readonly requests: Requests;
  readonly tenants: Tenants;
  readonly signing: Signing;
  readonly reviews: Reviews;
  readonly templates: Templates;
  readonly channels: Channels;
  readonly quotas: Quotas;
  readonly fleet: Fleet;
  readonly runs: Runs;
  readonly usage: Usage;
  readonly rollouts: Rollouts;
  readonly plans: Plans;
  readonly notices: Notices;
  readonly views: {
    readonly audit: AuditView;
    readonly reviews: ReviewsView;
    readonly templates: TemplatesView;
    readonly fleet: FleetView;
    readonly rollouts: RolloutsView;
    readonly runs: RunsView;
    readonly watchRun: RunWatch;
    readonly notices: NoticesView;
    readonly signing: SigningView;
    readonly runActivity: RunActivity;
    readonly usage: UsageView;
  };
};

export type Context = {
  readonly actor: UserActor;
  readonly session: Membership;
  readonly traceId: string;
  readonly domain: Domain;
};
