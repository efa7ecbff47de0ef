import { generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rawEcdsa, verifyEcdsa, verifyEd25519 } from "./keys.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const spkiOf = (key: ReturnType<typeof generateKeyPairSync>["publicKey"]) => key.export({ format: "der", type: "spki" }).toString("base64");

describe("an ECDSA signature in DER", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

  test("is read as Node writes it, whatever the length of its numbers", async () => {
    const lengths = new Set<number>();
    for (let i = 0; i < 600; i += 1) {
      const [message, signature] = [bytes(`message ${i}`), sign("sha256", bytes(`message ${i}`), privateKey)];
      lengths.add(signature.length);
      const raw = rawEcdsa(signature);
      expect(raw && verify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, raw)).toBe(true);
    }
    expect(lengths.size).toBeGreaterThanOrEqual(3);
    const signature = sign("sha256", bytes("x"), privateKey);
    expect(await verifyEcdsa(spkiOf(publicKey), signature, bytes("x"))).toBe(true);
    expect(await verifyEcdsa(spkiOf(publicKey), signature, bytes("y"))).toBe(false);
  });

  test("has one encoding: what can be read is written back the same", () => {
    const integer = (number: Uint8Array) => {
      const from = number.findIndex((byte) => byte !== 0);
      const magnitude = number.subarray(from);
      const positive = (magnitude[0] ?? 0) >= 0x80 ? [0, ...magnitude] : [...magnitude];
      return [0x02, positive.length, ...positive];
    };
    const write = (raw: Uint8Array) => {
      const content = [...integer(raw.subarray(0, 32)), ...integer(raw.subarray(32))];
      return Uint8Array.from([0x30, content.length, ...content]);
    };
    const signature = new Uint8Array(sign("sha256", bytes("x"), privateKey));
    fc.assert(
      fc.property(fc.nat(signature.length - 1), fc.nat(2), fc.array(fc.nat(255), { maxLength: 2 }), (at, less, more) => {
        const other = Uint8Array.from([...signature.subarray(0, at), ...more, ...signature.subarray(at + less)]);
        const raw = rawEcdsa(other);
        if (raw) expect(write(raw)).toEqual(other);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ["a zero in front that keeps nothing positive", "3008020200010202007f"],
    ["a negative number", "300602018002017f"],
    ["an empty number", "30050200020101"],
    ["a number of 33 bytes", `3026022101${"00".repeat(32)}020101`],
    ["a length in two bytes", "308106020101020101"],
    ["one number", "3003020101"],
    ["three numbers", "3009020101020101020101"],
    ["another tag", "3106020101020101"],
    ["another tag inside", "3006030101020101"],
    ["nothing", ""],
  ])("is refused with %s", (_, hex) => {
    expect(rawEcdsa(Buffer.from(hex, "hex"))).toBeNull();
  });

  test("of small numbers is padded to its place", () => {
    const raw = rawEcdsa(Buffer.from("3007020200ff020101", "hex"));
    expect([raw?.length, raw?.[31], raw?.[63]]).toEqual([64, 255, 1]);
  });
});

describe("a key", () => {
  test("that cannot be imported is tried anew each time, and does not stand in the way of others", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const signature = new Uint8Array(sign(null, bytes("x"), privateKey));
    const imports = countImports();
    await expect(verifyEd25519("AAAA", signature, bytes("x"))).rejects.toThrow();
    await expect(verifyEd25519("AAAA", signature, bytes("x"))).rejects.toThrow();
    imports.stop();
    expect(imports.count()).toBe(2);
    await expect(
      verifyEcdsa(spkiOf(publicKey), sign("sha256", bytes("x"), generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey), bytes("x")),
    ).rejects.toThrow();
    expect(await verifyEd25519(spkiOf(publicKey), signature, bytes("x"))).toBe(true);
    expect(await verifyEd25519(spkiOf(publicKey), signature, bytes("y"))).toBe(false);
  });

  test("is kept after its import, and given up for newer ones only when there are many", async () => {
    const imports = countImports();
    try {
      const first = generateKeyPairSync("ed25519");
      const signature = new Uint8Array(sign(null, bytes("x"), first.privateKey));
      const verifyFirst = () => verifyEd25519(spkiOf(first.publicKey), signature, bytes("x"));
      expect([await verifyFirst(), await verifyFirst(), imports.count()]).toEqual([true, true, 1]);
      for (let i = 0; i < 1024; i += 1) await verifyEd25519(spkiOf(generateKeyPairSync("ed25519").publicKey), signature, bytes("x"));
      expect([await verifyFirst(), imports.count()]).toEqual([true, 1026]);
    } finally {
      imports.stop();
    }
  });
});

function countImports() {
  const { importKey } = crypto.subtle;
  let count = 0;
  crypto.subtle.importKey = ((...parameters: Parameters<typeof importKey>) => {
    count += 1;
    return importKey.apply(crypto.subtle, parameters);
  }) as typeof importKey;
  return {
    count: () => count,
    stop: () => {
      crypto.subtle.importKey = importKey;
    },
  };
}
