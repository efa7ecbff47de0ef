import type { Page } from "@playwright/test";
import { expectAccessible } from "./support/accessibility.ts";
import { expect, forgive, signIn, test } from "./support/product.ts";
import { mutate, publish, query } from "./support/publication.ts";

/** What a budget is at least. A run of some milliseconds costs a fraction of it; some tens of them use it up. */
const BUDGET_MIN = "0.000001";
const RUNS = 40;

const budgetOf = (page: Page, name: string) => page.getByTestId("budget").filter({ hasText: name });

test("a budget that is used up refuses new runs with the reason, until it is raised", async ({ page, browser, misdeeds }) => {
  const name = `spent-${Date.now()}`;
  await publish(page, browser, name);
  const submit = () => mutate<{ runId: string }>(page, "runs.submit", { templateName: name, range: "1.0.0", input: '{"lines":["a 1"]}' });
  await Promise.all(Array.from({ length: RUNS }, submit));
  const ended = async () => (await query<{ items: unknown[] }>(page, "runs.list", { templateName: name, state: "succeeded" })).items.length;
  await expect.poll(ended, { message: "runs that ended", timeout: 120_000 }).toBe(RUNS);

  // The manager bounds it: what was spent before counts, so it warns and stops at once.
  const manager = await (await browser.newContext()).newPage();
  await signIn(manager, "acme-manager", "/costs");
  await manager.getByRole("button", { name: "Set a budget" }).click();
  const dialog = manager.getByRole("dialog", { name: "Set a budget" });
  await dialog.getByRole("combobox", { name: "For" }).click();
  await manager.getByRole("option", { name, exact: true }).click();
  await dialog.getByRole("button", { name: "Save the budget" }).click();
  await expect(dialog).toContainText("Give an amount above zero, with up to six decimals.");
  await dialog.getByRole("textbox", { name: /^Amount/ }).fill(BUDGET_MIN);
  await dialog.getByRole("checkbox", { name: /^Refuse new runs/ }).click();
  await expectAccessible(manager);
  await dialog.getByRole("button", { name: "Save the budget" }).click();
  await expect(budgetOf(manager, name)).toContainText("held", { timeout: 60_000 });
  await expect(manager.getByText(`New runs of ${name} are refused`)).toBeVisible();
  await expectAccessible(manager);

  // Whoever submits is told why; what is refused leaves nothing behind.
  await page.goto(`/templates/${name}`);
  await page.getByRole("button", { name: "Run 1.0.0" }).first().click();
  await page
    .getByRole("dialog")
    .locator('input[type="file"]')
    .setInputFiles({
      name: "input.json",
      mimeType: "application/json",
      buffer: Buffer.from('{"lines":["a 1"]}'),
    });
  await page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("dialog")).toContainText(/budget/i);
  forgive(misdeeds, 429);
  forgive(misdeeds, 409);

  // Raised, it lets runs in again.
  await manager.getByRole("button", { name: `Change the budget of ${name}` }).click();
  const changing = manager.getByRole("dialog", { name: `Budget of ${name}` });
  await changing.getByRole("textbox", { name: /^Amount/ }).fill("5");
  await changing.getByRole("button", { name: "Save the budget" }).click();
  await expect(budgetOf(manager, name)).toContainText("within", { timeout: 60_000 });
  await expect(manager.getByText(`New runs of ${name} are refused`)).toBeHidden();
  await submit();

  await manager.getByRole("button", { name: `Remove the budget of ${name}` }).click();
  await manager.getByRole("alertdialog").or(manager.getByRole("dialog")).getByRole("button", { name: "Remove the budget" }).click();
  await expect(budgetOf(manager, name)).toHaveCount(0);
});

test("costs stand in the address, as a table, as a file and in French; whoever may not see them is told who can", async ({
  page,
  browser,
}) => {
  await signIn(page, "acme-manager", "/costs?by=version&basis=used");
  await expect(page.getByRole("combobox", { name: "Group by" })).toContainText("By version");
  await expect(page.getByText("Used: the CPU time a run took")).toBeVisible();
  await page.getByRole("button", { name: "View as table" }).click();
  await expect(page.getByRole("button", { name: "View as chart" })).toBeVisible();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export CSV" }).click()]);
  expect(file.suggestedFilename()).toMatch(/\.csv$/);

  await page.context().addCookies([{ name: "locale", value: "fr", url: new URL(page.url()).origin }]);
  for (const path of ["/costs", "/slos"]) {
    await page.goto(path);
    await expect(page.getByRole("main").getByText("Chargement")).toHaveCount(0);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(path === "/costs" ? "Coûts" : /SLO/);
    await expectAccessible(page);
  }

  const editor = await (await browser.newContext()).newPage();
  await signIn(editor, "acme-editor", "/costs");
  await expect(editor.getByRole("main")).toContainText(/Managers|managers|administrators/);
});
