import { readFileSync } from "node:fs";
import path from "node:path";
import { parseManifest } from "@agent-factory/manifest";
import { sha256Of } from "@agent-factory/manifest/digest";
import { validateAgainst } from "@agent-factory/manifest/validate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packDirectory } from "../../apps/bff/src/domain/templates/archive.ts";
import { poissonTail } from "./anomalies.mjs";
import { createDrain } from "./drain.mjs";
import digest from "./index.mjs";
import { readLine } from "./line.mjs";

const { manifest, diagnostics } = parseManifest(readFileSync(path.join(import.meta.dirname, "manifest.yaml"), "utf8"));

async function run(lines: string[], options: { similarity?: number; signal?: AbortSignal } = {}) {
  const { signal = new AbortController().signal, ...rest } = options;
  const partial: unknown[] = [];
  const output = await digest({ lines, ...rest }, { log: () => undefined, emit: (value: unknown) => partial.push(value), signal });
  expect(validateAgainst(manifest?.spec.input, { lines, ...rest })).toEqual([]);
  expect(validateAgainst(manifest?.spec.output, output)).toEqual([]);
  return { output, partial };
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();

test("the manifest is valid and names the code beside it", async () => {
  expect(diagnostics).toEqual([]);
  expect(manifest?.spec.code?.archive).toBe(sha256Of(await packDirectory(import.meta.dirname)));
});

describe("clusters", () => {
  test("lines of one message make one template, its variables become wildcards", async () => {
    const lines = ["alice", "bob", "carol"].flatMap((user, n) => [
      `${at(n)} INFO user ${user} logged in from 10.0.0.${n}`,
      `${at(n)} WARN disk sda${n} at ${90 + n}%`,
    ]);
    const { output } = await run(lines);
    expect(output.clusters.items.map(({ template, count }: { template: string; count: number }) => [template, count])).toEqual([
      ["INFO user <*> logged in from <*>", 3],
      ["WARN disk <*> at <*>", 3],
    ]);
    expect(output.clusters.items[0]).toMatchObject({ firstLine: 1, lastLine: 5, share: 0.5, example: lines[0] });
  });

  test("every line is counted exactly once, whatever the lines", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom("a", "b", "1", " ", "[", "{", '"', ":", "-", "T"), maxLength: 30 }), { maxLength: 60 }),
        async (lines) => {
          const { output } = await run(lines);
          const counted = output.clusters.items.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
          expect(counted + output.lines.empty + output.lines.unclustered).toBe(lines.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("the groups of Drain agree with the true events of a generated log", () => {
    const events = [
      "Receiving block <*> src <*> dest <*>",
      "PacketResponder <*> for block <*> terminating",
      "Verification succeeded for <*>",
      "Deleting block <*> file <*>",
    ];
    const truth = fc.array(fc.tuple(fc.nat(events.length - 1), fc.infiniteStream(fc.nat(9_999))), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(truth, (lines) => {
        const drain = createDrain();
        const groupOf = new Map<number, number>();
        for (const [event, numbers] of lines) {
          const words = (events[event] ?? "").split(" ").map((word) => (word === "<*>" ? `x${numbers.next().value}` : word));
          const group = drain.add(words);
          expect(groupOf.get(event) ?? group?.id).toBe(group?.id);
          groupOf.set(event, group?.id ?? 0);
        }
        expect(new Set(groupOf.values()).size).toBe(groupOf.size);
      }),
    );
  });

  test("a flood of different messages stays bounded, and says what was not grouped", async () => {
    const { output } = await run(Array.from({ length: 6_000 }, (_, n) => `${"w".repeat((n % 70) + 1)} ${n.toString(36)}x y`));
    expect(output.clusters.items.length).toBeLessThanOrEqual(200);
    expect(output.clusters.cut).toBe(output.clusters.total > 200);
  });
});

describe("times", () => {
  test.each([
    ["2026-01-02T03:04:05Z up", Date.UTC(2026, 0, 2, 3, 4, 5)],
    ["2026-01-02 03:04:05,678 up", Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ["[2026-01-02T03:04:05.5+02:00] up", Date.UTC(2026, 0, 2, 1, 4, 5, 500)],
    ["Jan  2 03:04:05 host up", Date.UTC(2000, 0, 2, 3, 4, 5)],
    ["<34>Jan 12 03:04:05 host up", Date.UTC(2000, 0, 12, 3, 4, 5)],
    ['127.0.0.1 - - [02/Jan/2026:03:04:05 +0100] "GET /"', Date.UTC(2026, 0, 2, 2, 4, 5)],
    ["1767323045 up", 1_767_323_045_000],
    ["1767323045678 up", 1_767_323_045_678],
    ['{"level":"warn","time":1767323045678,"msg":"up"}', 1_767_323_045_678],
    ['{"@timestamp":"2026-01-02T03:04:05Z","message":"up"}', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ["up since 2026-01-02T03:04:05Z", null],
    ["2026-13-45T99:99:99Z up", null],
    ["12 up", null],
    ["{not json}", null],
  ])("%s", (line, expected) => expect(readLine(line).at).toBe(expected));

  test("rates are per minute over the whole span, quiet minutes are zeros; without times they are null", async () => {
    const { output } = await run([`${at(0)} a`, `${at(1)} a`, `${at(130)} a`]);
    expect(output.rates).toMatchObject({
      from: at(0),
      to: at(180),
      minutes: 3,
      perMinute: 1,
      byMinute: [{ count: 2 }, { count: 0 }, { count: 1 }],
    });
    expect((await run(["a", "b"])).output.rates).toBeNull();
  });

  test("lines far apart do not make a series without end", async () => {
    const { output } = await run(["2000-01-01T00:00:00Z a", "2026-01-01T00:00:00Z a"]);
    expect(output.rates?.byMinute).toHaveLength(1_440);
  });
});

describe("anomalies", () => {
  const steady = Array.from({ length: 1_200 }, (_, n) => `${at(n)} INFO tick ${n}`);

  test("a steady log has none", async () => {
    expect((await run(steady)).output.anomalies.items).toEqual([]);
  });

  test("a burst is told with its minute and what was expected", async () => {
    const burst = Array.from({ length: 60 }, (_, n) => `${at(600 + n / 2)} ERROR connection to db${n} refused`);
    const { output } = await run([...steady.slice(0, 600), ...burst, ...steady.slice(600)]);
    expect(output.anomalies.items).toEqual([{ kind: "burst", cluster: 2, minute: at(600), count: 60, expected: 0.05 }]);
  });

  test("what appears at the end is new, what appears once is rare", async () => {
    const { output } = await run([
      ...steady.slice(0, 300),
      `${at(300)} WARN odd thing`,
      ...steady.slice(301),
      ...Array.from({ length: 5 }, () => `${at(1_200)} FATAL out of memory`),
    ]);
    expect(output.anomalies.items.map(({ kind, cluster }: { kind: string; cluster: number }) => [kind, cluster])).toEqual([
      ["new", 3],
      ["rare", 2],
    ]);
  });

  test("ordinary fluctuation is no burst: random arrivals raise none in at least 99 of 100 logs", async () => {
    let seed = 12_345;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    let alarms = 0;
    for (let log = 0; log < 100; log++) {
      let now = 0;
      const lines = Array.from({ length: 600 }, () => {
        now += -Math.log(1 - random()) * 4;
        return `${at(now)} INFO tick`;
      });
      if ((await run(lines)).output.anomalies.items.some(({ kind }: { kind: string }) => kind === "burst")) alarms += 1;
    }
    expect(alarms).toBeLessThanOrEqual(1);
  });

  test("the Poisson tail is that of the textbook", () => {
    expect(poissonTail(1, 0.5)).toBeCloseTo(1 - Math.exp(-0.5), 12);
    expect(poissonTail(3, 1)).toBeCloseTo(1 - Math.exp(-1) * 2.5, 12);
    expect(poissonTail(200, 3)).toBeLessThan(1e-200);
    expect(poissonTail(0, 5)).toBe(1);
  });
});

test("a long log tells its progress, and stops when it is cancelled", async () => {
  const lines = Array.from({ length: 25_000 }, (_, n) => `tick ${n}`);
  expect((await run(lines)).partial).toEqual([
    { linesRead: 10_000, clusters: 1 },
    { linesRead: 20_000, clusters: 1 },
  ]);
  await expect(run(lines, { signal: AbortSignal.abort(new Error("cancelled")) })).rejects.toThrow("cancelled");
});
