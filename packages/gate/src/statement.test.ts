import canonicalize from "canonicalize";
import { describe, expect, test } from "vitest";
import { isArtefact, isManifest } from "./artefact.ts";
import {
  type PlanPublication,
  planPublicationStatement,
  planPublicationSubject,
  publicationOf,
  publicationStatement,
  publicationSubject,
  readStatement,
  statementBytes,
} from "./statement.ts";
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

describe("the statement of a rollout plan", () => {
  const publication: PlanPublication = {
    tenant: { id: "t", slug: "finance" },
    plan: "standard",
    revision: 3,
    parent: { revision: 2, digest: testDigest("2") },
    proposedBy: { id: "otto", name: "Otto Berg" },
    review: {
      id: "r",
      number: 7,
      revision: 1,
      policyRevision: "p",
      contributors: ["otto"],
      approvals: [{ by: { id: "rui", name: "Rui Costa" }, at: "2026-06-01T12:00:00.000Z" }],
    },
    publishedAt: "2026-06-01T12:00:01.000Z",
  };

  test("names one subject by tenant, plan and revision, and reads back from its bytes", () => {
    const statement = planPublicationStatement(publication, testDigest("3"));
    expect(statement.subject).toEqual([{ name: "finance/plans/standard@3", digest: { sha256: testDigest("3").slice("sha256:".length) } }]);
    expect(planPublicationSubject({ tenantSlug: "finance", planName: "standard", revision: 3 })).toBe(statement.subject[0]?.name);
    expect(readStatement(statementBytes(statement))).toEqual(statement);
    // A plan is no version, whatever it is called.
    expect(() => publicationOf(statement)).toThrow();
  });

  test.each([
    ["another subject", { subject: [{ name: "finance/plans/standard@2", digest: { sha256: testDigest("3").slice("sha256:".length) } }] }],
    ["a field that nobody knows", { predicate: { ...publication, more: 1 } }],
    ["no review", { predicate: { ...publication, review: null } }],
    ["no revision", { predicate: { ...publication, revision: 0 } }],
  ])("is not read with %s", (_, over) => {
    const statement = { ...planPublicationStatement(publication, testDigest("3")), ...over };
    expect(() => readStatement(Buffer.from(canonicalize(statement) ?? ""))).toThrow();
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
