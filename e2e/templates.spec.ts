import { expectAccessible } from "./support/accessibility.ts";
import {
  appendLine,
  codeArchive,
  compare,
  editorReady,
  expectLastLine,
  expectSaved,
  goToEnd,
  linesOf,
  manifest,
  newDraft,
  saveState,
  tryPane,
  tryState,
  type,
} from "./support/drafts.ts";
import { expect, forgive, signIn, test } from "./support/product.ts";

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
  await editorReady(page);
  await expectLastLine(page, "# kept by itself");
});

test("no character typed is lost, however fast one types and however slowly the saves are answered", async ({ page, context }) => {
  test.slow();
  await newDraft(page);
  await goToEnd(page);
  const slow = await context.newCDPSession(page);
  await slow.send("Emulation.setCPUThrottlingRate", { rate: 3 });
  let held = Promise.withResolvers<() => Promise<void>>();
  let holding = true;
  await page.route(/drafts\.save/, (route) => (holding ? held.resolve(() => route.continue()) : route.continue()));

  const typed: string[] = [];
  const typeLine = async (text: string) => {
    typed.push(text);
    await page.keyboard.type(`\n${text}`);
  };
  for (const save of [1, 2, 3]) {
    await typeLine(`# ${save} not sent yet, 0123456789`);
    const letGo = await held.promise;
    held = Promise.withResolvers();
    await typeLine(`# ${save} under way, 0123456789`);
    await letGo();
    await typeLine(`# ${save} being answered, 0123456789`);
  }
  holding = false;
  void held.promise.then((letGo) => letGo());
  await slow.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await expect.poll(() => linesOf(manifest(page))).toEqual(expect.arrayContaining(typed));

  await expectSaved(page);
  await page.reload();
  await editorReady(page);
  await goToEnd(page);
  await expect.poll(() => linesOf(manifest(page))).toEqual(expect.arrayContaining(typed));
});

test("two tabs on one draft do not overwrite each other silently", async ({ page, context, misdeeds }) => {
  const url = await newDraft(page);
  const other = await context.newPage();
  await other.goto(url);
  await editorReady(other);

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
  // What was left out can be had back.
  await page.keyboard.press("ControlOrMeta+Z");
  await expectLastLine(page, "# from the first tab");
  forgive(misdeeds, 409);
});

test("the editor completes and explains the manifest as its schema says", async ({ page }) => {
  await newDraft(page);
  await appendLine(page, "  capab");
  await page.keyboard.press("Control+Space");
  const offered = page.locator(".suggest-widget.visible .monaco-list-row").filter({ hasText: "capabilities" });
  await expect(offered).toBeVisible();
  await page.keyboard.press("Enter");
  await expectLastLine(page, "capabilities:");

  await page.keyboard.press("ControlOrMeta+Home");
  const driver = manifest(page).locator(".view-line").filter({ hasText: "driver: node" });
  await driver.getByText("driver", { exact: true }).hover();
  await expect(page.locator(".monaco-hover:not(.hidden)")).toContainText("What runs the template.");
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
  await expectAccessible(page);
  await manifest(page).locator(".monaco-editor").first().click();
  await page.keyboard.press("ControlOrMeta+Home");
  await problem.click();
  await expect(manifest(page).locator(".line-numbers.active-line-number")).toHaveText(place?.[1] ?? "?");
  await expect(tryPane(page).getByRole("button", { name: "Run", exact: true })).toHaveAttribute("aria-disabled", "true");
});

test("what changed since the published version stands under the editor and beside the text", async ({ page }) => {
  await newDraft(page);
  await expect(page.getByTestId("change-bar")).toContainText("Nothing changed yet");
  await appendLine(page, "# a comment only");
  await expect(page.getByTestId("change-bar")).toContainText("the digest is the same");
  await page.getByRole("tab", { name: "Compare" }).click();
  await expect(page.getByTestId("diff-count")).toHaveText(/^\+ [1-9]\d* − 0$/);
  // In sight without scrolling: what did not change is folded away.
  await expect(compare(page).getByText("# a comment only")).toBeInViewport();
  await expectAccessible(page);
});

