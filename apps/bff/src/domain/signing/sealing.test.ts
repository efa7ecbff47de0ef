import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { createSealing, openSealing } from "./sealing.ts";

async function stateDirectory() {
  const dir = await mkdtemp(path.join(tmpdir(), "sealing-"));
  return { dir, file: path.join(dir, "key-encryption-key"), [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

const secret = Buffer.from("a private key");

test("what was sealed opens under its own name and no other, and never seals the same way twice", () => {
  const sealing = createSealing(randomBytes(32));
  const sealed = sealing.seal("signing-key/acme", secret);
  expect(sealing.open("signing-key/acme", JSON.parse(JSON.stringify(sealed)))).toEqual(secret);
  expect(() => sealing.open("signing-key/globex", sealed)).toThrow(expect.objectContaining({ code: "signing.seal-broken" }));
  expect(sealing.seal("signing-key/acme", secret)).not.toMatchObject({ ciphertext: sealed.ciphertext });
  expect(JSON.stringify(sealed)).not.toContain(secret.toString("base64"));
});

test("any byte that was altered, or a shorter tag, is refused", () => {
  const sealing = createSealing(randomBytes(32));
  const sealed = sealing.seal("name", secret);
  const altered = (text: string) => {
    const bytes = Buffer.from(text, "base64");
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    return bytes.toString("base64");
  };
  const forgeries = [
    ...(["iv", "tag", "ciphertext"] as const).map((field) => ({ ...sealed, [field]: altered(sealed[field]) })),
    { ...sealed, tag: Buffer.from(sealed.tag, "base64").subarray(0, 4).toString("base64") },
    { ...sealed, tag: "" },
    { ...sealed, v: 2 },
    { erased: true },
    null,
    "sealed",
  ];
  for (const forgery of forgeries) {
    expect(() => sealing.open("name", forgery)).toThrow(expect.objectContaining({ code: "signing.seal-broken" }));
  }
});

test("another key-encryption key is refused with what to do, and says both names", () => {
  const [one, other] = [createSealing(randomBytes(32)), createSealing(randomBytes(32))];
  const sealed = one.seal("platform/trust-root", secret);
  expect(() => other.open("platform/trust-root", sealed)).toThrow(
    expect.objectContaining({
      code: "signing.kek-wrong",
      details: { name: "platform/trust-root", sealedUnder: one.kekId, present: other.kekId },
    }),
  );
  expect(() => other.open("platform/trust-root", sealed)).toThrow(/KEY_ENCRYPTION_KEY.*key-encryption-key/);
});

test("the first start makes the key for its owner alone, later starts and starts at once use the same", async () => {
  await using t = await stateDirectory();
  const sealings = await Promise.all(Array.from({ length: 8 }, () => openSealing({ stateDir: t.dir })));
  expect(new Set([...sealings.map(({ kekId }) => kekId), (await openSealing({ stateDir: t.dir })).kekId]).size).toBe(1);
  expect((await stat(t.file)).mode & 0o777).toBe(0o600);
  expect(await readdir(t.dir)).toEqual(["key-encryption-key"]);
});

test("a damaged key file or variable ends the start and is left as it is", async () => {
  await using t = await stateDirectory();
  await writeFile(t.file, "c2hvcnQ=\n");
  await expect(openSealing({ stateDir: t.dir })).rejects.toThrow(/key-encryption-key is not the base64 of 32 bytes: restore it/);
  expect(await readFile(t.file, "utf8")).toBe("c2hvcnQ=\n");
  await expect(openSealing({ stateDir: t.dir, keyEncryptionKey: "c2hvcnQ=" })).rejects.toThrow(/KEY_ENCRYPTION_KEY/);
});

test("a key from the environment leaves no file behind", async () => {
  await using t = await stateDirectory();
  const keyEncryptionKey = randomBytes(32).toString("base64");
  expect((await openSealing({ stateDir: t.dir, keyEncryptionKey })).kekId).toBe(
    createSealing(Buffer.from(keyEncryptionKey, "base64")).kekId,
  );
  expect(await readdir(t.dir)).toEqual([]);
});
