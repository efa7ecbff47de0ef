import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, signIn, test } from "./support/product.ts";

/**
 * The main job, as people live it. First part: an editor finds a template, changes it with the editor's help, and sees the draft
 * run in a sandbox on real input.
 */
const LOCKFILE = path.resolve(import.meta.dirname, "../package-lock.json");

test("an editor changes dependency-audit and sees the draft run on this project's own lockfile", async ({ page }) => {
  await signIn(page, "acme-editor", "/templates");

  // 1. The demo tenant holds two real templates.
  await expect(page.getByRole("link", { name: "dependency-audit" })).toBeVisible();
  await expect(page.getByRole("link", { name: "log-digest" })).toBeVisible();

  // 2. A draft, opened in Monaco; it saves by itself and says so.
  await page.getByRole("link", { name: "dependency-audit" }).click();
  await page
    .getByRole("button", { name: /start a draft/i })
    .first()
    .click();
  await expect(page).toHaveURL(/\/templates\/dependency-audit\/drafts\//);
  const editor = page.locator(".monaco-editor").first();
  await expect(editor).toBeVisible();
  await editor.click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.type("\n# told by the story");
  await expect(page.getByText(/^Saved /).first()).toBeVisible();

  // 3. Tried with a real lockfile: through the ledger, the gateway and the host into a sandbox.
  const pane = page.getByTestId("try-pane");
  await pane.locator('input[type="file"]').setInputFiles(LOCKFILE);
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(pane.getByText("succeeded")).toBeVisible({ timeout: 60_000 });
  const packages = Object.keys((JSON.parse(readFileSync(LOCKFILE, "utf8")) as { packages: object }).packages).length;
  expect(packages).toBeGreaterThan(100);
  await expect(pane.getByText(/on local/i).first()).toBeVisible();
  await expect(pane.getByRole("region", { name: "Output" })).toContainText(/packages/i);

  // 4. What changed stands one click away.
  await page.getByRole("tab", { name: "Compare" }).click();
  const compare = page.getByRole("tabpanel", { name: "Compare" });
  await expect(compare.getByText("told by the story")).toBeVisible();
  await expect(compare).toContainText("the digest is the same");
});
