import { Bundle as SigstoreBundle } from "@sigstore/protobuf-specs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyBundle } from "./gate.ts";
import { createTestScene } from "./test-signer.ts";
import type { Trust } from "./trust.ts";
import { checkNames, type Demands } from "./verdict.ts";

const { bundle: good, demands, trust } = createTestScene();

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Path = readonly (string | number)[];

function* pathsOf(value: Json, path: Path = []): Generator<Path> {
  yield path;
  if (value === null || typeof value !== "object") return;
  for (const key of Object.keys(value))
    yield* pathsOf((value as Record<string, Json>)[key] as Json, [...path, Array.isArray(value) ? Number(key) : key]);
}

const at = (root: Json, path: Path): Json => path.reduce((value, key) => (value as Record<string | number, Json>)[key] as Json, root);

function put(root: Json, path: Path, value: Json | undefined): Json {
  const last = path.at(-1);
  if (last === undefined) return value ?? null;
  const copy = structuredClone(root);
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, Json>;
  if (value !== undefined) parent[last] = value;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return copy;
}

const original = structuredClone(good) as unknown as Json;
const paths = [...pathsOf(original)];
const path = fc.constantFrom(...paths);
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
  fc.constantFrom("", "0", "-1", "AAAA", "application/json", "\n"),
);
const mutation: fc.Arbitrary<(root: Json) => Json> = fc.oneof(
  fc.tuple(path, anyJson).map(
    ([where, value]) =>
      (root: Json) =>
        put(root, where, value),
  ),
  path.map((where) => (root: Json) => put(root, where, undefined)),
  fc.tuple(path, path).map(
    ([where, from]) =>
      (root: Json) =>
        put(root, where, at(original, from)),
  ),
  fc.tuple(path, fc.string({ maxLength: 12 }), anyJson).map(
    ([where, key, value]) =>
      (root: Json) =>
        put(root, [...where, key], value),
  ),
  fc.tuple(path, fc.nat(), fc.constantFrom("", "A", "B", "=", "\n", " ", "0", "9", "—")).map(([where, seed, piece]) => (root: Json) => {
    const value = at(root, where);
    if (typeof value !== "string") return root;
    const cut = seed % (value.length + 1);
    return put(root, where, value.slice(0, cut) + piece + value.slice(cut + (seed % 3)));
  }),
);

/** What a Sigstore client understands: the protobuf message, with everything that it ignores left out. */
function meaningOf(bundle: Json): string | null {
  try {
    const message = SigstoreBundle.toJSON(SigstoreBundle.fromJSON(bundle)) as {
      verificationMaterial: { timestampVerificationData?: object };
    };
    if (JSON.stringify(message.verificationMaterial.timestampVerificationData) === "{}")
      delete message.verificationMaterial.timestampVerificationData;
    return JSON.stringify(message);
  } catch {
    return null;
  }
}

describe("whatever is done to a good bundle", () => {
  test("the gate answers, and allows only what means the same", async () => {
    let allowed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const bundle = mutations.reduce((root, mutate) => {
          try {
            return mutate(root);
          } catch {
            return root;
          }
        }, original);
        const verdict = await verifyBundle(bundle, demands, trust);
        expect(verdict.steps.map(({ check }) => check)).toEqual([...checkNames]);
        if (!verdict.allowed) {
          expect(verdict).toMatchObject({ statement: null, refusedBy: expect.any(String) });
          return;
        }
        allowed += 1;
        expect(meaningOf(bundle)).toBe(meaningOf(original));
      }),
      { numRuns: 2500 },
    );
    // Some mutations change nothing, such as a value put in its own place: the property is not true only because all is refused.
    expect(allowed).toBeGreaterThan(0);
  });

  test("every character of every string matters", async () => {
    const strings = paths.filter((where) => typeof at(original, where) === "string");
    for (const where of strings) {
      const value = at(original, where) as string;
      for (let cut = 0; cut < value.length; cut += Math.ceil(value.length / 24)) {
        const other = value[cut] === "A" ? "B" : "A";
        const verdict = await verifyBundle(put(original, where, value.slice(0, cut) + other + value.slice(cut + 1)), demands, trust);
        expect([where.join("."), cut, verdict.allowed]).toEqual([where.join("."), cut, false]);
      }
    }
  });

  test("nothing of it can be left out, but for what is empty", async () => {
    for (const where of paths) {
      const { allowed } = await verifyBundle(put(original, where, undefined), demands, trust);
      expect([where.join("."), allowed]).toEqual([where.join("."), where.at(-1) === "timestampVerificationData"]);
    }
  });
});

describe("whatever is given instead", () => {
  test("of a bundle is refused", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
        async (bundle) => {
          expect(await verifyBundle(bundle, demands, trust)).toMatchObject({ allowed: false, refusedBy: "bundle-form" });
        },
      ),
    );
  });

  test("of demands and trust is refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.anything(), async (otherDemands, otherTrust) => {
        expect(await verifyBundle(good, otherDemands as Demands, trust)).toMatchObject({ allowed: false });
        expect(await verifyBundle(good, demands, otherTrust as Trust)).toMatchObject({ allowed: false });
      }),
    );
    for (const part of ["keys", "logs", "revoked"]) {
      expect(await verifyBundle(good, demands, { ...trust, [part]: undefined } as never)).toMatchObject({ allowed: false });
    }
    const keys = trust.keys.map((key) => ({ ...key, spki: "AAAA" }));
    expect(await verifyBundle(good, demands, { ...trust, keys })).toMatchObject({ allowed: false, refusedBy: "key-known" });
  });

  test("things that throw when they are looked at are refused with what they threw", async () => {
    const trap = new Proxy(
      {},
      {
        get() {
          throw new TypeError("a trap");
        },
        ownKeys() {
          throw new TypeError("a trap");
        },
      },
    );
    const verdict = await verifyBundle({ ...good, dsseEnvelope: trap }, demands, trust);
    expect(verdict).toMatchObject({ allowed: false, refusedBy: "bundle-form" });
    expect(verdict.steps[0]?.facts.reason).toBe("a trap");
    expect(await verifyBundle(good, trap as Demands, trust)).toMatchObject({ allowed: false });
    expect(await verifyBundle(good, demands, trap as Trust)).toMatchObject({ allowed: false });
  });

  test("a bundle that changes between two looks is judged by the first", async () => {
    let looks = 0;
    const shifty = {
      ...good,
      get dsseEnvelope() {
        looks += 1;
        return looks === 1 ? good.dsseEnvelope : { ...good.dsseEnvelope, payload: "" };
      },
    };
    const verdict = await verifyBundle(shifty, demands, trust);
    expect([verdict.allowed, looks]).toEqual([true, 1]);
  });
});
