import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { expect, signIn, test } from "./support/product.ts";

/** What a page without an editor or a chart may bring before it stands, compressed. */
const FIRST_LOAD_BYTES_MAX = 250_000;
/** The framework alone is more than this: a page of which less is found was not read right. */
const FRAMEWORK_BYTES_MIN = 100_000;

const PAGES = [
  "/",
  "/inbox",
  "/templates",
  "/templates/dependency-audit",
  "/templates/dependency-audit/versions/1.0.0",
  "/reviews",
  "/reviews/1",
  "/rollouts",
  "/rollouts/1",
  "/rollouts/plans",
  "/rollouts/plans/standard",
  "/runs",
  "/fleet",
  "/audit",
  "/members",
  "/trust",
  "/trust/log",
  "/trust/log/0",
  "/no-such-page",
];

const sizes = new Map<string, number>();

/** Compressed bytes of every script that the page's document names, in its tags or in what hydrates it. */
async function firstLoadBytes(page: Page, path: string): Promise<number> {
  const html = await (await page.request.get(path)).text();
  // Only browsers without modules load these.
  const legacy = new Set(Array.from(html.matchAll(/<script[^>]*\snomodule[^>]*>/gi), ([tag]) => /static\/chunks\/[^"?]+/.exec(tag)?.[0]));
  const named = new Set(Array.from(html.matchAll(/static\/chunks\/[\w./~-]+?\.js/g), ([file]) => file));
  let total = 0;
  for (const file of named) {
    if (legacy.has(file)) continue;
    if (!sizes.has(file)) sizes.set(file, gzipSync(await (await page.request.get(`/_next/${file}`)).body()).length);
    total += sizes.get(file) ?? 0;
  }
  return total;
}

test("a page without an editor or a chart brings less than 250 kB of scripts", async ({ page }) => {
  await signIn(page, "acme-admin");
  for (const path of PAGES) {
    const bytes = await firstLoadBytes(page, path);
    expect.soft(bytes, `${path}: scripts that were found`).toBeGreaterThan(FRAMEWORK_BYTES_MIN);
    expect.soft(bytes, `${path}: bytes of scripts`).toBeLessThan(FIRST_LOAD_BYTES_MAX);
  }
});
