import { expect, test, vi } from "vitest";
import { GivenBack } from "./drivers/driver.ts";
import { createTestHost, settled, testLease } from "./test-host.ts";

function open(fault: () => Error) {
  const { host, said } = createTestHost(() => Promise.reject(fault()));
  const free = () => said("credit").flatMap(({ slots }) => slots.map((slot) => slot.free));
  return { host, free };
}

test("a host whose own fault gave a run back offers no slot until it has rested; any other return costs it none", async () => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout"] });
  try {
    const { host, free } = open(() => new GivenBack("I believe nobody", { restMs: 15_000 }));
    expect(free()).toEqual([2]);
    host.receive({ t: "work", leases: [testLease] });
    await settled();
    expect(free().at(-1)).toBe(0);
    vi.advanceTimersByTime(14_999);
    expect(free()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(free()).toEqual([2]);

    const other = open(() => new GivenBack("the network"));
    other.host.receive({ t: "work", leases: [testLease] });
    await settled();
    expect(other.free().at(-1)).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});
