import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { expect, signIn, test } from "./support/product.ts";

const LOCKFILE = path.resolve(import.meta.dirname, "../package-lock.json");

async function newDraft(page: Page, template: string): Promise<Locator> {
  await signIn(page, "acme-editor", `/templates/${template}`);
  await page.getByRole("button", { name: /^start a draft/i }).click();
  await page.waitForURL(/\/drafts\/[0-9a-f-]{36}/);
  await expect(page.locator('[data-code-editor="ready"]').first()).toBeVisible({ timeout: 30_000 });
  return page.getByTestId("try-pane");
}

const state = (page: Page, name: string): Locator => page.locator(`[data-testid="try-state"][data-state="${name}"]`);

async function typeInput(page: Page, pane: Locator, text: string): Promise<void> {
  await pane.locator(".monaco-editor").click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}

test("a try on the project's own lockfile streams its log and output, and is found again after leaving the page", async ({ page }) => {
  const pane = await newDraft(page, "dependency-audit");
  await pane.getByTestId("input-file").setInputFiles(LOCKFILE);
  await expect(pane.getByTestId("input-chip")).toContainText("package-lock.json");
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(state(page, "succeeded")).toBeVisible({ timeout: 60_000 });
  await expect(pane.getByRole("region", { name: "Output" })).toContainText("lockfileVersion");
  await expect(pane.getByTestId("run-usage")).toContainText("CPU time");
  await expect(pane.getByTestId("run-log")).not.toContainText("Nothing printed");

  await expect(page).toHaveURL(/run=/);
  await page.reload();
  await expect(state(page, "succeeded")).toBeVisible();
  await expect(pane.getByRole("region", { name: "Output" })).toContainText("lockfileVersion");

  await pane.getByRole("link", { name: "Open the run" }).click();
  await expect(page.getByTestId("run-events")).toContainText("Given to a host");
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
});

test("an input that is not JSON, or does not fit the template, says where and is not sent", async ({ page, misdeeds }) => {
  const pane = await newDraft(page, "dependency-audit");
  await typeInput(page, pane, '{"a": tru');
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(pane.getByRole("alert")).toContainText("not JSON: line 1");
  await typeInput(page, pane, '{"lockfileVersion": 9}');
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(pane.getByTestId("input-issues")).toContainText("/lockfileVersion");
  misdeeds.consoleErrors.length = 0;
});

test("the list of runs filters by state and leads to each run", async ({ page }) => {
  const pane = await newDraft(page, "log-digest");
  await pane
    .getByTestId("input-file")
    .setInputFiles({ name: "odd.json", mimeType: "application/json", buffer: Buffer.from('{"lines":["a 1","a 2"]}') });
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(state(page, "succeeded").or(state(page, "failed")).or(pane.getByRole("alert"))).toBeVisible({ timeout: 60_000 });
  await page.goto("/runs?kind=try");
  await expect(page.getByRole("table")).toBeVisible();
  await page.goto("/runs?state=dead");
  await expect(page.getByRole("heading", { name: "No run matches" })).toBeVisible();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await page.getByRole("table").getByRole("link").first().click();
  await expect(page.getByTestId("run-events")).toBeVisible();
});
