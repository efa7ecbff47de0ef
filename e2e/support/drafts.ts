import { packArchive } from "../../apps/bff/src/domain/templates/archive.ts";
import { expect, type Locator, type Page, signIn } from "./product.ts";

/** Opens a new draft of a template, so that every test owns what it changes. Returns its address. */
export async function newDraft(page: Page, template = "dependency-audit"): Promise<string> {
  await signIn(page, "acme-editor", `/templates/${template}`);
  await page.getByRole("button", { name: /^start a draft/i }).click();
  await page.waitForURL(/\/drafts\/[0-9a-f-]{36}/);
  await editorReady(page);
  return page.url();
}

export async function editorReady(page: Page): Promise<void> {
  await expect(page.locator('[data-code-editor="ready"]').first()).toBeVisible({ timeout: 30_000 });
}

export const manifest = (page: Page): Locator => page.getByRole("tabpanel", { name: "manifest.yaml" });
export const compare = (page: Page): Locator => page.getByRole("tabpanel", { name: "Compare" });
export const saveState = (page: Page): Locator => page.getByTestId("save-state");
export const tryPane = (page: Page): Locator => page.getByTestId("try-pane");
export const tryState = (page: Page, name: string): Locator => page.locator(`[data-testid="try-state"][data-state="${name}"]`);

/** The caret behind the last character of the manifest. */
export async function goToEnd(page: Page): Promise<void> {
  await manifest(page).locator(".monaco-editor").first().click();
  await page.keyboard.press("ControlOrMeta+End");
}

/** Types a new last line into the manifest. */
export async function appendLine(page: Page, text: string): Promise<void> {
  await goToEnd(page);
  await page.keyboard.press("Enter");
  await type(page, text);
}

/** Types as fast as keys can be sent; returns when the page has drawn itself with them: what it says after that counts them in. */
export async function type(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text);
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}

export async function expectSaved(page: Page): Promise<void> {
  await expect(saveState(page)).toHaveAttribute("data-phase", "clean");
  await expect(saveState(page)).toContainText("Saved");
}

/** The lines on the screen, as written. */
export async function linesOf(editor: Locator): Promise<string[]> {
  const lines = await editor.locator(".view-line").allInnerTexts();
  return lines.map((line) => line.replaceAll("\u00a0", " "));
}

/** The last line is out of sight until one goes there. */
export async function expectLastLine(page: Page, text: string): Promise<void> {
  await goToEnd(page);
  await expect(manifest(page).locator(".view-lines")).toContainText(text);
}

/** Types an input for *Try it*, in place of what stands there. */
export async function typeInput(page: Page, text: string): Promise<void> {
  await tryPane(page).locator(".monaco-editor").click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Delete");
  await type(page, text);
}

/** A file as the page's file fields take it. */
export function codeArchive(files: Readonly<Record<string, string>>) {
  const packed = packArchive(Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) })));
  return { name: "code.tar.gz", mimeType: "application/gzip", buffer: packed };
}

/** Gives the draft other code, by the page's own upload. */
export async function uploadCode(page: Page, files: Readonly<Record<string, string>>): Promise<void> {
  await page.getByRole("tab", { name: "Code" }).click();
  await page.getByTestId("archive-file").setInputFiles(codeArchive(files));
  await expect(page.getByRole("navigation", { name: "Code" }).getByRole("button")).toHaveCount(Object.keys(files).length);
}
