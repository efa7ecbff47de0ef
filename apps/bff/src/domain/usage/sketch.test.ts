import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeSketches, RELATIVE_ACCURACY, Sketch, VALUE_MAX, VALUE_MIN } from "./sketch.ts";

const value = fc.oneof(fc.double({ min: VALUE_MIN, max: VALUE_MAX, noNaN: true }), fc.double({ min: 0.5, max: 5_000, noNaN: true }));
const values = fc.array(value, { minLength: 1, maxLength: 200 });

function sketchOf(list: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const one of list) sketch.add(one);
  return sketch;
}

test("every quantile is within the relative accuracy of the exact one, as the paper defines it", () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
      const sorted = list.toSorted((a, b) => a - b);
      const exact = sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
      const estimate = sketchOf(list).quantile(q) ?? Number.NaN;
      expect(Math.abs(estimate - exact) / exact).toBeLessThanOrEqual(RELATIVE_ACCURACY + 1e-9);
    }),
  );
});

test("merging gives the same bytes in any order and grouping as counting all at once", () => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const [x, y, z] = [sketchOf(a).encode(), sketchOf(b).encode(), sketchOf(c).encode()];
      const left = mergeSketches([mergeSketches([x, y]).encode(), z]).encode();
      const right = mergeSketches([mergeSketches([z, y]).encode(), x]).encode();
      const whole = sketchOf([...a, ...b, ...c]).encode();
      expect(left.equals(whole)).toBe(true);
      expect(right.equals(whole)).toBe(true);
    }),
  );
});

test("bytes come back as the sketch they were, and are few", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(value, fc.constant(0)), { maxLength: 300 }), (list) => {
      const bytes = sketchOf(list).encode();
      expect(Sketch.decode(bytes).encode().equals(bytes)).toBe(true);
      expect(Sketch.decode(bytes).count).toBe(list.length);
      expect(bytes.length).toBeLessThanOrEqual(6 + 5 * Math.min(list.length, 760));
    }),
  );
});

test("a sketch never grows beyond its bound, whatever is counted", () => {
  const sketch = new Sketch();
  for (let exponent = -12; exponent <= 12; exponent += 0.001) sketch.add(10 ** exponent);
  for (const odd of [Number.POSITIVE_INFINITY, Number.MAX_VALUE, -1, Number.NaN]) sketch.add(odd);
  expect(sketch.encode().length).toBeLessThan(3_000);
  expect(sketch.quantile(0)).toBe(0);
  expect(sketch.quantile(1)).toBeGreaterThan(VALUE_MAX * 0.97);
});

test("nothing counted has no quantile, and bytes that are no sketch are refused", () => {
  expect(new Sketch().quantile(0.5)).toBeNull();
  expect(() => Sketch.decode(Buffer.from([2, 0, 0]))).toThrow(RangeError);
  expect(() => Sketch.decode(Buffer.from([1, 0, 3, 4]))).toThrow(RangeError);
  expect(() => Sketch.decode(Buffer.from([1, 0, 0, 9]))).toThrow(RangeError);
});
