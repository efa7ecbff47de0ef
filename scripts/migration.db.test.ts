import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { drift } from "./migration.ts";

const SCHEMA = readFileSync(path.join(import.meta.dirname, "../prisma/schema.prisma"), "utf8");

function adminUrl(): string {
  const url = process.env["TEST_POSTGRES_ADMIN_URL"];
  if (!url) throw new Error("run this test in the project `db`");
  return url;
}

test("the migrations lead to the schema exactly", async () => {
  expect(await drift({ adminUrl: adminUrl() })).toBe("");
});

test("a schema that says more than the migrations is drift, and the gate says what is missing", async () => {
  const planted = SCHEMA.replace("  weight      Float  @default(1)", "  weight      Float  @default(1)\n  planted     String?");
  expect(planted).not.toBe(SCHEMA);
  expect(await drift({ adminUrl: adminUrl(), schema: planted })).toContain('ALTER TABLE "tenant_queues" ADD COLUMN     "planted" TEXT');
});
