/** Monaco ships these modules without types; what is used of them, as their source says. */
declare module "monaco-editor/editor/common/diff/defaultLinesDiffComputer/lineSequence.js" {
  export class LineSequence {
    constructor(hashes: number[], lines: string[]);
    readonly length: number;
  }
}
declare module "monaco-editor/editor/common/diff/defaultLinesDiffComputer/algorithms/diffAlgorithm.js" {
  type Offsets = { readonly start: number; readonly endExclusive: number };
  /** Offsets from 0. */
  export type SequenceDiff = { readonly seq1Range: Offsets; readonly seq2Range: Offsets };
  export type Timeout = { isValid(): boolean };
  export const InfiniteTimeout: { readonly instance: Timeout };
}
declare module "monaco-editor/editor/common/diff/defaultLinesDiffComputer/algorithms/myersDiffAlgorithm.js" {
  import type { SequenceDiff, Timeout } from "monaco-editor/editor/common/diff/defaultLinesDiffComputer/algorithms/diffAlgorithm.js";
  import type { LineSequence } from "monaco-editor/editor/common/diff/defaultLinesDiffComputer/lineSequence.js";
  export class MyersDiffAlgorithm {
    compute(one: LineSequence, other: LineSequence, timeout: Timeout): { readonly diffs: SequenceDiff[] };
  }
}
declare module "monaco-editor/editor/common/diff/defaultLinesDiffComputer/heuristicSequenceOptimizations.js" {
  import type { SequenceDiff } from "monaco-editor/editor/common/diff/defaultLinesDiffComputer/algorithms/diffAlgorithm.js";
  import type { LineSequence } from "monaco-editor/editor/common/diff/defaultLinesDiffComputer/lineSequence.js";
  export function optimizeSequenceDiffs(one: LineSequence, other: LineSequence, diffs: SequenceDiff[]): SequenceDiff[];
}
