/**
 * An append-only Merkle tree (RFC 6962, section 2.1) grown from its peaks alone.
 *
 * Only perfect subtrees are ever stored: a node at `level` with `index` covers the leaves `[index * 2^level, (index + 1) * 2^level)` and
 * never changes once those leaves exist. A tree of any size is a row of perfect subtrees, its peaks, one for each 1 in the binary
 * form of the size. Nodes on the right border that are not perfect are folded from peaks when they are needed.
 *
 * Sizes and indices are integers up to 2^53 - 1; hence no 32-bit operators here.
 */
import { emptyRoot, isHash, nodeHash } from "./hash.ts";

export type NodePosition = { readonly level: number; readonly index: number };
export type TreeNode = NodePosition & { readonly hash: Uint8Array };

/** The peaks of a tree, largest (leftmost) first. */
export type Peaks = { readonly size: number; readonly hashes: readonly Uint8Array[] };

export const noPeaks: Peaks = { size: 0, hashes: [] };

/**
 * Adds one leaf. `nodes` are what must be stored: the leaf itself (level 0), then every inner node that it completes, upwards.
 * @throws RangeError when the peaks do not belong to their size.
 */
export function append(peaks: Peaks, leaf: Uint8Array): { peaks: Peaks; nodes: TreeNode[] } {
  requirePeaks(peaks);
  if (!isHash(leaf)) throw new RangeError("a leaf hash has 32 bytes");
  const hashes = [...peaks.hashes];
  const nodes: TreeNode[] = [];
  let node: TreeNode = { level: 0, index: peaks.size, hash: leaf };
  nodes.push(node);
  while (node.index % 2 === 1) {
    const left = hashes.pop() as Uint8Array;
    node = { level: node.level + 1, index: (node.index - 1) / 2, hash: nodeHash(left, node.hash) };
    nodes.push(node);
  }
  hashes.push(node.hash);
  return { peaks: { size: peaks.size + 1, hashes }, nodes };
}

/** Adds a batch in order: what {@link append} gives for one leaf after the other. */
export function appendAll(peaks: Peaks, leaves: readonly Uint8Array[]): { peaks: Peaks; nodes: TreeNode[] } {
  const nodes: TreeNode[] = [];
  let grown = peaks;
  for (const leaf of leaves) {
    const next = append(grown, leaf);
    grown = next.peaks;
    nodes.push(...next.nodes);
  }
  return { peaks: grown, nodes };
}

/** @throws RangeError when the peaks do not belong to their size. */
export function rootOf(peaks: Peaks): Uint8Array {
  requirePeaks(peaks);
  return peaks.size === 0 ? emptyRoot() : foldRight(peaks.hashes);
}

/** Where the peaks of a tree of this size are stored, in the order of {@link Peaks}. */
export function peakNodes(size: number): NodePosition[] {
  requireSize(size);
  return coverOf(0, size);
}

/** The peaks from stored nodes, in any order and among others. @throws RangeError when one is missing. */
export function peaksOf(size: number, nodes: Iterable<TreeNode>): Peaks {
  const stored = indexNodes(nodes);
  return { size, hashes: peakNodes(size).map(stored) };
}

/**
 * The perfect subtrees that cover the leaves `[begin, end)`, left to right, where `begin` is a multiple of a power of two that is
 * at least `end - begin`: so is every subtree of RFC 6962.
 */
export function coverOf(begin: number, end: number): NodePosition[] {
  const cover: NodePosition[] = [];
  for (let at = begin; at < end; ) {
    let [level, width] = [0, 1];
    while (width * 2 <= end - at) {
      width *= 2;
      level += 1;
    }
    cover.push({ level, index: at / width });
    at += width;
  }
  return cover;
}

/** The hash of neighbouring perfect subtrees, left to right, each smaller than the one before. */
export function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** Looks stored nodes up by position. @throws RangeError for one that is missing. */
export function indexNodes(nodes: Iterable<TreeNode>): (position: NodePosition) => Uint8Array {
  const hashes = new Map<string, Uint8Array>();
  for (const { level, index, hash } of nodes) hashes.set(`${level}/${index}`, hash);
  return ({ level, index }) => {
    const hash = hashes.get(`${level}/${index}`);
    if (!hash) throw new RangeError(`the node ${index} of level ${level} is missing`);
    return hash;
  };
}

export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function requireSize(size: number): void {
  if (!isSize(size)) throw new RangeError(`${size} is not the size of a tree`);
}

function requirePeaks({ size, hashes }: Peaks): void {
  requireSize(size);
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  if (hashes.length !== ones || !hashes.every(isHash)) throw new RangeError(`a tree of ${size} leaves has ${ones} peaks`);
}
