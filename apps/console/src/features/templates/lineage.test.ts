import fc from "fast-check";
import { expect, test } from "vitest";
import { type Descent, lanesOf } from "./lineage.ts";

const from = (...pairs: [string, string | null][]): Descent[] => pairs.map(([semver, parentSemver]) => ({ semver, parentSemver }));

test("one version after the other stands on one lane", () => {
  const { rows, width } = lanesOf(from(["1.2.0", "1.1.0"], ["1.1.0", "1.0.0"], ["1.0.0", null]));
  expect(width).toBe(1);
  expect(rows.map(({ lane }) => lane)).toEqual([0, 0, 0]);
  expect(rows.at(-1)?.leaving).toEqual([]);
});

test("a second child of one parent has a lane of its own, which joins at the parent", () => {
  const { rows, width } = lanesOf(from(["2.0.0", "1.0.0"], ["1.0.1", "1.0.0"], ["1.0.0", null]));
  expect(width).toBe(2);
  expect(rows[1]?.lane).toBe(1);
  expect(rows[2]?.entering).toEqual([
    { from: 0, to: 0 },
    { from: 1, to: 0 },
  ]);
});

test("a parent that is not in the list ends the line", () => {
  expect(lanesOf(from(["1.1.0", "0.9.0"])).rows[0]).toMatchObject({ parentSemver: null, leaving: [] });
});

test("from every version the line leads down to its parent and to nothing else", () => {
  const histories = fc.array(fc.option(fc.nat(1_000), { nil: null }), { minLength: 1, maxLength: 30 }).map((picks) =>
    picks.map((pick, index): Descent => {
      const below = picks.length - index - 1;
      return { semver: `v${index}`, parentSemver: pick === null || below === 0 ? null : `v${index + 1 + (pick % below)}` };
    }),
  );
  fc.assert(
    fc.property(histories, (versions) => {
      const { rows, width } = lanesOf(versions);
      for (const [index, row] of rows.entries()) {
        expect(row.lane).toBeLessThan(width);
        expect(row.parentSemver).toBe(versions[index]?.parentSemver);
        if (row.parentSemver === null) continue;
        let lane = row.lane;
        let at = index;
        expect(rows[at]?.leaving).toContain(lane);
        for (;;) {
          at += 1;
          const next = rows[at];
          const edges = next?.entering.filter((edge) => edge.from === lane) ?? [];
          expect(edges).toHaveLength(1);
          lane = edges[0]?.to ?? -1;
          if (next?.semver === row.parentSemver) break;
          expect(lane).not.toBe(next?.lane);
        }
        expect(lane).toBe(rows[at]?.lane);
      }
    }),
  );
});