test("code that is uploaded changes its digest only, whatever is typed meanwhile", async ({ page }) => {
  await newDraft(page);
  await page.getByRole("tab", { name: "Code" }).click();
  const sending = Promise.withResolvers<() => Promise<void>>();
  await page.route("**/api/archives", (route) => sending.resolve(() => route.continue()));
  await page.getByTestId("archive-file").setInputFiles(codeArchive({ "index.mjs": `export default () => ({ at: ${Date.now()} });\n` }));
  const letGo = await sending.promise;
  await page.getByRole("tab", { name: "manifest.yaml" }).click();
  await appendLine(page, "# typed during the upload");
  await letGo();
  await expect(page.getByText("Uploaded 1 file")).toBeVisible();
  await expectSaved(page);
  await page.getByRole("tab", { name: "Compare" }).click();
  await expect(page.getByTestId("diff-count")).toHaveText(/− 1$/);
  await expect(compare(page).getByText("# typed during the upload")).toBeVisible();
});

test("the keys for saving, trying and searching act in every editor and beside them", async ({ page }) => {
  await newDraft(page, "log-digest");
  // An editor that was made later than the manifest's, and does not know these keys.
  await page.getByRole("tab", { name: "Code" }).click();
  await page.getByRole("tabpanel", { name: "Code" }).locator(".monaco-editor").click();
  await page.keyboard.press("ControlOrMeta+K");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();

  await page.getByRole("tab", { name: "manifest.yaml" }).click();
  await goToEnd(page);
  const saved = page.waitForRequest(/drafts\.save/);
  await type(page, "\n# saved by hand");
  await page.keyboard.press("ControlOrMeta+S");
  await saved;
  await expectSaved(page);

  await page.getByTestId("input-file").setInputFiles({ name: "lines.json", mimeType: "application/json", buffer: Buffer.from(LINES) });
  await tryPane(page).locator(".monaco-editor").click();
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(tryState(page, "succeeded")).toBeVisible({ timeout: 60_000 });
});

const LINES = JSON.stringify({ lines: ["a 1", "a 2", "b"] });

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
  await editorReady(page);
  // Either the repeated save arrived, or the text is offered back: it is not gone.
  const offered = page.getByRole("button", { name: "Use it" });
  if (await offered.isVisible()) await offered.click();
  await expectSaved(page);
  await expectLastLine(page, "# typed while signed out");
  forgive(misdeeds, 401);
});

test("everything stands in French", async ({ page, context, baseURL }) => {
  await context.addCookies([{ name: "locale", value: "fr", url: baseURL ?? "" }]);
  await signIn(page, "acme-editor", "/templates");
  await expect(page.getByRole("heading", { name: "Modèles" })).toBeVisible();
  await page.getByRole("link", { name: "log-digest" }).click();
  await page.getByRole("button", { name: /^Commencer un brouillon/ }).click();
  await editorReady(page);
  await expect(saveState(page)).toContainText("Enregistré");
  await expect(page.getByTestId("change-bar")).toContainText("Rien n'a encore changé.");
});

test("the list, a template and its editor have no accessibility violations of level A or AA", async ({ page }) => {
  await signIn(page, "acme-editor", "/templates");
  await expect(page.getByRole("link", { name: "dependency-audit" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "dependency-audit" }).click();
  await expect(page.getByRole("button", { name: /^start a draft/i })).toBeVisible();
  await editorReady(page);
  await expectAccessible(page);
  await page.getByRole("button", { name: /^start a draft/i }).click();
  await page.waitForURL(/\/drafts\//);
  await editorReady(page);
  await expectAccessible(page);
  await page.getByRole("tab", { name: "Code" }).click();
  await expect(page.getByRole("navigation", { name: "Code" })).toBeVisible();
  await expectAccessible(page);
});
