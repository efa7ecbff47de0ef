import type { Browser, Locator, Page } from "@playwright/test";
import { expectAccessible } from "./support/accessibility.ts";
import { expect, type Person, signIn, test } from "./support/product.ts";
import { mutate, publish, query } from "./support/publication.ts";

/** A second person, in a browser of their own. */
async function another(browser: Browser, person: Person, path: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await signIn(page, person, path);
  return page;
}

type Draft = { readonly id: string; readonly revision: number; readonly source: string };

/** A draft of the example with a template's name in it, changed and sent for review by the editor, who is signed in on `page`. */
async function ask(page: Page, name: string, title: string, change: (source: string) => string) {
  const { draftId } = await mutate<{ draftId: string }>(page, "drafts.create", { templateName: name });
  const expectedRevision = await save(page, draftId, change);
  const review = await mutate<{ reviewId: string; number: number }>(page, "reviews.request", { draftId, expectedRevision, title });
  return { ...review, draftId };
}

async function save(page: Page, draftId: string, change: (source: string) => string): Promise<number> {
  const { revision, source } = await query<Draft>(page, "drafts.get", { draftId });
  const stored = await mutate<{ revision: number }>(page, "drafts.save", { draftId, expectedRevision: revision, source: change(source) });
  return stored.revision;
}

const stage = (page: Page): Locator => page.getByTestId("stage");
const approve = (page: Page): Locator =>
  page
    .getByRole("banner")
    .or(page.locator("main header"))
    .getByRole("button", { name: /^Approve/ });
const line = (page: Page, text: string): Locator => page.getByRole("grid").getByRole("row").filter({ hasText: text });
const widened = (source: string) => source.replace("egress: []", "egress: [api.example.net]");
const warmer = (source: string) => source.replace(/\n*$/, "\n  warm: { min: 1, max: 4 }\n");

