/**
 * Private keys at rest: AES-256-GCM under one key-encryption key (KEK) of 32 bytes, with a fresh 96-bit nonce each time
 * (NIST SP 800-38D). The name of what is sealed is bound as associated data: a sealed key that is moved to another row does not open.
 *
 * The KEK comes from the environment (KEY_ENCRYPTION_KEY) or from a file in the state directory, made at the first start. Fail-closed:
 * what was sealed under another KEK is refused by name, and never replaced by a new key.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../failure.ts";

/** What lies in the database. All but `v` and `kek` is base64. */
export type Sealed = {
  readonly v: 1;
  /** Which KEK: the beginning of a hash of it. */
  readonly kek: string;
  readonly iv: string;
  readonly tag: string;
  readonly ciphertext: string;
};

export type Sealing = {
  readonly kekId: string;
  seal(name: string, plaintext: Uint8Array): Sealed;
  /** Failures: `signing.kek-wrong` (sealed under another KEK), `signing.seal-broken` (altered, or sealed under another name). */
  open(name: string, sealed: unknown): Buffer;
};

const KEK_BYTES = 32;
const FILE = "key-encryption-key";

/** `keyEncryptionKey`: base64 of 32 bytes, from the environment. Without it the file in `stateDir` is used, and made when it is missing. */
export async function openSealing({ stateDir, keyEncryptionKey }: { stateDir: string; keyEncryptionKey?: string | undefined }) {
  return createSealing(
    keyEncryptionKey === undefined ? await loadOrCreate(path.join(stateDir, FILE)) : decode(keyEncryptionKey, "KEY_ENCRYPTION_KEY"),
  );
}

export function createSealing(kek: Uint8Array): Sealing {
  if (kek.length !== KEK_BYTES) throw new RangeError(`a key-encryption key has ${KEK_BYTES} bytes`);
  const kekId = createHash("sha256").update("agent-factory key-encryption key\n").update(kek).digest("hex").slice(0, 16);
  return {
    kekId,
    seal: (name, plaintext) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", kek, iv).setAAD(Buffer.from(name));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]).toString("base64");
      return { v: 1, kek: kekId, iv: iv.toString("base64"), tag: cipher.getAuthTag().toString("base64"), ciphertext };
    },
    open: (name, sealed) => {
      if (!isSealed(sealed)) throw broken(name, "it is not in the form this registry writes");
      if (sealed.kek !== kekId) throw wrongKek(name, sealed.kek, kekId);
      try {
        const decipher = createDecipheriv("aes-256-gcm", kek, Buffer.from(sealed.iv, "base64"), { authTagLength: 16 });
        decipher.setAAD(Buffer.from(name)).setAuthTag(Buffer.from(sealed.tag, "base64"));
        return Buffer.concat([decipher.update(Buffer.from(sealed.ciphertext, "base64")), decipher.final()]);
      } catch {
        throw broken(name, "its authentication tag does not match");
      }
    },
  };
}

function isSealed(value: unknown): value is Sealed {
  if (typeof value !== "object" || value === null) return false;
  const { v, ...texts } = value as Record<string, unknown>;
  return v === 1 && ["kek", "iv", "tag", "ciphertext"].every((name) => typeof texts[name] === "string");
}

function wrongKek(name: string, sealedUnder: string, present: string): Failure {
  return new Failure(
    "unavailable",
    "signing.kek-wrong",
    `The key "${name}" was sealed under key-encryption key ${sealedUnder}, and the registry has ${present}. Set KEY_ENCRYPTION_KEY to the one it was ` +
      `sealed under, or restore the file ${FILE} of the state directory from its backup; no new key is made in its place`,
    { name, sealedUnder, present },
  );
}

function broken(name: string, why: string): Failure {
  return new Failure("unavailable", "signing.seal-broken", `The sealed key "${name}" cannot be opened: ${why}. Restore the database`, {
    name,
  });
}

function decode(text: string, where: string): Buffer {
  const bytes = Buffer.from(text.trim(), "base64");
  // Fail-closed: a damaged key that were quietly replaced would lock every sealed key away for ever.
  if (bytes.length !== KEK_BYTES || bytes.toString("base64") !== text.trim()) {
    throw new Error(`${where} is not the base64 of ${KEK_BYTES} bytes: restore it; a new one would open none of the sealed keys`);
  }
  return bytes;
}

/** Written beside its name and linked to it: absent or whole, and the first of several processes wins. */
async function loadOrCreate(file: string): Promise<Buffer> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const known = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (known !== null) return decode(known, file);
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const handle = await open(temporary, "wx", 0o600);
  try {
    await handle.writeFile(`${randomBytes(KEK_BYTES).toString("base64")}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(temporary);
  }
  return decode(await readFile(file, "utf8"), file);
}
