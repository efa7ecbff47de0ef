import fc from "fast-check";
import { expect, test } from "vitest";
import { advance, type HostEvent, type HostState, isSilent, STOPPED, type Standing } from "./host.ts";

const standing = (state: HostState, stateReason: string | null = null): Standing => ({ state, stateReason, resumeAt: null });
const cordon: HostEvent = { type: "cordon", reason: "kernel", resumeAt: null };
const drain: HostEvent = { type: "drain", reason: "moving" };

test.each<[HostState, HostEvent, HostState | null]>([
  ["enrolling", { type: "hello" }, "ready"],
  ["lost", { type: "hello" }, "ready"],
  ["cordoned", { type: "hello" }, null],
  ["draining", { type: "hello" }, null],
  ["ready", cordon, "cordoned"],
  ["lost", cordon, "cordoned"],
  ["drained", cordon, null],
  ["cordoned", { type: "uncordon", silent: false }, "ready"],
  ["cordoned", { type: "uncordon", silent: true }, "lost"],
  ["drained", { type: "uncordon", silent: false }, "ready"],
  ["ready", { type: "uncordon", silent: false }, null],
  ["ready", drain, "draining"],
  ["cordoned", drain, "draining"],
  ["lost", drain, "drained"],
  ["draining", { type: "drained" }, "drained"],
  ["ready", { type: "drained" }, "drained"],
  ["cordoned", { type: "drained" }, null],
  ["ready", { type: "silent" }, "lost"],
  ["draining", { type: "silent" }, "drained"],
  ["cordoned", { type: "silent" }, null],
])("%s, %o: %s", (from, event, to) => expect(advance(standing(from), event)?.state ?? null).toBe(to));

test("an operator's drain outlives the agent's restart, the agent's own stop does not", () => {
  expect(advance(standing("drained", "moving"), { type: "hello" })).toBeNull();
  expect(advance(standing("drained", STOPPED), { type: "hello" })?.state).toBe("ready");
});

test("only a hello, or a person, makes a host ready; nobody's words but a person's undo a cordon", () => {
  const event = fc.oneof(
    fc.constantFrom<HostEvent>({ type: "hello" }, { type: "drained" }, { type: "silent" }, cordon, drain),
    fc.boolean().map((silent): HostEvent => ({ type: "uncordon", silent })),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      let now = standing("enrolling");
      for (const happened of events) {
        const next = advance(now, happened);
        if (next?.state === "ready") expect(["hello", "uncordon"]).toContain(happened.type);
        if (now.state === "cordoned" && next) expect(["uncordon", "cordon", "drain"]).toContain(happened.type);
        now = next ?? now;
      }
    }),
  );
});

test("a host that never spoke is silent, one that spoke ten seconds ago is not yet", () => {
  const now = new Date(20_000);
  expect([isSilent(null, now), isSilent(new Date(10_000), now), isSilent(new Date(9_999), now)]).toEqual([true, false, true]);
});
