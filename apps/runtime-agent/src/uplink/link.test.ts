import { randomUUID } from "node:crypto";
import { CLOSE_REPLACED, CLOSE_REVOKED, CLOSE_UNSUPPORTED, type HostFrame, type RunResult } from "@agent-factory/protocol";
import { describe, expect, it } from "vitest";
import { NOTHING_USED } from "../meter/meter.ts";
import { createKeyAndRequest, type Identity } from "./identity.ts";
import { createLink, type Link, type LinkEnd } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { startTestGateway, type TestGateway } from "./test-gateway.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
const hello: HostFrame & { t: "hello" } = {
  t: "hello",
  protocolMin: 2,
  protocolMax: 2,
  epoch: randomUUID(),
  agentVersion: "0",
  clock: 0,
  inventory: { os: "x", arch: "x", node: "x", cpus: 1, memoryBytes: 1, gpus: [] },
  capabilities: [],
  proof: { provenAt: 0, driver: "bubblewrap", cgroup: "v1", uid: 1, properties: [], verdict: "proven" },
  pool: [],
  holding: [],
};

function result(): RunResult {
  return {
    runId: randomUUID(),
    attempt: 1,
    fence: 7,
    outcome: "succeeded",
    output: { inline: "1" },
    error: null,
    usage: NOTHING_USED,
    finishedAt: 1,
  };
}

async function linked(gateway: TestGateway) {
  const { csrPem, keyPem } = await createKeyAndRequest();
  const outbox = new Outbox();
  const saved: Identity[] = [];
  const ended = Promise.withResolvers<LinkEnd>();
  const identity = await gateway.issueIdentity(csrPem, keyPem);
  const link: Link = createLink({
    gatewayUrl: gateway.url,
    identity,
    logger: quiet as never,
    hello: () => hello,
    heartbeat: () => ({ t: "heartbeat", clock: 0, holding: [], pool: [], load1: 0, memoryBytesFree: 0 }),
    onWelcome: () => outbox.restart([]),
    onFrame: (frame) => {
      if (frame.t === "ack") for (const one of frame.results) outbox.acknowledge(one);
    },
    next: () => outbox.next(),
    onState: () => {},
    onEnd: ended.resolve,
    onIdentity: (next) => saved.push(next),
    backoffMs: { min: 5, max: 20 },
  });
  link.start();
  return { link, outbox, saved, identity, ended: ended.promise, [Symbol.asyncDispose]: () => link.close("test over") };
}

describe("the link", () => {
  it("says a result again on every connection until it is acknowledged, and never after", async () => {
    await using gateway = await startTestGateway();
    await using host = await linked(gateway);
    const [kept, other] = [result(), result()];
    host.outbox.addResult(kept);
    host.link.flush();
    await gateway.hears("result", (_, connection) => connection === 1);
    gateway.drop();
    await gateway.hears("result", (frame, connection) => connection === 2 && frame.results[0]?.runId === kept.runId);
    gateway.send({ t: "ack", results: [{ runId: kept.runId, attempt: 1, fence: 7, accepted: true, reason: null }] });
    await expect.poll(() => host.outbox.empty).toBe(true);
    gateway.drop();
    await gateway.hears("hello", (_, connection) => connection === 3);
    host.outbox.addResult(other);
    host.link.flush();
    const frame = await gateway.hears("result", (_, connection) => connection === 3);
    expect(frame.results.map(({ runId }) => runId)).toEqual([other.runId]);
  });

  it("comes back by itself after the gateway was away", async () => {
    await using gateway = await startTestGateway();
    await using host = await linked(gateway);
    await gateway.hears("hello");
    await gateway.stop();
    await expect.poll(() => host.link.state()).toBe("connecting");
    await gateway.listen();
    await gateway.hears("hello", (_, connection) => connection === 2);
    await expect.poll(() => host.link.state()).toBe("linked");
  });

  it("speaks nothing but hello before it is welcome", async () => {
    await using gateway = await startTestGateway();
    gateway.greet = false;
    await using host = await linked(gateway);
    host.outbox.addResult(result());
    host.link.flush();
    await gateway.hears("hello");
    gateway.drop();
    await gateway.hears("hello", (_, connection) => connection === 2);
    expect(new Set(gateway.heard.map(({ frame }) => frame.t))).toEqual(new Set(["hello"]));
  });

  it("renews its certificate over the link, with a new key, and uses it for the next connection", async () => {
    await using gateway = await startTestGateway();
    await using host = await linked(gateway);
    await gateway.hears("heartbeat");
    await host.link.renew();
    expect(host.saved).toHaveLength(1);
    expect(host.saved[0]?.keyPem).not.toBe(host.identity.keyPem);
    gateway.drop();
    await gateway.hears("hello", (_, connection) => connection === 2);
  });

  it("renews by itself when two thirds of the certificate's life are over", async () => {
    await using gateway = await startTestGateway();
    gateway.certificateLifeMs = 3000;
    await using host = await linked(gateway);
    gateway.certificateLifeMs = 3_600_000;
    await gateway.hears("renew");
    await expect.poll(() => host.saved.length).toBe(1);
  });

  it.each([
    [CLOSE_REVOKED, "revoked"],
    [CLOSE_REPLACED, "replaced"],
    [CLOSE_UNSUPPORTED, "unsupported"],
  ] as const)("ends for good when the gateway closes with %i", async (code, expected) => {
    await using gateway = await startTestGateway();
    await using host = await linked(gateway);
    await gateway.hears("heartbeat");
    gateway.drop(code, `fleet.${expected}: because the test says so`);
    const end = await host.ended;
    expect(end).toEqual({ code: expected, message: `fleet.${expected}: because the test says so` });
    expect(host.link.state()).toBe("ended");
  });
});
