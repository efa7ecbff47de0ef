"use client";
/**
 * Inputs a template was tried with, newest first, kept in this browser (IndexedDB: a lockfile does not fit local storage).
 * Fail-open: where the browser keeps nothing, nothing is offered.
 */

/** `name` is a file's name, or null for typed text; `usedAt` is ISO 8601. */
export type KeptInput = { readonly name: string | null; readonly text: string; readonly sizeBytes: number; readonly usedAt: string };

/** Whose inputs: of one person, in one tenant, for one template. */
export type InputKey = { readonly tenant: string; readonly user: string; readonly template: string };

export const INPUTS_MAX = 6;
const STORE = "inputs";

export async function listInputs(key: InputKey): Promise<KeptInput[]> {
  try {
    const kept: unknown = await inStore("readonly", (store) => store.get(nameOf(key)));
    return Array.isArray(kept) ? (kept as KeptInput[]) : [];
  } catch {
    return [];
  }
}

/** Puts an input first; the same text is kept once. */
export async function rememberInput(key: InputKey, input: KeptInput): Promise<KeptInput[]> {
  const list = withNewest(await listInputs(key), input);
  try {
    await inStore("readwrite", (store) => store.put(list, nameOf(key)));
  } catch {
    // Kept on the page only.
  }
  return list;
}

export function withNewest(list: readonly KeptInput[], input: KeptInput): KeptInput[] {
  return [input, ...list.filter((other) => other.text !== input.text)].slice(0, INPUTS_MAX);
}

function nameOf(key: InputKey): string {
  return `${key.tenant}/${key.user}/${key.template}`;
}

async function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open("agent-factory", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error("blocked"));
  });
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}
