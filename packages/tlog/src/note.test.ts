import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromBase64, toBase64 } from "./base64.ts";
import { emptyRoot } from "./hash.ts";
import {
  cosignatureKeyId,
  cosignatureText,
  cosignatureVerifierKey,
  ed25519KeyId,
  ed25519VerifierKey,
  formatCheckpoint,
  formatCosignature,
  formatNote,
  parseCheckpoint,
  parseCosignature,
  parseNote,
  rekorKeyId,
} from "./note.ts";

/** The example of Go's golang.org/x/mod/sumdb/note. */
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const signed = `${text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;
const verifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const publicKey = (fromBase64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW") as Uint8Array).subarray(1);

/** The example of C2SP tlog-cosignature. */
const checkpoint = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const cosigned = `${checkpoint}\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n`;

function ed25519Key(raw: Uint8Array) {
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  return createPublicKey({ key: spki, format: "der", type: "spki" });
}

describe("a signed note", () => {
  test("of Go's note package is read, its key id is the one we compute, and its signature is over our text", () => {
    const note = parseNote(signed);
    expect(note?.text).toBe(text);
    const [line] = note?.signatures ?? [];
    expect(line?.name).toBe("PeterNeumann");
    expect(line?.keyId).toEqual(ed25519KeyId("PeterNeumann", publicKey));
    expect(bytesToHex(ed25519KeyId("PeterNeumann", publicKey))).toBe("c74f20a3");
    expect(ed25519VerifierKey("PeterNeumann", publicKey)).toBe(verifierKey);
    expect(verify(null, utf8ToBytes(note?.text ?? ""), ed25519Key(publicKey), line?.signature ?? new Uint8Array())).toBe(true);
    expect(formatNote({ text, signatures: note?.signatures ?? [] })).toBe(signed);
  });

  test("may have blank lines in its text: the last one separates", () => {
    const note = parseNote(`a\n\nb\n\n${signed.slice(text.length + 1)}`);
    expect(note?.text).toBe("a\n\nb\n");
  });

  test.each([
    ["no signature", `${text}\n`],
    ["no blank line", signed.replace("\n\n", "\n")],
    ["no line break at the end", signed.slice(0, -1)],
    ["something behind the last line", `${signed}x`],
    ["a hyphen for the dash", signed.replace("—", "-")],
    ["a name with a plus", signed.replace("PeterNeumann x08", "Peter+Neumann x08")],
    ["a name with a space", signed.replace("PeterNeumann x08", "Peter Neumann x08")],
    ["no name", signed.replace("PeterNeumann x08", " x08")],
    ["base64 with spare bits", signed.replace("AM=\n", "AN=\n")],
    ["base64 without padding", signed.replace("AM=\n", "AM\n")],
    ["a key id and no signature", `${text}\n— PeterNeumann x08gow==\n`],
    ["a carriage return", signed.replaceAll("\n", "\r\n")],
    ["a tab in its text", signed.replace("think ", "think\t")],
    ["a lone surrogate", signed.replace("think", "\ud800")],
    ["too many signatures", `${text}\n${signed.slice(text.length + 1).repeat(101)}`],
  ])("with %s is refused", (_, note) => {
    expect(parseNote(note)).toBeNull();
  });

  test("is not written when it could not be read back", () => {
    const line = { name: "a", keyId: new Uint8Array(4), signature: new Uint8Array(64) };
    expect(() => formatNote({ text: "no line break", signatures: [line] })).toThrow("not a note");
    expect(() => formatNote({ text, signatures: [] })).toThrow("not a note");
    expect(() => formatNote({ text, signatures: [{ ...line, name: "a b" }] })).toThrow("not a note");
  });

  test("reads back as it was written, and whatever is read is written the same", () => {
    const name = fc.stringMatching(/^[^\s+]{1,20}$/u).filter((value) => value.isWellFormed() && [...value].every((char) => char > " "));
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const signature = fc.record({ name, keyId: bytes(4), signature: bytes(71) });
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[ -~é]{0,20}$/), { minLength: 1 }),
        fc.array(signature, { minLength: 1 }),
        (lines, signatures) => {
          const note = { text: `${lines.join("\n")}\n`, signatures };
          expect(parseNote(formatNote(note))).toEqual(note);
        },
      ),
    );
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.constantFrom("", "\n", "=", "—", " ", "A", "\t"), (at, piece) => {
        const read = parseNote(signed.slice(0, at) + piece + signed.slice(at + 1));
        if (read) expect(formatNote(read)).toBe(signed.slice(0, at) + piece + signed.slice(at + 1));
      }),
    );
  });
});

describe("a checkpoint", () => {
  test("is origin, size and root, one a line", () => {
    const parsed = parseCheckpoint(checkpoint);
    expect(parsed).toMatchObject({ origin: "example.com/behind-the-sofa", size: 20852163 });
    expect(parsed && formatCheckpoint(parsed)).toBe(checkpoint);
    expect(formatCheckpoint({ origin: "log.example - 42", size: 0, root: emptyRoot() })).toBe(
      "log.example - 42\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    );
  });

  test.each([
    ["a size with a leading zero", checkpoint.replace("2085", "02085")],
    ["a negative size", checkpoint.replace("2085", "-2085")],
    ["a size beyond exact numbers", checkpoint.replace("20852163", "9007199254740992")],
    ["a size in hexadecimal", checkpoint.replace("20852163", "0x10")],
    ["no size", checkpoint.replace("20852163", "")],
    ["no origin", checkpoint.replace("example.com/behind-the-sofa", "")],
    ["a shorter root", checkpoint.replace("q2I=", "q2==")],
    ["a root with spare bits", checkpoint.replace("q2I=", "q2J=")],
    ["an extension line", `${checkpoint}more\n`],
    ["a blank line", checkpoint.replace("\n", "\n\n")],
    ["no line break at the end", checkpoint.slice(0, -1)],
  ])("with %s is refused", (_, text) => {
    expect(parseCheckpoint(text)).toBeNull();
  });

  test("is not written when it could not be read back", () => {
    expect(() => formatCheckpoint({ origin: "two\nlines", size: 1, root: emptyRoot() })).toThrow("not a checkpoint");
    expect(() => formatCheckpoint({ origin: "a", size: -1, root: emptyRoot() })).toThrow("not a checkpoint");
    expect(() => formatCheckpoint({ origin: "a", size: 1, root: new Uint8Array(31) })).toThrow("not a checkpoint");
  });
});

describe("a cosignature", () => {
  test("of the specification's example is read: its time stands before the signature", () => {
    const note = parseNote(cosigned);
    expect(note?.text).toBe(checkpoint);
    expect(note?.signatures.map(({ name }) => name)).toEqual(["example.com/behind-the-sofa", "witness.example.com/w1"]);
    const cosignature = parseCosignature(note?.signatures[1]?.signature ?? new Uint8Array());
    expect(cosignature?.timeSeconds).toBe(1679315147);
    expect(cosignature && formatCosignature(cosignature.timeSeconds, cosignature.signature)).toEqual(note?.signatures[1]?.signature);
    expect(parseCosignature(new Uint8Array(71))).toBeNull();
    expect(parseCosignature(new Uint8Array(72).fill(255))).toBeNull();
  });

  test("signs the time and the checkpoint, and its key id differs from that of a plain signature", () => {
    expect(cosignatureText(1679315147, checkpoint)).toBe(`cosignature/v1\ntime 1679315147\n${checkpoint}`);
    expect(cosignatureKeyId("PeterNeumann", publicKey)).not.toEqual(ed25519KeyId("PeterNeumann", publicKey));
    expect(cosignatureVerifierKey("w", publicKey)).toBe(
      `w+${bytesToHex(cosignatureKeyId("w", publicKey))}+${toBase64(concatBytes(Uint8Array.of(4), publicKey))}`,
    );
    const { privateKey, publicKey: key } = generateKeyPairSync("ed25519");
    const signature = sign(null, utf8ToBytes(cosignatureText(7, checkpoint)), privateKey);
    const read = parseCosignature(formatCosignature(7, signature));
    expect(verify(null, utf8ToBytes(cosignatureText(read?.timeSeconds ?? 0, checkpoint)), key, read?.signature ?? new Uint8Array())).toBe(
      true,
    );
  });
});

test("Rekor's key id is the beginning of the log id", () => {
  // The log of rekor.sigstore.dev: its id is c0d23d6a…, and its checkpoints are signed as wNI9a….
  const spki = fromBase64(
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==",
  ) as Uint8Array;
  expect(bytesToHex(rekorKeyId(spki))).toBe("c0d23d6a");
});

describe("base64", () => {
  test("has one spelling a value", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64"));
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9+/=_ \n-]{0,12}$/), (text) => {
        const bytes = fromBase64(text);
        if (bytes) expect(toBase64(bytes)).toBe(text);
        else expect(Buffer.from(text, "base64").toString("base64")).not.toBe(text);
      }),
      { numRuns: 2000 },
    );
    const long = new Uint8Array(100_000).map((_, i) => i);
    expect(fromBase64(toBase64(long))).toEqual(long);
    expect(fromBase64("é===")).toBeNull();
  });
});
