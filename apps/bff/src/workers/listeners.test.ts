import { createLogger } from "@agent-factory/process/logger";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import { createListeners, type Listeners, tell } from "./listeners.ts";

const event = { id: 1, tenantId: null, topic: "version.published", key: "a", payload: { versionId: "v" }, attempts: 0 };

const plans = { publish: async () => null, sign: async () => ({ attestationId: "a" }) };
const rollouts = { onVersionRevoked: async () => 0 };
const templates = {
  publish: async () => ({ versionId: "v", semver: "1.0.0", digest: "d" }),
  sign: async () => ({ attestationId: "a" }),
};

function open() {
  const heard: string[] = [];
  const lines: string[] = [];
  const logger = createLogger({ app: "test", level: "info", destination: { write: (line) => lines.push(line) } });
  const hears = (name: string, error?: Error) => async () => {
    heard.push(name);
    if (error) throw error;
  };
  return { heard, lines, logger, hears };
}

test("every listener of a topic hears an event, in order, though one of them fails; the event then counts as unheard", async () => {
  const t = open();
  const listeners: Listeners = {
    "version.published": [t.hears("sign", new Error("no key")), t.hears("notify")],
    "version.signed": [t.hears("other")],
  };
  await expect(tell(listeners, event, t.logger)).rejects.toThrow("no key");
  expect(t.heard).toEqual(["sign", "notify"]);
  expect(t.lines.join("")).toContain("no key");
});

test("when several listeners fail, the event says why of each", async () => {
  const t = open();
  const listeners: Listeners = { "version.published": [t.hears("a", new Error("first")), t.hears("b", new Error("second"))] };
  await expect(tell(listeners, event, t.logger)).rejects.toThrow("first; second");
});

test("an event that nobody listens to is delivered, with a warning, whatever its topic is called", async () => {
  const t = open();
  await tell({}, event, t.logger);
  await tell({}, { ...event, topic: "constructor" }, t.logger);
  expect(t.lines.filter((line) => line.includes("nobody listens"))).toHaveLength(2);
});

test("a published plan is signed as its tenant's system", async () => {
  const t = open();
  const asked: unknown[] = [];
  const listeners = createListeners({
    templates,
    plans: {
      ...plans,
      sign: async (actor, input) => {
        asked.push([actor, input]);
        return { attestationId: "a" };
      },
    },
    rollouts,
    runs: { takeBack: async () => 0, cancelOfVersion: async () => 0 },
    trust: { changed: async () => undefined },
    notices: { hear: async () => undefined },
  });
  await tell(listeners, { ...event, tenantId: "tenant", topic: "plan.published", payload: { planId: "p" } }, t.logger);
  expect(asked).toEqual([[systemActor("signer", "tenant"), { planId: "p" }]]);
});

test("a host that is gone gives its runs back; an event that names none is not taken for one", async () => {
  const t = open();
  const taken: unknown[] = [];
  const listeners = createListeners({
    templates,
    plans,
    rollouts,
    runs: { takeBack: async (_loop, input) => taken.push(input), cancelOfVersion: async () => 0 },
    trust: { changed: async () => undefined },
    notices: { hear: async () => undefined },
  });
  await tell(listeners, { ...event, topic: "host.lost", payload: { hostId: "h" } }, t.logger);
  expect(taken).toEqual([{ hostId: "h", reason: "host-lost" }]);
  await expect(tell(listeners, { ...event, topic: "host.revoked", payload: null }, t.logger)).rejects.toThrow("names no hostId");
});

test("people are told of an event as its tenant's system, after those who act on it", async () => {
  const t = open();
  const told: unknown[] = [];
  const hear = async (actor: unknown, { topic }: { topic: string }) => {
    told.push([actor, topic]);
  };
  const listeners = createListeners({
    templates,
    plans,
    rollouts,
    runs: { takeBack: async () => 0, cancelOfVersion: async () => 0 },
    trust: { changed: async () => undefined },
    notices: { hear },
  });
  await tell(listeners, { ...event, tenantId: "tenant", topic: "review.requested" }, t.logger);
  expect(told).toEqual([[systemActor("notices", "tenant"), "review.requested"]]);
});

test("of a revoked version channels are moved first, then its runs are ended, then hosts are told; of a distrusted key hosts alone", async () => {
  const t = open();
  const done: unknown[] = [];
  const listeners = createListeners({
    templates,
    plans,
    rollouts: { onVersionRevoked: async (_loop, input) => done.push(["move", input]) },
    runs: { takeBack: async () => 0, cancelOfVersion: async (_loop, input) => done.push(["cancel", input]) },
    trust: { changed: async (_loop, news) => void done.push(["tell", news]) },
    notices: { hear: async () => undefined },
  });
  const digest = `sha256:${"a".repeat(64)}`;
  await tell(listeners, { ...event, tenantId: "tenant", topic: "version.revoked", payload: { versionId: "v", digest } }, t.logger);
  await tell(listeners, { ...event, tenantId: "tenant", topic: "key.distrusted", payload: { keyId: "k" } }, t.logger);
  expect(done).toEqual([
    ["move", { versionId: "v" }],
    ["cancel", { versionId: "v" }],
    ["tell", { tenantId: "tenant", digests: [digest] }],
    ["tell", { tenantId: "tenant", digests: [] }],
  ]);
});

test("a review that is approved is published; a refusal that the review keeps is heard, what may be otherwise next time comes again", async () => {
  const t = open();
  const asked: unknown[] = [];
  const listening = (error?: Failure) =>
    createListeners({
      templates: {
        ...templates,
        publish: async (actor, input) => {
          asked.push([actor.id, actor.tenantId, input]);
          if (error) throw error;
          return { versionId: "v", semver: "1.0.0", digest: "d" };
        },
      },
      plans,
      rollouts,
      runs: { takeBack: async () => 0, cancelOfVersion: async () => 0 },
      trust: { changed: async () => undefined },
      notices: { hear: async () => undefined },
    });
  const approved = { ...event, tenantId: "tenant", topic: "review.approved", payload: { reviewId: "r" } };
  await tell(listening(), approved, t.logger);
  expect(asked).toEqual([["system:publisher", "tenant", { reviewId: "r" }]]);
  for (const kind of ["conflict", "forbidden", "invalid"] as const)
    await tell(listening(new Failure(kind, "templates.base-outdated", "no")), approved, t.logger);
  for (const kind of ["missing", "unavailable", "limit"] as const)
    await expect(tell(listening(new Failure(kind, "archives.missing", "not yet")), approved, t.logger)).rejects.toThrow("not yet");
  const denied = new Failure("forbidden", "access.denied", "nobody may");
  await expect(tell(listening(denied), approved, t.logger)).rejects.toThrow("nobody may");
});
