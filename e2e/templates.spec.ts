import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { expect, signIn, test } from "./support/product.ts";

/** Opens a new draft of a template, so that every test owns what it changes. */
async function newDraft(page: Page, template = "dependency-audit"): Promise<string> {
  await signIn(page, "acme-editor", `/templates/${template}`);
  await page.getByRole("button", { name: /^start a draft/i }).click();
  await page.waitForURL(/\/drafts\/[0-9a-f-]{36}/);
  await ready(page);
  return page.url();
}

async function ready(page: Page): Promise<void> {
  await expect(page.locator('[data-code-editor="ready"]').first()).toBeVisible({ timeout: 30_000 });
}

const manifest = (page: Page): Locator => page.getByRole("tabpanel", { name: "manifest.yaml" });
const saveState = (page: Page): Locator => page.getByTestId("save-state");

/** Types a new last line into the manifest. */
async function appendLine(page: Page, text: string): Promise<void> {
  await manifest(page).locator(".monaco-editor").first().click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.press("Enter");
  await page.keyboard.type(text);
}

async function expectSaved(page: Page): Promise<void> {
  await expect(saveState(page)).toHaveAttribute("data-phase", "clean");
  await expect(saveState(page)).toContainText("Saved");
}

/** The last line is out of sight until one goes there. */
async function expectLastLine(page: Page, text: string): Promise<void> {
  await manifest(page).locator(".monaco-editor").first().click();
  await page.keyboard.press("ControlOrMeta+End");
  await expect(manifest(page).locator(".view-lines")).toContainText(text);
}

test("the list finds templates by what is typed, keeps it in the address, and says what to do when nothing matches", async ({ page }) => {
  await signIn(page, "acme-editor", "/templates");
  await page.getByRole("searchbox").fill("drain");
  await expect(page).toHaveURL(/q=drain/);
  await expect(page.getByRole("link", { name: "log-digest" })).toBeVisible();
  await expect(page.getByRole("link", { name: "dependency-audit" })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("searchbox")).toHaveValue("drain");
  await page.getByRole("searchbox").fill("nothing is called so");
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await expect(page.getByRole("link", { name: "dependency-audit" })).toBeVisible();
});

test("a draft saves by itself, says so, and what was typed is there after a reload", async ({ page }) => {
  await newDraft(page);
  await appendLine(page, "# kept by itself");
  await expectSaved(page);
  await page.reload();
  await ready(page);
  await expectLastLine(page, "# kept by itself");
});

test("two tabs on one draft do not overwrite each other silently", async ({ page, context }) => {
  const url = await newDraft(page);
  const other = await context.newPage();
  await other.goto(url);
  await ready(other);

  await appendLine(page, "# from the first tab");
  await expectSaved(page);
  // Told live, before anything is typed here.
  await expect(other.getByText(/in another tab, saved this draft/)).toBeVisible();

  await appendLine(other, "# from the second tab");
  const choice = other.getByRole("alert").filter({ hasText: "Nothing was overwritten" });
  await expect(choice).toBeVisible();
  await choice.getByRole("button", { name: "Show the difference" }).click();
  await expect(choice.getByText("# from the first tab")).toBeVisible();
  await choice.getByRole("button", { name: "Keep mine on top" }).click();
  await expectSaved(other);
  await expect(page.getByText(/in another tab, saved this draft/)).toBeVisible();
  await page.getByRole("button", { name: "Load it" }).click();
  await expectLastLine(page, "# from the second tab");
});

test("an error in the manifest stands at its line, and leads there", async ({ page }) => {
  await newDraft(page);
  await appendLine(page, "surplus: 1");
  const verdict = page.getByRole("button", { name: "1 error" });
  await expect(verdict).toBeVisible();
  if ((await verdict.getAttribute("aria-expanded")) === "false") await verdict.click();
  const problem = page.getByTestId("problems").getByRole("button").first();
  const place = /line (\d+), column (\d+)/.exec((await problem.textContent()) ?? "");
  expect(place?.[2]).toBe("1");
  await expect(manifest(page).locator(".squiggly-error").first()).toBeVisible();
  await page.keyboard.press("ControlOrMeta+Home");
  await problem.click();
  await expect(manifest(page).locator(".line-numbers.active-line-number")).toHaveText(place?.[1] ?? "?");
});

test("what changed since the published version stands under the editor and beside the text", async ({ page }) => {
  await newDraft(page);
  await expect(page.getByTestId("change-bar")).toContainText("Nothing changed yet");
  await appendLine(page, "# a comment only");
  await expect(page.getByTestId("change-bar")).toContainText("the digest is the same");
  await page.getByRole("tab", { name: "Compare" }).click();
  await expect(page.getByTestId("diff-count")).toContainText("+ ");
  await expect(page.getByText("# a comment only")).toBeVisible();
});

test("a session that expires in mid-edit loses nothing typed", async ({ page, context, misdeeds }) => {
  await newDraft(page);
  const cookies = await context.cookies();
  await context.clearCookies({ name: /session-token/ });
  await appendLine(page, "# typed while signed out");
  await expect(saveState(page)).toHaveAttribute("data-phase", "failed");
  await expect(saveState(page)).toContainText("signed out");
  await context.addCookies(cookies);
  await page.getByRole("button", { name: "Save again" }).click({ force: true });
  await page.reload();
  await ready(page);
  // Either the repeated save arrived, or the text is offered back: it is not gone.
  const offered = page.getByRole("button", { name: "Use it" });
  if (await offered.isVisible()) await offered.click();
  await expectSaved(page);
  await expectLastLine(page, "# typed while signed out");
  misdeeds.consoleErrors.splice(0, misdeeds.consoleErrors.length, ...misdeeds.consoleErrors.filter((error) => !error.includes("401")));
});

test("everything stands in French", async ({ page, context, baseURL }) => {
  await context.addCookies([{ name: "locale", value: "fr", url: baseURL ?? "" }]);
  await signIn(page, "acme-editor", "/templates");
  await expect(page.getByRole("heading", { name: "Modèles" })).toBeVisible();
  await page.getByRole("link", { name: "log-digest" }).click();
  await page.getByRole("button", { name: /^Commencer un brouillon/ }).click();
  await ready(page);
  await expect(saveState(page)).toContainText("Enregistré");
  await expect(page.getByTestId("change-bar")).toContainText("Rien n'a encore changé.");
});

test("the list, a template and its editor have no accessibility violations of level A or AA", async ({ page }) => {
  await signIn(page, "acme-editor", "/templates");
  const check = async () => {
    const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  };
  await expect(page.getByRole("link", { name: "dependency-audit" })).toBeVisible();
  await check();
  await page.getByRole("link", { name: "dependency-audit" }).click();
  await expect(page.getByRole("button", { name: /^start a draft/i })).toBeVisible();
  await ready(page);
  await check();
  await page.getByRole("button", { name: /^start a draft/i }).click();
  await page.waitForURL(/\/drafts\//);
  await ready(page);
  await check();
});
