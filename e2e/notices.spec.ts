import type { Browser, Page } from "@playwright/test";
import { expectAccessible } from "./support/accessibility.ts";
import { expect, type Person, signIn, test } from "./support/product.ts";

/** Calls a procedure from the page, as its signed-in person. */
async function call<T>(page: Page, procedure: string, input: unknown, method: "GET" | "POST" = "POST"): Promise<T> {
  return page.evaluate(
    async ([path, text, verb]) => {
      const address = verb === "GET" ? `/api/trpc/${path}?input=${encodeURIComponent(text)}` : `/api/trpc/${path}`;
      const headers = { "content-type": "application/json" };
      const response = await fetch(address, verb === "GET" ? { headers } : { method: verb, headers, body: text });
      const answer = (await response.json()) as { result: { data: never } };
      if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
      return answer.result.data;
    },
    [procedure, JSON.stringify(input), method] as const,
  );
}

/** Signed in, with an inbox that holds nothing unread. */
async function begin(page: Page, person: Person, path: string): Promise<Page> {
  await signIn(page, person);
  await call(page, "notices.markRead", { all: true });
  await page.goto(path);
  await expect(page.getByRole("link", { name: "Inbox", exact: true })).toBeVisible();
  return page;
}

/** For a second person: a browser of their own. */
async function another(browser: Browser): Promise<Page> {
  return (await browser.newContext()).newPage();
}

type Asked = { readonly reviewId: string; readonly number: number; readonly draftId: string };

/** Asks for the review of a draft of the test's own. */
async function askForReview(page: Page, title: string): Promise<Asked> {
  const { draftId } = await call<{ draftId: string }>(page, "drafts.create", { templateName: "dependency-audit" });
  const draft = await call<{ source: string; revision: number }>(page, "drafts.get", { draftId }, "GET");
  const source = draft.source.replace(/title: .*/, `title: ${title}`);
  const { revision } = await call<{ revision: number }>(page, "drafts.save", { draftId, expectedRevision: draft.revision, source });
  const asked = await call<{ reviewId: string; number: number }>(page, "reviews.request", { draftId, expectedRevision: revision, title });
  return { ...asked, draftId };
}

async function putAway(page: Page, { reviewId, draftId }: Asked): Promise<void> {
  await call(page, "reviews.withdraw", { reviewId });
  await call(page, "drafts.discard", { draftId });
}

// Two or three people sign in, and screens are looked at in both themes.
test.slow();

const inboxWith = (unread: string) => ({ name: `Inbox ${unread} Unread`, exact: true });

test("whoever can review hears of a request at once, finds it from the inbox by keyboard, and it stays read", async ({ page, browser }) => {
  const reviewer = await begin(page, "acme-reviewer", "/inbox");
  const editor = await begin(await another(browser), "acme-editor", "/");
  const title = `Say more ${Date.now()}`;
  const asked = await askForReview(editor, title);

  // Nobody reloads: the count and the line come by themselves.
  await expect(reviewer.getByRole("link", inboxWith("1"))).toBeVisible();
  const line = reviewer.getByRole("listitem").filter({ hasText: title });
  await expect(line).toContainText(`Emma Laurent asks you to review “${title}” of dependency-audit`);
  await expect(line).toHaveAttribute("data-unread", "true");
  await expectAccessible(reviewer);

  await reviewer.goto("/");
  await expect(reviewer.getByRole("region", { name: "Needs you" }).getByRole("link", { name: title })).toBeVisible();

  await reviewer.keyboard.press("g");
  await reviewer.keyboard.press("i");
  await expect(reviewer).toHaveURL(/\/inbox$/);
  await expect(line).toBeVisible();
  await reviewer.keyboard.press("j");
  await expect(line.getByRole("link")).toBeFocused();
  await reviewer.keyboard.press("Enter");
  await expect(reviewer).toHaveURL(new RegExp(`/reviews/${asked.number}$`));
  await expect(reviewer.getByRole("link", { name: "Inbox", exact: true })).toBeVisible();

  await reviewer.goto("/inbox");
  await expect(line).toHaveAttribute("data-unread", "false");
  await reviewer.getByRole("tab", { name: "Unread" }).click();
  await expect(reviewer).toHaveURL(/show=unread/);
  await expect(reviewer.getByText("You have read everything")).toBeVisible();
  await putAway(editor, asked);
});

test("remarks reach the author alone, with their words; one press reads them all, also where the screen is narrow", async ({
  page,
  browser,
}) => {
  const reviewer = await begin(await another(browser), "acme-reviewer", "/");
  const manager = await begin(await another(browser), "acme-manager", "/inbox");
  const editor = await begin(page, "acme-editor", "/inbox");
  const asked = await askForReview(editor, `Answer me ${Date.now()}`);
  for (const body of ["Is ten enough?", "And why not sixteen?"])
    await call(reviewer, "reviews.comment", { reviewId: asked.reviewId, body });

  await expect(editor.getByRole("link", inboxWith("2"))).toBeVisible();
  const lines = editor.getByRole("listitem").filter({ hasText: "Answer me" });
  await expect(lines.first()).toContainText("And why not sixteen?");
  await expect(lines.nth(1)).toContainText("Is ten enough?");
  await editor.setViewportSize({ width: 390, height: 800 });
  await expect(editor.getByRole("link", { name: "Inbox, 2 unread" })).toBeVisible();
  await expectAccessible(editor);
  await editor.getByRole("button", { name: "Mark all as read" }).click();
  await expect(editor.getByRole("link", { name: "Inbox", exact: true })).toBeVisible();
  await editor.reload();
  await expect(lines.first()).toHaveAttribute("data-unread", "false");

  // Who was not spoken to has heard of none of it, and a request that was taken back waits for nobody.
  await expect(manager.getByRole("link", { name: "Inbox", exact: true })).toBeVisible();
  await expect(manager.getByText("Answer me")).toHaveCount(0);
  await putAway(editor, asked);
});
