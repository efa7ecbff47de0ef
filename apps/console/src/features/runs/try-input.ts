/** The input of a try, before it is sent. Pure. */
import { findJsonFault } from "./json-fault.ts";

/** Largest input the ledger takes. */
export const INPUT_BYTES_MAX = 16 * 1024 * 1024;
/** A file up to this size is put into the editor, to be changed there; a larger one is sent as it is. */
export const EDITOR_BYTES_MAX = 64 * 1024;

export type TryInput = { readonly name: string | null; readonly text: string; readonly sizeBytes: number };

export const emptyInput: TryInput = { name: null, text: "{\n  \n}", sizeBytes: 5 };

export function typedInput(text: string, name: string | null = null): TryInput {
  return { name, text, sizeBytes: new TextEncoder().encode(text).length };
}

/** True when the input is shown as a chip, not in the editor. */
export function isLarge(input: TryInput): boolean {
  return input.sizeBytes > EDITOR_BYTES_MAX;
}

export type InputFault =
  | { readonly kind: "empty" }
  | { readonly kind: "too-large" }
  | { readonly kind: "not-json"; readonly line: number; readonly column: number };

/** What keeps an input from being sent, or null. Whether it fits the template's schema is the ledger's verdict. */
export function faultOf(input: TryInput): InputFault | null {
  if (input.text.trim() === "") return { kind: "empty" };
  if (input.sizeBytes > INPUT_BYTES_MAX) return { kind: "too-large" };
  try {
    JSON.parse(input.text);
    return null;
  } catch {
    return { kind: "not-json", ...(findJsonFault(input.text) ?? { line: 1, column: 1 }) };
  }
}
