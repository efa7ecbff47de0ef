import type { World } from "./test-domain.ts";

export type Drive = { input?: (world: World) => unknown; refused?: string | RegExp };

/**
 * How every procedure is driven by the other tenant, with the first one's names and ids. `refused`: the code it must answer.
 * Without it the answer must hold nothing of the first tenant. A procedure that is missing here fails the test.
 */
export const DRIVES: Record<string, Drive> = {
  "session.me": {},
  "members.list": {},
  "audit.list": { input: ({ draftId }) => ({ resourceId: draftId }) },
  "templates.list": { input: () => ({}) },
  "templates.get": { input: ({ templateName: name }) => ({ name }), refused: "templates.missing" },
  "templates.getVersion": { input: ({ templateName: name }) => ({ name, semver: "1.0.0" }), refused: /^templates\./ },
  "templates.starter": {},
  "templates.resolve": { input: ({ templateName: name }) => ({ name, range: "latest" }), refused: "templates.missing" },
  "templates.revocation": { input: ({ templateName: name }) => ({ name, semver: "1.0.0" }), refused: "templates.version-missing" },
  "templates.deprecate": {
    input: ({ templateName: name }) => ({ name, semver: "1.0.0", reason: "because" }),
    refused: "templates.version-missing",
  },
  "templates.undeprecate": { input: ({ templateName: name }) => ({ name, semver: "1.0.0" }), refused: "templates.version-missing" },
  "templates.revoke": {
    input: ({ templateName: name }) => ({ name, semver: "1.0.0", reason: "because" }),
    refused: "templates.version-missing",
  },
  "templates.create": { input: () => ({ source: STARTER }) },
  "drafts.create": { input: ({ templateName }) => ({ templateName }), refused: "templates.missing" },
  "drafts.list": { input: () => ({}) },
  "drafts.get": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "drafts.save": { input: ({ draftId }) => ({ draftId, expectedRevision: 1, source: "stolen" }), refused: "drafts.missing" },
  "drafts.discard": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "drafts.restore": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "drafts.rebase": { input: ({ draftId }) => ({ draftId, expectedRevision: 1 }), refused: "drafts.missing" },
  "reviews.request": {
    input: ({ draftId }) => ({ draftId, expectedRevision: 1, title: "Mine" }),
    refused: "drafts.missing",
  },
  "reviews.list": { input: () => ({ filter: "open" }) },
  "reviews.get": { input: ({ reviewNumber: number }) => ({ number }), refused: "reviews.missing" },
  "reviews.revision": { input: ({ reviewNumber: number }) => ({ number, revision: 1 }), refused: "reviews.missing" },
  "reviews.comment": { input: ({ reviewId }) => ({ reviewId, body: "Hello" }), refused: "reviews.missing" },
  "reviews.resolve": { input: ({ commentId }) => ({ commentId, resolved: true }), refused: "reviews.comment-missing" },
  "reviews.approve": { input: deciding, refused: "reviews.missing" },
  "reviews.reject": { input: (world) => ({ ...deciding(world), note: "no" }), refused: "reviews.missing" },
  "reviews.withdraw": { input: ({ reviewId }) => ({ reviewId }), refused: "reviews.missing" },
  "reviews.watch": { input: ({ reviewNumber: number }) => ({ number }), refused: "reviews.missing" },
  "drafts.compare": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "drafts.watch": { input: ({ draftId }) => ({ draftId }), refused: "drafts.missing" },
  "archives.get": { input: ({ digest }) => ({ digest }), refused: "archives.missing" },
  "archives.readFile": { input: ({ digest }) => ({ digest, path: "index.mjs" }), refused: "archives.missing" },
  "channels.list": { input: ({ templateName }) => ({ templateName }) },
  "channels.create": {
    input: ({ templateName }) => ({ templateName, name: "mine", planName: "standard" }),
    refused: "templates.missing",
  },
  "channels.history": { input: ({ templateName }) => ({ templateName, name: "production" }), refused: "channels.missing" },
  "rollouts.list": { input: () => ({}) },
  "rollouts.get": { input: ({ rolloutNumber: number }) => ({ number }), refused: "rollouts.missing" },
  "rollouts.preview": { input: moving, refused: "channels.missing" },
  "rollouts.start": { input: moving, refused: "channels.missing" },
  "rollouts.pause": { input: ({ rolloutNumber: number }) => ({ number, reason: "because" }), refused: "rollouts.missing" },
  "rollouts.resume": { input: ({ rolloutNumber: number }) => ({ number }), refused: "rollouts.missing" },
  "rollouts.promote": { input: ({ rolloutNumber: number }) => ({ number, reason: "because" }), refused: "rollouts.missing" },
  "rollouts.abort": { input: ({ rolloutNumber: number }) => ({ number, reason: "because" }), refused: "rollouts.missing" },
  "rollouts.passGate": { input: ({ rolloutNumber: number }) => ({ number }), refused: "rollouts.missing" },
  "rollouts.watch": { input: ({ rolloutNumber: number }) => ({ number }), refused: "rollouts.missing" },
  "plans.list": {},
  "plans.get": { input: () => ({ name: "standard" }), refused: "plans.missing" },
  "plans.propose": { input: () => ({ name: "mine", source: "no plan", title: "Mine" }), refused: "plans.invalid" },
  "quotas.list": {},
  "quotas.release": { input: ({ holdId }) => ({ holdId }), refused: "quotas.hold-missing" },
  "runs.try": { input: ({ draftId }) => ({ draftId, expectedRevision: 1, input: "{}" }), refused: "drafts.missing" },
  "runs.submit": { input: ({ templateName }) => ({ templateName, input: "{}" }), refused: /^templates\./ },
  "runs.get": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "runs.list": { input: ({ templateName }) => ({ templateName }) },
  "runs.activity": { input: ({ templateName }) => ({ span: "day", templateName }) },
  "runs.cancel": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "runs.explain": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "runs.readOutput": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "runs.watch": { input: ({ runId }) => ({ runId }), refused: "runs.missing" },
  "usage.costs": { input: () => ({ from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z", by: "template", basis: "allocated" }) },
  "usage.slos": { input: ({ templateName }) => ({ templateName }) },
  "usage.percentiles": {
    input: ({ templateName }) => ({ templateName, from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", bucketSeconds: 3_600 }),
  },
  "usage.budgets": {},
  "usage.setBudget": {
    input: ({ budgetId }) => ({ id: budgetId, templateName: null, amountMicros: 1, warnPercents: [], stopPercent: null }),
    refused: "budgets.missing",
  },
  "usage.removeBudget": { input: ({ budgetId }) => ({ id: budgetId }), refused: "budgets.missing" },
  "usage.prices": {},
  "usage.setPrices": { input: () => ({ currency: "EUR", prices: { cpuSecond: 1, memoryGibSecond: 1 } }) },
  "fleet.list": {},
  "fleet.createJoinToken": { input: () => ({ hostName: "mine", labels: {}, expiresInMinutes: 5 }) },
  "fleet.cordon": { input: ({ hostId }) => ({ hostId, reason: "because" }), refused: "fleet.host-missing" },
  "fleet.uncordon": { input: ({ hostId }) => ({ hostId }), refused: "fleet.host-missing" },
  "fleet.drain": { input: ({ hostId }) => ({ hostId, reason: "because" }), refused: "fleet.host-missing" },
  "fleet.revoke": { input: ({ hostId }) => ({ hostId }), refused: "fleet.host-missing" },
  "fleet.watch": {},
  "notices.list": { input: () => ({}) },
  "notices.unread": {},
  "notices.markRead": { input: ({ noticeId }) => ({ ids: [noticeId] }) },
  "notices.watch": {},
  "signing.proof": { input: ({ templateName: name }) => ({ name, semver: "1.0.0" }), refused: "templates.version-missing" },
  "tokens.list": {},
  "tokens.create": { input: () => ({ name: "ci", roles: ["ci"], expiresInDays: 30 }) },
  "tokens.revoke": { input: ({ tokenId }) => ({ tokenId }), refused: "tokens.missing" },
  "signing.keys": {},
  "signing.rotate": {},
  "signing.distrustImpact": { input: ({ keyId }) => ({ keyId, from: "2026-01-01T00:00:00Z" }), refused: "signing.key-missing" },
  "signing.distrust": {
    input: ({ keyId }) => ({ keyId, from: "2026-01-01T00:00:00Z", reason: "because" }),
    refused: "signing.key-missing",
  },
  "signing.log": { input: () => ({}) },
  "signing.logEntry": { input: () => ({ index: 0 }) },
  "signing.consistency": { input: () => ({ first: 1 }) },
  "signing.verifyTrail": { input: () => ({}) },
};

function moving({ templateName }: World) {
  return { templateName, channel: "production", semver: "1.0.0" };
}

function deciding({ reviewId, manifestDigest: digest, baseDigest, policyRevision }: World) {
  return { reviewId, digest, baseDigest, policyRevision };
}

const STARTER = `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: of-the-second, title: Of the second tenant, owner: team-b }
spec:
  driver: node
  code: { archive: "sha256:${"0".repeat(64)}", entry: default }
  input: { type: object }
  output: { type: object }
  limits: { timeout: 30s }
`;
