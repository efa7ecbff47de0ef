/**
 * Text that is not stored yet, kept in the browser: what was typed survives a reload, a crash and an expired session.
 * One entry a draft and browser; it is dropped as soon as the text is stored. Fail-open: a browser without storage edits on.
 */

/** `revision` and `stored` digest of what the text was typed upon; `keptAt` is ISO 8601. */
export type KeptText = { readonly text: string; readonly revision: number; readonly keptAt: string };

/** The part of `Storage` used here. */
export type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const PREFIX = "agent-factory.draft.";
/** Drafts of one person on a shared machine are not offered to the next. */
export type DraftKey = { readonly tenant: string; readonly user: string; readonly draftId: string };

const KEPT_DAYS = 30;

function storageKey(key: DraftKey): string {
  return `${PREFIX}${key.tenant}.${key.user}.${key.draftId}`;
}

function asideKey(key: DraftKey): string {
  return `${storageKey(key)}.aside`;
}

/** False when the browser would not keep it (full, or forbidden). */
export function keepText(storage: TextStorage, key: DraftKey, kept: KeptText): boolean {
  try {
    storage.setItem(storageKey(key), JSON.stringify(kept));
    return true;
  } catch {
    return false;
  }
}

export function dropText(storage: TextStorage, key: DraftKey): void {
  try {
    storage.removeItem(storageKey(key));
  } catch {
    // Nothing was kept where nothing may be kept.
  }
}

/**
 * What to offer when a draft is opened. `behind`: somebody stored a newer revision since the text was typed, so saving it
 * would go on top of words its author has not seen.
 */
export type Recovery = { readonly kept: KeptText; readonly behind: boolean };

/**
 * Looks once, when a draft is opened. What is found is set aside, so that typing in this visit does not write over it; it
 * stays there until {@link dropRecovery}.
 */
export function recover(storage: TextStorage, key: DraftKey, draft: { source: string; revision: number }): Recovery | null {
  try {
    const entry = storage.getItem(storageKey(key)) ?? storage.getItem(asideKey(key));
    const kept = parseKept(entry);
    if (!kept || kept.text === draft.source) {
      storage.removeItem(storageKey(key));
      storage.removeItem(asideKey(key));
      return null;
    }
    storage.setItem(asideKey(key), JSON.stringify(kept));
    storage.removeItem(storageKey(key));
    return { kept, behind: kept.revision < draft.revision };
  } catch {
    return null;
  }
}

/** The person has taken the text, or does not want it. */
export function dropRecovery(storage: TextStorage, key: DraftKey): void {
  try {
    storage.removeItem(asideKey(key));
  } catch {
    // As above.
  }
}

/** Forgets texts that nobody came back for. */
export function dropForgotten(storage: TextStorage, now: Date): void {
  try {
    const oldest = now.getTime() - KEPT_DAYS * 86_400_000;
    const names = Array.from({ length: storage.length }, (_, index) => storage.key(index)).filter((name) => name?.startsWith(PREFIX));
    for (const name of names) {
      if (name === null || name === undefined) continue;
      const kept = parseKept(storage.getItem(name));
      if (!kept || Date.parse(kept.keptAt) < oldest) storage.removeItem(name);
    }
  } catch {
    // As above.
  }
}

function parseKept(entry: string | null): KeptText | null {
  if (entry === null) return null;
  try {
    const value: unknown = JSON.parse(entry);
    if (typeof value !== "object" || value === null) return null;
    const { text, revision, keptAt } = value as Record<string, unknown>;
    return typeof text === "string" && typeof revision === "number" && typeof keptAt === "string" ? { text, revision, keptAt } : null;
  } catch {
    return null;
  }
}