test("an edit is asked about, remarked on, approved, edited again, approved once more for what changed, and published", async ({
  page,
  browser,
}) => {
  test.setTimeout(420_000);
  const name = `reviewed-${Date.now()}`;
  await publish(page, browser, name);

  // The editor changes the draft and asks; nothing can be asked before something changed.
  await page.goto(`/templates/${name}`);
  await page.getByRole("button", { name: /^start a draft/i }).click();
  await page.waitForURL(/\/drafts\/[0-9a-f-]{36}/);
  const editor = page.getByRole("tabpanel", { name: "manifest.yaml" }).locator(".monaco-editor").first();
  await expect(page.locator('[data-code-editor="ready"]').first()).toBeVisible({ timeout: 30_000 });
  const request = page.getByRole("button", { name: "Ask for review" });
  await request.hover();
  await expect(page.getByRole("tooltip")).toContainText("Nothing changed since 1.0.0.");
  await editor.click();
  await page.keyboard.press("ControlOrMeta+End");
  // The last line, from its first letter on.
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("Shift+Home");
  await page.keyboard.insertText("sandbox: { network: { egress: [api.example.net] }, filesystem: read-only, syscalls: default }");
  await expect(page.getByTestId("change-bar")).toContainText("Permission");
  await request.click();
  const asking = page.getByRole("dialog", { name: `Ask for a review of ${name}` });
  await expect(asking.getByRole("textbox", { name: "What it does" })).toHaveValue(/egress gains "api.example.net"/);
  await expectAccessible(page);
  await asking.getByRole("textbox", { name: "Why" }).fill("Currency rates come from there.");
  await asking.getByRole("button", { name: "Ask for review" }).click();
  await page.waitForURL(/\/reviews\/\d+$/);
  const address = page.url();

  // Their own change is not theirs to approve, and the button says whose it is.
  await expect(stage(page)).toContainText("Waits for 2 more approvals by a reviewer or an administrator.");
  await expect(approve(page)).toHaveAttribute("aria-disabled", "true");
  await approve(page).hover();
  await expect(page.getByRole("tooltip")).toContainText("You wrote part of it, so somebody else must decide.");
  await expect(page.getByRole("tooltip")).toContainText("Rui Costa");
  await expectAccessible(page);

  // The reviewer finds it waiting, remarks on a line by keyboard, and approves.
  const reviewer = await another(browser, "acme-reviewer", "/reviews");
  await reviewer.getByRole("row").filter({ hasText: name }).getByRole("link").click();
  await expect(line(reviewer, "api.example.net")).toHaveAttribute("data-change", "added");
  await reviewer.keyboard.press("n");
  await expect(reviewer.getByRole("grid").getByRole("row").and(reviewer.locator(":focus"))).toHaveAttribute("data-change", "removed");
  await reviewer.keyboard.press("c");
  await reviewer.keyboard.insertText("Which calls need this?");
  await reviewer.keyboard.press("ControlOrMeta+Enter");
  const thread = reviewer.getByRole("grid").getByTestId("thread");
  await expect(thread).toContainText("Which calls need this?");
  await expect(thread).toContainText("Rui Costa on spec.sandbox");
  await reviewer.keyboard.press("a");
  const approving = reviewer.getByRole("dialog", { name: /^Approve revision 1/ });
  await expect(approving).toContainText("After yours, 1 more approval is needed.");
  await expect(approving).toContainText("1 remark is not resolved.");
  await expectAccessible(reviewer);
  await approving.getByRole("button", { name: "Approve revision 1" }).click();
  await expect(stage(reviewer)).toContainText("Waits for 1 more approval");

  // The editor sees both without a reload, edits again, and the approval is gone.
  await expect(page.getByTestId("approvals")).toContainText("Rui Costa approved revision 1");
  await expect(page.getByRole("grid").getByTestId("thread")).toContainText("Which calls need this?");
  await page.getByRole("link", { name: "Open the draft" }).click();
  await expect(page.locator('[data-code-editor="ready"]').first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("link", { name: /^Review #\d+ · open$/ })).toHaveAttribute("href", new URL(address).pathname);
  await editor.click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.press("Enter");
  await page.keyboard.insertText("warm: { min: 1, max: 4 }");
  await expect(reviewer.getByRole("alert").filter({ hasText: "changed it: it is revision 2 now" })).toBeVisible();
  await expect(approve(reviewer)).toHaveAttribute("aria-disabled", "true");
  await expect(reviewer.getByTestId("approvals")).toContainText("approved revision 1, which no longer counts: the manifest changed since.");

  // The reviewer comes back, sees what changed since, and approves that.
  await reviewer.reload();
  await reviewer.getByRole("button", { name: "Changed since your approval of revision 1" }).click();
  await expect(reviewer).toHaveURL(/since=1/);
  await expect(reviewer.getByTestId("diff-count")).toContainText("+ 1 − 0");
  await expect(line(reviewer, "warm: { min: 1, max: 4 }")).toHaveAttribute("data-change", "added");
  await expect(line(reviewer, "egress: [api.example.net]")).toHaveAttribute("data-change", "same");
  await expect(reviewer.getByTestId("changes").getByRole("listitem").filter({ hasText: "Permission" })).toHaveCount(0);
  await expectAccessible(reviewer);
  await approve(reviewer).click();
  await reviewer.getByRole("dialog").getByRole("button", { name: "Approve revision 2" }).click();
  await expect(stage(reviewer)).toContainText("Waits for 1 more approval");

  // With the second person it is published; the author sees it happen.
  await page.goto(address);
  const admin = await another(browser, "acme-admin", new URL(address).pathname);
  await approve(admin).click();
  await admin.getByRole("dialog").getByRole("button", { name: "Approve and publish 1.1.0" }).click();
  await expect(stage(page)).toContainText("Published as 1.1.0.", { timeout: 30_000 });
  await expect(approve(page)).toHaveCount(0);
  await expectAccessible(page);
  await expect(stage(page).getByRole("link", { name: "Proof" })).toHaveAttribute("href", `/templates/${name}/versions/1.1.0`);
  await stage(page).getByRole("link", { name: "Proof" }).click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "allowed", { timeout: 30_000 });
  await expect(page.getByRole("region", { name: "Who let it through" })).toContainText("Ada Novak");
  for (const other of [reviewer, admin]) await other.context().close();
});

test("the queue shows what waits for whom, keeps the choice in its address, and is walked through by keys", async ({ page, browser }) => {
  test.setTimeout(180_000);
  const name = `queued-${Date.now()}`;
  await publish(page, browser, name);
  const first = await ask(page, name, "The first of two", widened);
  const second = await ask(page, name, "The second of two", warmer);

  await page.goto("/reviews");
  await expect(page.getByRole("tab", { name: /^Mine/ })).toHaveAttribute("aria-selected", "true");
  const row = page.getByRole("row").filter({ hasText: "The first of two" });
  await expect(row).toContainText(`#${first.number}`);
  await expect(row).toContainText("Permission");
  await expect(row).toContainText("1.1.0 minor");
  await expect(row).toContainText("0 of 2");
  await expectAccessible(page);

  const reviewer = await another(browser, "acme-reviewer", "/reviews");
  await expect(reviewer.getByRole("tab", { name: /^Waiting for me/ })).toHaveAttribute("aria-selected", "true");
  await expect(reviewer.getByRole("link", { name: "The second of two" })).toBeVisible();
  await reviewer.keyboard.press("ArrowDown");
  await expect(reviewer.getByRole("link", { name: "The second of two" })).toBeFocused();
  await reviewer.keyboard.press("ArrowDown");
  await expect(reviewer.getByRole("link", { name: "The first of two" })).toBeFocused();
  await reviewer.keyboard.press("Enter");
  await reviewer.waitForURL(new RegExp(`/reviews/${first.number}$`));
  await reviewer.goto("/reviews");
  await reviewer.getByRole("tab", { name: "Mine" }).click();
  await expect(reviewer).toHaveURL(/show=mine/);
  await expect(reviewer.getByRole("heading", { name: "You asked for no review yet" })).toBeVisible();
  await expectAccessible(reviewer);
  await reviewer.reload();
  await expect(reviewer.getByRole("heading", { name: "You asked for no review yet" })).toBeVisible();
  await reviewer.context().close();

  // Taken back, it is closed; the page says that the draft is not.
  await page.goto(`/reviews/${second.number}`);
  await page.getByRole("button", { name: "Withdraw" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Withdraw" }).click();
  await expect(stage(page)).toContainText("Withdrawn");
  await page.goto("/reviews?show=closed");
  await expect(page.getByRole("row").filter({ hasText: "The second of two" })).toContainText("withdrawn");
  await mutate(page, "reviews.withdraw", { reviewId: first.reviewId });
});

test("a no needs words, ends the review, and its words are the first thing the author reads", async ({ page, browser }) => {
  const name = `rejected-${Date.now()}`;
  await publish(page, browser, name);
  const { number } = await ask(page, name, "Reach out", widened);
  const reviewer = await another(browser, "acme-reviewer", `/reviews/${number}`);
  await reviewer.getByRole("button", { name: "Reject" }).click();
  const dialog = reviewer.getByRole("dialog", { name: /^Reject revision 1/ });
  await dialog.getByRole("button", { name: "Reject" }).click();
  await expect(dialog).toContainText("Say what must change");
  await dialog.getByRole("textbox", { name: "What must change" }).fill("Use the proxy instead.");
  await dialog.getByRole("button", { name: "Reject" }).click();
  await expect(dialog).toHaveCount(0);
  await reviewer.context().close();
  await page.goto(`/reviews/${number}`);
  await expect(stage(page)).toContainText("Rejected by Rui Costa.");
  await expect(stage(page)).toContainText("Use the proxy instead.");
  await expect(approve(page)).toHaveCount(0);
});

test("nothing is approved that was not seen: a text that changes under an open dialog is told, and refused", async ({ page, browser }) => {
  test.setTimeout(180_000);
  const name = `moving-${Date.now()}`;
  await publish(page, browser, name);
  const { number, draftId, reviewId } = await ask(page, name, "Keep some warm", warmer);
  const reviewer = await another(browser, "acme-reviewer", `/reviews/${number}`);
  await approve(reviewer).click();
  const dialog = reviewer.getByRole("dialog", { name: /^Approve revision 1/ });
  await expect(dialog.getByRole("button", { name: "Approve and publish 1.1.0" })).toBeVisible();
  await expectAccessible(reviewer);
  await save(page, draftId, (source) => source.replace("max: 4", "max: 40"));
  await expect(dialog.getByRole("button", { name: "Approve and publish 1.1.0" })).toHaveAttribute("aria-disabled", "true");
  await reviewer.keyboard.press("Escape");
  await expect(reviewer.getByRole("alert").filter({ hasText: "Emma Laurent changed it" })).toBeVisible();
  await reviewer.getByRole("button", { name: "Show what changed" }).click();
  await expect(reviewer.getByTestId("diff-count")).toContainText("+ 1 − 1");
  await expect(line(reviewer, "max: 40")).toHaveAttribute("data-change", "added");
  await expect(approve(reviewer)).not.toHaveAttribute("aria-disabled", "true");
  const { decisions } = await query<{ decisions: unknown[] }>(reviewer, "reviews.get", { number });
  expect(decisions).toEqual([]);
  await reviewer.context().close();
  await mutate(page, "reviews.withdraw", { reviewId });
});

test("a draft whose base was overtaken is rebased from its review, and keeps its text", async ({ page, browser }) => {
  test.setTimeout(180_000);
  const name = `overtaken-${Date.now()}`;
  await publish(page, browser, name);
  const slow = await ask(page, name, "Keep some warm", warmer);
  const quick = await ask(page, name, "Fewer attempts", (source) => source.replace("maxAttempts: 3", "maxAttempts: 2"));
  await page.goto(`/reviews/${slow.number}`);
  const reviewer = await another(browser, "acme-reviewer", `/reviews/${quick.number}`);
  await approve(reviewer).click();
  await reviewer.getByRole("dialog").getByRole("button", { name: "Approve and publish 1.1.0" }).click();
  await expect(stage(reviewer)).toContainText("Published as 1.1.0.", { timeout: 30_000 });
  await reviewer.goto(`/reviews/${slow.number}`);
  await expect(stage(reviewer)).toHaveAttribute("data-stage", "unsound");
  await expect(approve(reviewer)).toHaveAttribute("aria-disabled", "true");

  await page.reload();
  await expect(stage(page)).toContainText("To be mended in the draft first: base version.");
  await page.getByRole("button", { name: "Rebase the draft" }).click();
  await expect(stage(page)).toContainText("Waits for 1 more approval");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("1.2.0");
  await expect(line(page, "warm: { min: 1, max: 4 }")).toHaveAttribute("data-change", "added");
  await reviewer.context().close();
  await mutate(page, "reviews.withdraw", { reviewId: slow.reviewId });
});

test("words of a remark outlive a change of page; remarks stay with their value, and are kept when it goes", async ({ page, browser }) => {
  const name = `remarked-${Date.now()}`;
  await publish(page, browser, name);
  const { number, draftId, reviewId } = await ask(page, name, "Keep some warm", warmer);
  await page.goto(`/reviews/${number}`);
  const warm = line(page, "warm: { min: 1, max: 4 }");
  await warm.hover();
  await warm.locator("[data-gutter]").click();
  const box = page.getByRole("textbox", { name: /^Remark about spec\.warm/ });
  await box.fill("Half a sentence");
  await page.getByRole("link", { name: "Templates" }).first().click();
  await page.waitForURL(/\/templates$/);
  await page.goBack();
  await expect(box).toHaveValue("Half a sentence");
  await box.fill("Why so few?");
  await page.getByRole("button", { name: "Comment", exact: true }).first().click();
  const thread = page.getByRole("grid").getByTestId("thread");
  await expect(thread).toContainText("Why so few?");

  // One line further down, under the same value.
  await save(page, draftId, (source) => source.replace("spec:\n", "# moved\nspec:\n"));
  await page.reload();
  await expect(thread).toContainText("Why so few?");
  expect(await thread.evaluate((card) => card.closest('[role="row"]')?.previousElementSibling?.textContent)).toContain(
    "warm: { min: 1, max: 4 }",
  );

  await thread.getByRole("button", { name: "Resolve" }).click();
  await expect(thread.getByRole("button", { name: /^1 remark, resolved by Emma Laurent/ })).toHaveAttribute("aria-expanded", "false");
  await thread.getByRole("button", { name: /^1 remark, resolved/ }).click();
  await thread.getByRole("button", { name: "Open again" }).click();
  await save(page, draftId, (source) => source.replace(/\n {2}warm:.*\n/, "\n").replace("maxAttempts: 3", "maxAttempts: 2"));
  await expect(page.getByTestId("gone")).toContainText("Why so few?");
  await expect(page.getByRole("grid").getByTestId("thread")).toHaveCount(0);
  await mutate(page, "reviews.withdraw", { reviewId });
});

test("a manifest of thousands of lines with hundreds of remarks is read to its end", async ({ page, browser }) => {
  test.setTimeout(240_000);
  const name = `long-${Date.now()}`;
  await publish(page, browser, name);
  const lines = Array.from(
    { length: 3_000 },
    (_, at) => `  # Line ${at}: words that nobody needs, to make a long text of it, as long as people make them`,
  );
  const { number, reviewId } = await ask(page, name, "A long text", (source) => `${warmer(source)}${lines.join("\n")}\n`);
  for (let at = 0; at < 30; at += 1)
    await page.evaluate(
      async ([id, batch]) => {
        const say = (index: number) =>
          fetch("/api/trpc/reviews.comment", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ reviewId: id, pointer: "/spec/warm", body: `Remark ${Number(batch) * 10 + index}` }),
          });
        await Promise.all(Array.from({ length: 10 }, (_, index) => say(index)));
      },
      [reviewId, at] as const,
    );
  await page.goto(`/reviews/${number}`);
  await expect(page.getByTestId("diff-count")).toContainText("+ 3001 − 0");
  await expect(page.getByRole("grid").getByTestId("thread")).toHaveCount(300, { timeout: 30_000 });
  await page.keyboard.press("n");
  await page.keyboard.press("End");
  await expect(page.locator(":focus")).toContainText("Line 2999:");
  await expect(page.locator(":focus")).toBeInViewport();
  await mutate(page, "reviews.withdraw", { reviewId });
});

test("the queue and a review stand in French, side by side and where the screen is narrow", async ({ page, browser, context, baseURL }) => {
  const name = `revue-${Date.now()}`;
  await publish(page, browser, name);
  const { number, reviewId } = await ask(page, name, "Garder au chaud", (source) => warmer(widened(source)));
  await mutate(page, "reviews.comment", { reviewId, pointer: "/spec/warm", body: "Pourquoi si peu ?" });
  await context.addCookies([{ name: "locale", value: "fr", url: baseURL ?? "" }]);
  await page.goto(`/reviews/${number}?layout=split`);
  await expect(stage(page)).toContainText("Attend encore 2 approbations : un relecteur ou un administrateur.");
  await expect(page.getByTestId("changes")).toContainText("Permission");
  await expect(page.getByRole("grid")).toHaveAttribute("aria-label", /^Différence/);
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  const narrow = async () => {
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(overflow, `${page.url()} scrolls sideways`).toBeLessThanOrEqual(0);
    await expectAccessible(page);
  };
  await page.goto(`/reviews/${number}`);
  await expect(page.getByTestId("approvals")).toContainText("Encore 2 approbations par un relecteur ou un administrateur");
  await narrow();
  await page.goto("/reviews?show=open");
  await expect(page.getByRole("tab", { name: /^Ouvertes/ })).toHaveAttribute("aria-selected", "true");
  await expect(page.getByRole("link", { name: "Garder au chaud" })).toBeVisible();
  await narrow();
  await mutate(page, "reviews.withdraw", { reviewId });
});
