import canonicalize from "canonicalize";
import { describe, expect, test } from "vitest";
import { isArtefact, isManifest } from "./artefact.ts";
import { publicationOf, publicationStatement, publicationSubject, readStatement, statementBytes } from "./statement.ts";
import { testDigest, testPublication } from "./test-signer.ts";

describe("the statement of a publication", () => {
  test("names one subject by tenant, template and version, and reads back from its bytes", () => {
    const statement = publicationStatement(testPublication(), testDigest("1.4.0"));
    expect(statement.subject).toEqual([
      { name: "finance/templates/invoice-triage@1.4.0", digest: { sha256: testDigest("1.4.0").slice("sha256:".length) } },
    ]);
    expect(publicationSubject({ tenantSlug: "finance", templateName: "invoice-triage", semver: "1.4.0" })).toBe(statement.subject[0]?.name);
    expect(readStatement(statementBytes(statement))).toEqual(statement);
    expect(publicationOf(statement)).toEqual(testPublication());
  });

  test("has the same bytes in whatever order it was put together", () => {
    const statement = publicationStatement(testPublication(), testDigest("1.4.0"));
    const turned = Object.fromEntries(Object.entries(statement).reverse()) as typeof statement;
    expect(statementBytes(turned)).toEqual(statementBytes(statement));
    expect(new TextDecoder().decode(statementBytes(statement))).toBe(canonicalize(statement));
  });

  test.each([
    ["a digest that is none", () => publicationStatement(testPublication(), "sha256:abc")],
    ["a time that is not UTC", () => publicationStatement(testPublication({ publishedAt: "2026-06-01T12:00:00+02:00" }), testDigest(""))],
    [
      "a policy that refused",
      () => publicationStatement(testPublication({ policy: { revision: "r", rules: [], allowed: false as true } }), testDigest("")),
    ],
    ["a field that nobody knows", () => publicationStatement({ ...testPublication(), more: 1 } as never, testDigest(""))],
    ["no version", () => publicationStatement(testPublication({ semver: "" }), testDigest(""))],
  ])("is not made with %s", (_, make) => {
    expect(make).toThrow();
  });

  test("is not read from another kind of statement", () => {
    const statement = { ...publicationStatement(testPublication(), testDigest("")), predicateType: "https://cyclonedx.org/bom" };
    expect(() => publicationOf(statement)).toThrow();
  });
});

describe("an artefact", () => {
  test("is what its digest says, byte for byte; a manifest is by its canonical JSON", () => {
    expect(isArtefact(Buffer.from("code"), testDigest("code"))).toBe(true);
    expect(isArtefact(Buffer.from("code "), testDigest("code"))).toBe(false);
    expect(isArtefact(Buffer.from("code"), testDigest("code").toUpperCase())).toBe(false);
    expect(isManifest({ b: 1, a: [2] }, testDigest(`{"a":[2],"b":1}`))).toBe(true);
    expect(isManifest({ b: 1, a: [3] }, testDigest(`{"a":[2],"b":1}`))).toBe(false);
    for (const data of [undefined, () => 1, Number.NaN, "\ud800"]) expect(isManifest(data, testDigest(""))).toBe(false);
  });
});
