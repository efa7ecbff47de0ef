import { readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "@playwright/test";
import { editorReady, expectSaved, goToEnd, newDraft } from "./support/drafts.ts";
import { expect, signIn, test } from "./support/product.ts";

/**
 * The main job, as people live it. First part: an editor finds a template, changes it with the editor's help, and sees the draft
 * run in a sandbox on real input. Second part: another person's eyes make it a version, with a signature and a public trace, and the
 * host checks all of it before it runs.
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

test("what two people approved is published, signed, and run by a host that checked it", async ({ page, browser }) => {
  test.setTimeout(300_000);
  const reviewer = await (await browser.newContext()).newPage();
  const admin = await (await browser.newContext()).newPage();
  const title = "Let it read the advisory feed's key";

  // 5. The editor widens what the template may touch and asks for review; whoever wrote it cannot approve it.
  const draft = await newDraft(page, "dependency-audit");
  await insertLine(page, "  secrets: [{ name: FEED_KEY, from: vault:kv/platform/feed#key }]");
  await expectSaved(page);
  await page.getByRole("button", { name: "Ask for review", exact: true }).click();
  await page
    .getByRole("dialog")
    .getByRole("textbox", { name: /^What it does/ })
    .fill(title);
  await page.getByRole("dialog").getByRole("button", { name: "Ask for review" }).click();
  await expect(page).toHaveURL(/\/reviews\/\d+$/);
  const review = new URL(page.url()).pathname;
  await expect(page.getByRole("button", { name: "Approve revision 1" })).toHaveAttribute("aria-disabled", "true");

  // The reviewer finds it in the inbox and in the queue, reads what the change means, remarks on it and approves.
  await signIn(reviewer, "acme-reviewer", "/inbox");
  await expect(reviewer.getByRole("listitem").filter({ hasText: title }).first()).toBeVisible();
  await reviewer.goto("/reviews");
  await reviewer.getByRole("link", { name: title }).first().click();
  await expect(reviewer).toHaveURL(new RegExp(`${review}$`));
  await expect(reviewer.getByTestId("stage")).toContainText("Waits for 2 more approvals");
  await expect(reviewer.getByText("This is at least a minor version: 1.1.0.")).toBeVisible();
  await reviewer.getByRole("textbox", { name: "Say something about the whole change" }).fill("May it keep two sandboxes warm at most?");
  await reviewer.getByRole("button", { name: "Comment", exact: true }).last().click();
  await expect(page.getByText("May it keep two sandboxes warm at most?").first()).toBeVisible();
  await approve(reviewer, "Approve revision 1");
  await expect(reviewer.getByTestId("stage")).toContainText("Waits for 1 more approval");

  // The editor follows the remark: the approval was for other bytes and is gone; the reviewer sees what changed since.
  await page.goto(draft);
  await editorReady(page);
  await insertLine(page, "  warm: { min: 1, max: 2 }");
  await expectSaved(page);
  await expect(reviewer.getByText("Changed since your approval of revision 1").first()).toBeVisible();
  await expect(reviewer.getByTestId("stage")).toContainText("Waits for 2 more approvals");
  await reviewer.getByRole("button", { name: "Show what changed", exact: true }).click();
  await expect(reviewer.getByText("warm: { min: 1, max: 2 }").first()).toBeVisible();
  await approve(reviewer, "Approve the delta");

  // 6. A second person's approval completes it: published as the version the change demands, signed, in the log.
  await signIn(admin, "acme-admin", review);
  await approve(admin, "Approve revision 2");
  await expect(admin.getByTestId("stage")).toHaveAttribute("data-stage", "published", { timeout: 30_000 });
  await expect(admin.getByTestId("stage")).toContainText("Published as 1.1.0.");
  await admin.getByRole("link", { name: "Proof" }).click();
  await expect(admin).toHaveURL(/\/templates\/dependency-audit\/versions\/1\.1\.0$/);
  await expect(admin.getByText("dependency-audit 1.1.0 may run.")).toBeVisible({ timeout: 30_000 });

  // 7. A run of the version: the host verifies it by the same gate, and only then runs it.
  await page.goto("/templates/dependency-audit");
  await page.getByRole("button", { name: "Run 1.1.0" }).first().click();
  await page.getByRole("dialog").locator('input[type="file"]').setInputFiles(LOCKFILE);
  await page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }).click();
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}$/);
  await expect(page.getByText("succeeded").first()).toBeVisible({ timeout: 60_000 });
});

/** A new last line, as pasted: the editor's own indentation stays out of it, and the text ends with a line break as before. */
async function insertLine(page: Page, text: string): Promise<void> {
  await goToEnd(page);
  await page.keyboard.insertText(text);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+Home");
  await page.keyboard.press("Delete");
}

/** Presses the button and confirms what the dialog says. */
async function approve(page: Page, button: string): Promise<void> {
  await page.getByRole("button", { name: button, exact: true }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Approve/ })
    .click();
  await expect(page.getByRole("dialog")).toBeHidden();
}
