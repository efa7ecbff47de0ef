/** Before a rollout: what it would go by, and what is in its way. */
import type { Manifest } from "@agent-factory/manifest/schema";
import { parseDuration, parseMoney } from "@agent-factory/manifest/units";
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { ChannelRow, Channels } from "../channels/channels.ts";
import { Failure } from "../failure.ts";
import type { Targets } from "./judgement.ts";
import { readPlan } from "./plan.ts";
import { findPlan, type PlanRow } from "./plan-store.ts";
import { findNumber, findVersion } from "./rollout-store.ts";

/** What a rollout of the version on the channel would need, and the first things that are in its way. */
export async function outlook(tx: FastTransaction, channels: Pick<Channels, "pins">, channel: ChannelRow, semver: string) {
  const { templateName, name } = channel;
  const problems: Failure[] = [];
  if (channel.rolloutId !== null) {
    const live = await findNumber(tx, channel.rolloutId);
    problems.push(new Failure("conflict", "rollouts.live", `A rollout runs on ${name}`, { number: live, templateName, channel: name }));
  }
  const version = await findVersion(tx, templateName, semver);
  if (!version)
    problems.push(
      new Failure("missing", "templates.version-missing", `${templateName} has no version ${semver}`, { name: templateName, semver }),
    );
  const pins = version && (await channels.pins(tx, version.id));
  if (version?.revoked) problems.push(unusable("revoked", semver));
  else if (version && !version.signed) problems.push(unusable("unsigned", semver));
  else if (version && !pins) problems.push(unusable("not-runnable", semver));
  else if (version && channel.stable?.id === version.id) {
    problems.push(
      new Failure("conflict", "rollouts.same-version", `${name} has ${semver} already`, { templateName, channel: name, semver }),
    );
  }
  const published = await findPlan(tx, channel.planName);
  const { plan = null, digest = null } = published ? readPlan(published.source) : {};
  if (!published || !plan)
    problems.push(new Failure("missing", "plans.missing", `There is no plan ${channel.planName}`, { name: channel.planName }));
  else if (published.signature === "distrusted") problems.push(distrusted(published));
  // What is followed is what was signed: the text that is read here, not what is said of it.
  else if (published.signature === "waiting" || digest !== published.digest) problems.push(unsigned(published));
  const stable = channel.stable && !channel.stable.revoked ? await channels.pins(tx, channel.stable.id) : null;
  return {
    problems,
    plan: published && plan ? { id: published.id, digest: published.digest, plan } : null,
    version: version?.id ?? null,
    targets: pins ? targetsOf(pins.manifest, stable?.manifest ?? null) : {},
  };
}

/** What the canary promises; where it says nothing, what the baseline promised. */
function targetsOf(canary: Manifest, baseline: Manifest | null): Targets {
  const slo = { ...baseline?.spec.slo, ...canary.spec.slo };
  const cost = canary.spec.limits?.maxCost ?? baseline?.spec.limits?.maxCost;
  const slowMs = slo.latencyP95 === undefined ? null : parseDuration(slo.latencyP95);
  const dearMicros = cost === undefined ? null : (parseMoney(cost)?.micros ?? null);
  return {
    failed: { limit: null, floor: slo.availability === undefined ? null : 1 - slo.availability / 100 },
    // Five of a hundred may be slower: that is what the objective says.
    ...(slowMs !== null && { slow: { limit: slowMs, floor: 0.05 } }),
    ...(dearMicros !== null && { dear: { limit: dearMicros, floor: null } }),
  };
}

function unsigned({ name, revision }: PlanRow): Failure {
  return new Failure("conflict", "plans.unsigned", `Revision ${revision} of the plan ${name} waits for its signature`, { name, revision });
}

function distrusted({ name, revision }: PlanRow): Failure {
  const message = `Revision ${revision} of the plan ${name} was signed by a key that is distrusted since`;
  return new Failure("conflict", "plans.distrusted", message, { name, revision });
}

export function unusable(reason: "revoked" | "unsigned" | "not-runnable", semver: string): Failure {
  return new Failure("conflict", "rollouts.version-unusable", `${semver} cannot be rolled out: it is ${reason}`, { reason, semver });
}
