import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";

/** The provider's own secrets: made once, kept in the state directory with mode 0600. */
export type Secrets = { readonly jwks: { readonly keys: JWK[] }; readonly cookieKeys: string[] };

export async function loadSecrets(stateDir: string): Promise<Secrets> {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, "secrets.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), use: "sig", alg: "RS256", kid: randomBytes(8).toString("hex") };
  const secrets: Secrets = { jwks: { keys: [key] }, cookieKeys: [randomBytes(32).toString("base64url")] };
  writeFileSync(`${file}.new`, JSON.stringify(secrets), { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
  return secrets;
}

type Entry = { payload: AdapterPayload; expiresAt: number | null };

/**
 * Sessions, grants and tokens in memory, written as one file after each change (coalesced, atomically), so that nobody has to sign
 * in again after a restart. Enough for a development provider with a handful of people; a kill loses the last milliseconds.
 */
export type Store = { readonly adapter: AdapterFactory; flush(): Promise<void> };

export function openStore(stateDir: string, now: () => number = Date.now): Store {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, "sessions.json");
  const entries = new Map<string, Entry>(existsSync(file) ? readEntries(file) : []);
  let writing: Promise<void> = Promise.resolve();
  let dirty = false;

  const live = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key);
    if (entry && entry.expiresAt !== null && entry.expiresAt <= now()) {
      entries.delete(key);
      return undefined;
    }
    return entry?.payload;
  };
  const write = async () => {
    if (!dirty) return;
    dirty = false;
    for (const key of entries.keys()) live(key);
    await writeFile(`${file}.new`, JSON.stringify([...entries]), { mode: 0o600 });
    await rename(`${file}.new`, file);
  };
  const changed = () => {
    if (dirty) return;
    dirty = true;
    writing = writing.then(write);
  };

  class StoredModel implements Adapter {
    readonly #model: string;
    constructor(model: string) {
      this.#model = model;
    }
    #key(id: string): string {
      return `${this.#model}:${id}`;
    }
    #where(matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
      for (const key of entries.keys()) {
        const payload = key.startsWith(`${this.#model}:`) ? live(key) : undefined;
        if (payload && matches(payload)) return payload;
      }
      return undefined;
    }
    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      entries.set(this.#key(id), { payload, expiresAt: expiresIn ? now() + expiresIn * 1000 : null });
      changed();
    }
    async find(id: string): Promise<AdapterPayload | undefined> {
      return live(this.#key(id));
    }
    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return this.#where((payload) => payload.uid === uid);
    }
    async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
      return this.#where((payload) => payload.userCode === userCode);
    }
    async consume(id: string): Promise<void> {
      const payload = live(this.#key(id));
      if (payload) payload.consumed = Math.floor(now() / 1000);
      changed();
    }
    async destroy(id: string): Promise<void> {
      entries.delete(this.#key(id));
      changed();
    }
    async revokeByGrantId(grantId: string): Promise<void> {
      for (const [key, entry] of entries) {
        if (key.startsWith(`${this.#model}:`) && entry.payload.grantId === grantId) entries.delete(key);
      }
      changed();
    }
  }

  return {
    adapter: (model) => new StoredModel(model),
    async flush() {
      await writing;
      await write();
    },
  };
}

/** A file that cannot be read loses sessions, nothing else: people sign in again. */
function readEntries(file: string): [string, Entry][] {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return [];
  }
}
