import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyRoot, leafHash, nodeHash } from "./hash.ts";
import {
  type Consistency,
  consistencyNodes,
  consistencyProof,
  type Inclusion,
  inclusionNodes,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
} from "./proof.ts";
import { referenceConsistency, referencePath } from "./test-reference.ts";
import { appendAll, type NodePosition, noPeaks, rootOf, type TreeNode } from "./tree.ts";

const MAX_SIZE = 300;
const leaves = Array.from({ length: MAX_SIZE }, (_, i) => leafHash(new TextEncoder().encode(`leaf ${i}`)));
const stored = appendAll(noPeaks, leaves).nodes;
const rootAt = (size: number) => rootOf(appendAll(noPeaks, leaves.slice(0, size)).peaks);

/** What a database returns: the nodes asked for and no others, in no order. */
function fetchNodes(positions: readonly NodePosition[]): TreeNode[] {
  const asked = new Set(positions.map(({ level, index }) => `${level}/${index}`));
  return stored.filter(({ level, index }) => asked.has(`${level}/${index}`)).reverse();
}

const inclusionOf = (index: number, size: number): Inclusion => ({
  index,
  size,
  leafHash: leaves[index] as Uint8Array,
  proof: inclusionProof(index, size, fetchNodes(inclusionNodes(index, size))),
  root: rootAt(size),
});

const consistencyOf = (first: number, second: number): Consistency => ({
  first,
  second,
  firstRoot: rootAt(first),
  secondRoot: rootAt(second),
  proof: consistencyProof(first, second, fetchNodes(consistencyNodes(first, second))),
});

const leafOfTree = fc.integer({ min: 1, max: MAX_SIZE }).chain((size) => fc.tuple(fc.nat(size - 1), fc.constant(size)));
const twoSizes = fc.nat(MAX_SIZE).chain((second) => fc.tuple(fc.nat(second), fc.constant(second)));

/** Every hash with each of its bits turned, one at a time. */
function* bitFlips(hash: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < hash.length * 8; bit += 1) {
    const flipped = hash.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield flipped;
  }
}

/** Every proof that has one bit turned, one hash less, one more, or two that changed places. */
function* spoiled(proof: readonly Uint8Array[]): Generator<Uint8Array[]> {
  for (let i = 0; i < proof.length; i += 1) {
    for (const flipped of bitFlips(proof[i] as Uint8Array)) yield proof.with(i, flipped);
    yield proof.toSpliced(i, 1);
    yield proof.toSpliced(i, 1, (proof[i] as Uint8Array).subarray(1));
    if (i > 0) yield proof.with(i, proof[i - 1] as Uint8Array).with(i - 1, proof[i] as Uint8Array);
  }
  for (let i = 0; i <= proof.length; i += 1) yield proof.toSpliced(i, 0, emptyRoot());
}

describe("the Certificate Transparency vectors", () => {
  const vectorLeaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"].map((hex) =>
    leafHash(hexToBytes(hex)),
  );
  const nodes = appendAll(noPeaks, vectorLeaves).nodes;
  const root = (size: number) => rootOf(appendAll(noPeaks, vectorLeaves.slice(0, size)).peaks);

  test.each([
    [0, 1, []],
    [
      0,
      8,
      [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
      ],
    ],
    [
      5,
      8,
      [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ],
    ],
    [2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]],
    [
      1,
      5,
      [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      ],
    ],
  ])("inclusion of leaf %i in %i", (index, size, expected) => {
    const proof = inclusionProof(index, size, nodes);
    expect(proof.map((hash) => bytesToHex(hash))).toEqual(expected);
    expect(verifyInclusion({ index, size, leafHash: vectorLeaves[index] as Uint8Array, proof, root: root(size) })).toBe(true);
  });

  test.each([
    [1, 1, []],
    [
      1,
      8,
      [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
      ],
    ],
    [
      6,
      8,
      [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ],
    ],
    [
      2,
      5,
      [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      ],
    ],
  ])("consistency of %i with %i", (first, second, expected) => {
    const proof = consistencyProof(first, second, nodes);
    expect(proof.map((hash) => bytesToHex(hash))).toEqual(expected);
    expect(verifyConsistency({ first, second, firstRoot: root(first), secondRoot: root(second), proof })).toBe(true);
  });
});

