import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyRoot, leafHash } from "./hash.ts";
import { referenceRoot } from "./test-reference.ts";
import { append, appendAll, noPeaks, type Peaks, peakNodes, peaksOf, rootOf } from "./tree.ts";

/** The leaves and roots of the Certificate Transparency reference implementation, for trees of one to eight leaves. */
const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const numbered = (size: number) => Array.from({ length: size }, (_, i) => leafHash(new TextEncoder().encode(`leaf ${i}`)));

describe("the tree", () => {
  test("has the roots of the Certificate Transparency vectors, from none to eight leaves", () => {
    expect(bytesToHex(rootOf(noPeaks))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let peaks: Peaks = noPeaks;
    const grown = inputs.map((input) => {
      peaks = append(peaks, leafHash(hexToBytes(input))).peaks;
      return bytesToHex(rootOf(peaks));
    });
    expect(grown).toEqual(roots);
  });

  test("grown leaf by leaf or in batches has the root of RFC 6962 and stores each perfect node once", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (size, cut) => {
        const leaves = numbered(size);
        const first = appendAll(noPeaks, leaves.slice(0, cut));
        const second = appendAll(first.peaks, leaves.slice(cut));
        expect(rootOf(second.peaks)).toEqual(referenceRoot(leaves));
        const nodes = [...first.nodes, ...second.nodes];
        const positions = new Set(nodes.map(({ level, index }) => `${level}/${index}`));
        expect(positions.size).toBe(nodes.length);
        for (const { level, index, hash } of nodes) {
          expect(hash).toEqual(referenceRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)));
        }
        expect(nodes.length).toBe(2 * size - second.peaks.hashes.length);
        expect(peaksOf(size, nodes.reverse())).toEqual(second.peaks);
      }),
      { numRuns: 60 },
    );
  });

  test("refuses peaks that do not belong to their size, and says which stored peak is missing", () => {
    const { peaks, nodes } = appendAll(noPeaks, numbered(6));
    expect(() => rootOf({ size: 7, hashes: peaks.hashes })).toThrow("3 peaks");
    expect(() => append({ size: 6, hashes: [emptyRoot(), new Uint8Array(31)] }, emptyRoot())).toThrow("2 peaks");
    expect(() => append(peaks, new Uint8Array(33))).toThrow("32 bytes");
    expect(() => peaksOf(8, nodes)).toThrow("the node 0 of level 3 is missing");
    for (const size of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => peakNodes(size)).toThrow("size of a tree");
  });

  test("counts beyond 32 bits", () => {
    const size = 2 ** 40 + 2 ** 33 + 1;
    expect(peakNodes(size)).toEqual([
      { level: 40, index: 0 },
      { level: 33, index: 2 ** 7 },
      { level: 0, index: size - 1 },
    ]);
    const peaks = { size, hashes: numbered(3) };
    expect(append(peaks, emptyRoot()).nodes.map(({ level, index }) => [level, index])).toEqual([
      [0, size],
      [1, (size - 1) / 2],
    ]);
  });
});
