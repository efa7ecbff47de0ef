/**
 * Proofs of RFC 6962 (section 2.1.1 inclusion, 2.1.2 consistency), made from stored perfect nodes and verified as RFC 9162 does
 * (sections 2.1.3.2 and 2.1.4.2).
 *
 * To make one: ask `…Nodes` which nodes it needs, fetch them in one query, hand them to `…Proof` in any order.
 * To check one: `verify…` is total. It is false for whatever is malformed, too short, too long or beyond the tree, and never throws.
 */
import { emptyRoot, isHash, nodeHash, sameBytes } from "./hash.ts";
import { coverOf, foldRight, indexNodes, isSize, type NodePosition, requireSize, type TreeNode } from "./tree.ts";

/** Which stored nodes the inclusion proof of a leaf needs. @throws RangeError when the leaf is not in a tree of this size. */
export function inclusionNodes(index: number, size: number): NodePosition[] {
  return inclusionPlan(index, size).flat();
}

/** The audit path of a leaf, lowest first, from the nodes that {@link inclusionNodes} names. @throws RangeError when one is missing. */
export function inclusionProof(index: number, size: number, nodes: Iterable<TreeNode>): Uint8Array[] {
  return fold(inclusionPlan(index, size), nodes);
}

/** Which stored nodes the consistency proof between two sizes needs. @throws RangeError unless `0 <= first <= second`. */
export function consistencyNodes(first: number, second: number): NodePosition[] {
  return consistencyPlan(first, second).flat();
}

/** The proof that the tree of `first` leaves is a beginning of the tree of `second` leaves. @throws RangeError when a node is missing. */
export function consistencyProof(first: number, second: number, nodes: Iterable<TreeNode>): Uint8Array[] {
  return fold(consistencyPlan(first, second), nodes);
}

export type Inclusion = {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
};

/** Whether the leaf is at `index` in the tree with this size and root. */
export function verifyInclusion({ index, size, leafHash, proof, root }: Inclusion): boolean {
  if (!isSize(index) || !isSize(size) || index >= size) return false;
  if (!isHash(leafHash) || !isHash(root) || !isProof(proof)) return false;
  let [node, last, hash] = [index, size - 1, leafHash];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      // The last node of a level has no sibling there: it moves up until it is somebody's right child.
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(hash, root);
}

export type Consistency = {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
};

/** Whether the second tree begins with the first: nothing was removed, changed or put in between. Every tree begins with the empty one. */
export function verifyConsistency({ first, second, firstRoot, secondRoot, proof }: Consistency): boolean {
  if (!isSize(first) || !isSize(second) || first > second) return false;
  if (!isHash(firstRoot) || !isHash(secondRoot) || !isProof(proof)) return false;
  if (first === second) return proof.length === 0 && sameBytes(firstRoot, secondRoot) && (first > 0 || sameBytes(firstRoot, emptyRoot()));
  if (first === 0) return proof.length === 0 && sameBytes(firstRoot, emptyRoot());
  const [start, ...rest] = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof;
  if (!start) return false;
  let [node, last] = [first - 1, second - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [before, after] = [start, start];
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [before, after] = [nodeHash(hash, before), nodeHash(hash, after)];
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      after = nodeHash(after, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(before, firstRoot) && sameBytes(after, secondRoot);
}

/** One entry for each hash of the proof: the perfect nodes, left to right, that fold into it. */
type Plan = readonly (readonly NodePosition[])[];

function fold(plan: Plan, nodes: Iterable<TreeNode>): Uint8Array[] {
  const stored = indexNodes(nodes);
  return plan.map((cover) => foldRight(cover.map(stored)));
}

function inclusionPlan(index: number, size: number): Plan {
  requireSize(size);
  if (!isSize(index) || index >= size) throw new RangeError(`there is no leaf ${index} in a tree of ${size}`);
  const plan: NodePosition[][] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin);
    if (index < middle) {
      plan.push(coverOf(middle, end));
      end = middle;
    } else {
      plan.push(coverOf(begin, middle));
      begin = middle;
    }
  }
  return plan.reverse();
}

function consistencyPlan(first: number, second: number): Plan {
  requireSize(second);
  if (!isSize(first) || first > second) throw new RangeError(`a tree of ${second} does not begin with one of ${first}`);
  if (first === 0) return [];
  const plan: NodePosition[][] = [];
  let [begin, end] = [0, second];
  while (end !== first) {
    const middle = begin + splitOf(end - begin);
    if (first <= middle) {
      plan.push(coverOf(middle, end));
      end = middle;
    } else {
      plan.push(coverOf(begin, middle));
      begin = middle;
    }
  }
  // The verifier already holds the root of the first tree; it is sent only where it is not a node of the second.
  if (begin > 0) plan.push(coverOf(begin, end));
  return plan.reverse();
}

/** The largest power of two below `size`, for a size of at least two. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

const half = (value: number): number => Math.floor(value / 2);

function isPowerOfTwo(size: number): boolean {
  let rest = size;
  while (rest % 2 === 0) rest /= 2;
  return rest === 1;
}

function isProof(proof: unknown): proof is readonly Uint8Array[] {
  return Array.isArray(proof) && proof.every(isHash);
}