describe("inclusion", () => {
  test("the proof from stored nodes is the path of RFC 6962, and it is accepted", () => {
    fc.assert(
      fc.property(leafOfTree, ([index, size]) => {
        const inclusion = inclusionOf(index, size);
        expect(inclusion.proof).toEqual(referencePath(index, leaves.slice(0, size)));
        expect(verifyInclusion(inclusion)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("every turned bit, missing, additional or misplaced hash is refused", () => {
    for (const [index, size] of [
      [0, 1],
      [0, 2],
      [6, 7],
      [5, 13],
      [299, 300],
    ] as const) {
      const inclusion = inclusionOf(index, size);
      for (const proof of spoiled(inclusion.proof)) expect(verifyInclusion({ ...inclusion, proof })).toBe(false);
      for (const root of bitFlips(inclusion.root)) expect(verifyInclusion({ ...inclusion, root })).toBe(false);
      for (const leafHash of bitFlips(inclusion.leafHash)) expect(verifyInclusion({ ...inclusion, leafHash })).toBe(false);
    }
  });

  test("another index is refused, and so is every size that does not have the same path", () => {
    fc.assert(
      fc.property(leafOfTree, fc.integer({ min: -2, max: MAX_SIZE + 2 }), ([index, size], other) => {
        const inclusion = inclusionOf(index, size);
        if (other !== index) expect(verifyInclusion({ ...inclusion, index: other })).toBe(false);
        // A path alone does not fix the size: the checkpoint signs size and root together.
        const fits = other > index && referencePath(index, leaves.slice(0, other)).length === inclusion.proof.length;
        if (other !== size && !fits) expect(verifyInclusion({ ...inclusion, size: other })).toBe(false);
      }),
    );
  });

  test("a path that goes on above the root is refused, even where the hashes agree", () => {
    for (const size of [1, 2, 5, 8]) {
      const { proof, root, ...rest } = inclusionOf(size - 1, size);
      const above = nodeHash(emptyRoot(), root);
      expect(verifyInclusion({ ...rest, proof: [...proof, emptyRoot()], root: above })).toBe(false);
    }
  });

  test("an inner node does not pass for a leaf", () => {
    const [a, b] = [leaves[0] as Uint8Array, leaves[1] as Uint8Array];
    const both = new Uint8Array([...a, ...b]);
    expect(leafHash(both)).not.toEqual(nodeHash(a, b));
  });

  test("nonsense is false and nothing throws", () => {
    const inclusion = inclusionOf(2, 5);
    fc.assert(
      fc.property(fc.constantFrom("index", "size", "leafHash", "proof", "root"), fc.anything(), (field, value) => {
        fc.pre(!(field === "size" && typeof value === "number" && value > 2));
        fc.pre(!(field === "index" && value === 2));
        expect(verifyInclusion({ ...inclusion, [field]: value } as Inclusion)).toBe(false);
      }),
    );
    expect(() => inclusionNodes(5, 5)).toThrow("there is no leaf 5 in a tree of 5");
    expect(() => inclusionProof(2, 5, [])).toThrow("is missing");
  });
});

describe("consistency", () => {
  test("the proof from stored nodes is that of RFC 6962, and it is accepted", () => {
    fc.assert(
      fc.property(twoSizes, ([first, second]) => {
        const consistency = consistencyOf(first, second);
        expect(consistency.proof).toEqual(referenceConsistency(first, leaves.slice(0, second)));
        expect(verifyConsistency(consistency)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("every turned bit, missing, additional or misplaced hash is refused", () => {
    for (const [first, second] of [
      [0, 0],
      [0, 3],
      [1, 1],
      [4, 8],
      [6, 7],
      [7, 13],
      [256, 300],
      [299, 300],
    ] as const) {
      const consistency = consistencyOf(first, second);
      for (const proof of spoiled(consistency.proof)) expect(verifyConsistency({ ...consistency, proof })).toBe(false);
      for (const firstRoot of bitFlips(consistency.firstRoot)) expect(verifyConsistency({ ...consistency, firstRoot })).toBe(false);
      // The empty tree is a beginning of whatever comes later: there the second root is free.
      if (first === 0 && second > 0) continue;
      for (const secondRoot of bitFlips(consistency.secondRoot)) expect(verifyConsistency({ ...consistency, secondRoot })).toBe(false);
    }
  });

  test("a log that rewrote an entry finds no proof: neither its own nor the honest one is accepted", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.nat(120), fc.nat(119), (first, more, at) => {
        const rewritten = leaves.with(at % first, leafHash(new TextEncoder().encode("rewritten"))).slice(0, first + more);
        const forked = appendAll(noPeaks, rewritten);
        const honest = { first, second: first + more, firstRoot: rootAt(first), secondRoot: rootOf(forked.peaks) };
        expect(verifyConsistency({ ...honest, proof: consistencyProof(first, first + more, forked.nodes) })).toBe(false);
        expect(verifyConsistency({ ...honest, proof: consistencyOf(first, first + more).proof })).toBe(false);
      }),
    );
  });

  test("other sizes are refused, unless the proof between them has the same form", () => {
    fc.assert(
      fc.property(twoSizes, twoSizes, ([first, second], [otherFirst, otherSecond]) => {
        fc.pre(first > 0 && (first !== otherFirst || second !== otherSecond));
        const consistency = consistencyOf(first, second);
        const form = (m: number, n: number) => `${m === 0} ${m === n} ${referenceConsistency(m, leaves.slice(0, n)).length}`;
        fc.pre(form(first, second) !== form(otherFirst, otherSecond));
        expect(verifyConsistency({ ...consistency, first: otherFirst, second: otherSecond })).toBe(false);
      }),
    );
  });

  test("a proof that goes on above the second root or ends below it is refused, even where the hashes agree", () => {
    for (const [first, second] of [
      [1, 2],
      [3, 4],
      [6, 7],
      [4, 8],
    ] as const) {
      const { proof, firstRoot, secondRoot } = consistencyOf(first, second);
      const above = { first, second, firstRoot: nodeHash(emptyRoot(), firstRoot), secondRoot: nodeHash(emptyRoot(), secondRoot) };
      expect(verifyConsistency({ ...above, proof: [...proof, emptyRoot()] })).toBe(false);
      const right = nodeHash(secondRoot, emptyRoot());
      expect(verifyConsistency({ first, second, firstRoot, secondRoot: right, proof: [...proof, emptyRoot()] })).toBe(false);
      // The sizes are one level higher than the proof.
      expect(verifyConsistency({ first, second: second + 8, firstRoot, secondRoot, proof })).toBe(false);
    }
  });

  test("a log that was cut is refused", () => {
    const { proof, firstRoot, secondRoot } = consistencyOf(7, 13);
    expect(verifyConsistency({ first: 13, second: 7, firstRoot: secondRoot, secondRoot: firstRoot, proof })).toBe(false);
    expect(() => consistencyNodes(13, 7)).toThrow("a tree of 7 does not begin with one of 13");
  });

  test("nonsense is false and nothing throws", () => {
    const consistency = consistencyOf(3, 5);
    fc.assert(
      fc.property(fc.constantFrom("first", "second", "firstRoot", "secondRoot", "proof"), fc.anything(), (field, value) => {
        fc.pre(typeof value !== "number" || !Number.isInteger(value));
        expect(verifyConsistency({ ...consistency, [field]: value } as Consistency)).toBe(false);
      }),
    );
  });
});

test("sizes beyond 32 bits prove and verify", () => {
  const size = 2 ** 45 + 5;
  const index = 2 ** 45 + 3;
  // A tree whose left 2^45 leaves are only known by their root.
  const left = leafHash(new TextEncoder().encode("the first 2^45"));
  const tail = appendAll({ size: 2 ** 45, hashes: [left] }, leaves.slice(0, 5));
  const nodes = [...tail.nodes, { level: 45, index: 0, hash: left }];
  const proof = inclusionProof(index, size, nodes);
  expect(verifyInclusion({ index, size, leafHash: leaves[3] as Uint8Array, proof, root: rootOf(tail.peaks) })).toBe(true);
  const consistency = { first: 2 ** 45, second: size, firstRoot: left, secondRoot: rootOf(tail.peaks) };
  expect(verifyConsistency({ ...consistency, proof: consistencyProof(2 ** 45, size, nodes) })).toBe(true);
  expect(verifyConsistency({ ...consistency, proof: [] })).toBe(false);
});
