/** Channels, versions and plans on a test's registry, with a host that answers as the test says. Imported by tests only. */

import { parseManifest } from "@agent-factory/manifest";
import { canonicalJson, digestOf, sha256Of } from "@agent-factory/manifest/digest";
import type { Lease } from "@agent-factory/protocol";
import { resultOf } from "../../gateway/test-host.ts";
import { openTestRegistry, type TestRegistry } from "../../gateway/test-registry.ts";
import { approveBy } from "../../seed/test-templates.ts";
import { type HostActor, systemActor } from "../actor.ts";
import { createReviews } from "../reviews/reviews.ts";
import { readPlan } from "./plan.ts";
import { createPlanSubject, PLAN_SUBJECT } from "./plan-subject.ts";
import { createPlans, type Plans } from "./plans.ts";

export const loop = systemActor("test");
export const onProduction = { templateName: "audit", channel: "production" };

export const PLAN = `apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata: { name: standard, title: Standard }
spec:
  steps:
    - { weight: 10, minSamples: 5, deadline: 1m, onDeadline: proceed }
    - { weight: 50, minSamples: 5, deadline: 1m, onDeadline: pause, gate: { title: Look at the figures } }
    - { weight: 100, deadline: 1m, onDeadline: proceed }
  metrics: [{ name: failed, onBreach: rollback }]
`;

export type TestRollouts = AsyncDisposable & {
  readonly registry: TestRegistry;
  readonly host: HostActor;
  readonly plans: Plans;
  version(semver: string, options?: { slo?: string }): Promise<string>;
  /** Proposed, approved, published, and signed unless the test says otherwise. */
  plan(source?: string, options?: { signed?: boolean }): Promise<{ planId: string; revision: number }>;
  submit(key: string): Promise<{ runId: string; semver: string; cohort: string | null }>;
  /** Every run that waits is leased and ends so. */
  work(outcome: (lease: Lease) => "succeeded" | "failed", max?: number): Promise<Lease[]>;
  /** What ended is counted, and rollouts are looked at. */
  turn(): Promise<number>;
  /** A version is revoked and the registry hears of it, in the order of the listeners. */
  revoke(versionId: string): Promise<void>;
  rows<R>(sql: string, values?: readonly unknown[]): Promise<R[]>;
};

export async function openTestRollouts(): Promise<TestRollouts> {
  const registry = await openTestRegistry();
  const { acme, fastDatabase, access, decisions } = registry.kernel;
  const { redis, clock, signing } = registry;
  const reviews = createReviews({ access, decisions, redis, clock, kinds: { [PLAN_SUBJECT]: createPlanSubject({ decisions }) } });
  const plans = createPlans({ access, reviews, signing });
  const host = await registry.readyHost();
  const inAcme = <R>(sql: string, values?: readonly unknown[]): Promise<R[]> =>
    fastDatabase.inTenant(acme.id, async (tx) => (await tx.query<R>(sql, values)).rows);

  await inAcme("insert into templates (tenant_id, name, title, owner, created_by) values ($1, 'audit', 'Audit', 'us', 'test')", [acme.id]);
  const t: TestRollouts = {
    registry,
    host,
    plans,
    version: async (semver, { slo } = {}) => {
      const source = `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: audit, title: Audit ${semver}, owner: us }
spec:
  driver: node
  code: { archive: ${sha256Of(Buffer.from("code"))}, entry: default }
  input: {}
  output: {}
  limits: { timeout: 5s, maxAttempts: 2 }
${slo === undefined ? "" : `  slo: ${slo}\n`}`;
      const { manifest, diagnostics } = parseManifest(source);
      if (!manifest) throw new Error(JSON.stringify(diagnostics));
      const bytes = Buffer.from(canonicalJson(manifest));
      await registry.blobs.put(acme.id, bytes, { mediaType: "application/json", maxBytes: bytes.length });
      const [row] = await inAcme<{ id: string }>(
        `with attested as (
           insert into attestations (tenant_id, subject_name, subject_digest, predicate_type, bundle_digest, key_hint, tree_id, log_index, integrated_at)
           values ($1, $2, $3, 'test', $4, '00000000', 1, 1, now()) returning id
         ) insert into template_versions (tenant_id, template_id, semver, digest, source, published_by, attestation_id)
           select $1, t.id, $5, $3, $6, 'test', attested.id from templates t, attested where t.name = 'audit' returning id`,
        [acme.id, `acme/templates/audit@${semver}`, digestOf(manifest), sha256Of(Buffer.from(`bundle ${semver}`)), semver, source],
      );
      if (!row) throw new Error("no version was inserted");
      return row.id;
    },
    plan: async (source = PLAN, { signed = true } = {}) => {
      const { plan, digest, issues } = readPlan(source);
      if (!plan) throw new Error(JSON.stringify(issues));
      const { name, title } = plan;
      const before = (await plans.list(acme.as("operator"))).items.find((other) => other.name === name);
      const { reviewId } = await plans.propose(acme.as("operator"), { name, source, title });
      const approvers = [acme.as("reviewer"), acme.as("admin")];
      await approveBy(reviews, { reviewId, digest, baseDigest: before?.digest ?? null }, approvers, PLAN_SUBJECT);
      const published = await plans.publish(systemActor("publisher", acme.id), { reviewId });
      if (!published) throw new Error("the review is not about a plan");
      if (signed) await plans.sign(systemActor("signer", acme.id), published);
      return published;
    },
    submit: (key) => registry.runs.submit(acme.as("editor"), { ...onProduction, key, input: "{}" }),
    work: async (outcome, max = 1_000) => {
      const leases = await registry.runs.lease(host, { max });
      const error = { kind: "exception" as const, message: "no", stack: [] };
      await registry.runs.finish(
        host,
        leases.map((lease) => {
          const said = outcome(lease);
          return resultOf(lease, said === "failed" ? { outcome: said, output: null, error } : { outcome: said });
        }),
      );
      return leases;
    },
    turn: async () => {
      await registry.usage.ingest(loop);
      return registry.rollouts.tick(loop);
    },
    revoke: async (versionId) => {
      await registry.revoke(versionId);
      await registry.rollouts.onVersionRevoked(loop, { versionId });
      await registry.runs.cancelOfVersion(loop, { versionId });
    },
    rows: inAcme,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
  return t;
}
