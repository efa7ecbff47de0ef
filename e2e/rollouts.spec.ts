import type { Browser, Page } from "@playwright/test";
import { expectAccessible } from "./support/accessibility.ts";
import { expect, forgive, type Person, signIn, test } from "./support/product.ts";
import { mutate, publish, query } from "./support/publication.ts";

/** A second person, in a browser of their own. */
async function another(browser: Browser, person: Person, path: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await signIn(page, person, path);
  return page;
}

type Draft = { readonly id: string; readonly revision: number; readonly source: string };
type Reviewed = {
  readonly id: string;
  readonly state: string;
  readonly digest: string;
  readonly head: { readonly base: { readonly digest: string } | null; readonly policyRevision: string };
};
type Listed = { readonly versions: readonly { readonly semver: string; readonly signed: boolean }[] };

/** The next version of a template, with warm processes: asked for by the editor, who is on `page`, and let through by as many as it takes. */
async function publishNext(page: Page, browser: Browser, name: string): Promise<void> {
  const { draftId } = await mutate<{ draftId: string }>(page, "drafts.create", { templateName: name });
  const { revision, source } = await query<Draft>(page, "drafts.get", { draftId });
  const warmer = source.replace(/\n*$/, "\n  warm: { min: 1, max: 4 }\n");
  const saved = await mutate<{ revision: number }>(page, "drafts.save", { draftId, expectedRevision: revision, source: warmer });
  const asking = { draftId, expectedRevision: saved.revision, title: "Warmer" };
  const { number } = await mutate<{ number: number }>(page, "reviews.request", asking);
  for (const person of ["acme-reviewer", "acme-admin"] as const) {
    const other = await another(browser, person, "/");
    const { id: reviewId, state, digest, head } = await query<Reviewed>(other, "reviews.get", { number });
    const judged = { reviewId, digest, baseDigest: head.base?.digest ?? null, policyRevision: head.policyRevision };
    if (state === "open") await mutate(other, "reviews.approve", judged);
    await other.context().close();
  }
  await expect
    .poll(async () => (await query<Listed>(page, "templates.get", { name })).versions.filter(({ signed }) => signed).length, {
      timeout: 60_000,
    })
    .toBe(2);
}

const planText = (name: string, weight: number): string => `apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata:
  name: ${name}
  title: Careful
spec:
  steps:
    - weight: ${weight}
      deadline: 1h
  metrics:
    - name: failed
      onBreach: rollback
`;

const headline = (page: Page) => page.getByTestId("headline");
const control = (page: Page, name: string) => page.locator("main header").getByRole("button", { name });

test("an operator starts a rollout, pauses it with a reason, resumes it and takes it back; others see it happen", async ({
  page,
  browser,
}) => {
  test.setTimeout(420_000);
  const name = `rolled-${Date.now()}`;
  await publish(page, browser, name);
  const operator = await another(browser, "acme-operator", `/templates/${name}`);

  // A channel, from the template's page; it has nothing until a rollout gives it its first version.
  const channels = operator.getByRole("region", { name: "Channels" });
  await channels.getByRole("button", { name: "Create a channel" }).first().click();
  const creating = operator.getByRole("dialog", { name: `Create a channel of ${name}` });
  await creating.getByRole("button", { name: "Create a channel" }).click();
  await expect(creating).toContainText("Small letters, digits and hyphens, 63 at most");
  await creating.getByRole("textbox", { name: "Name" }).fill("production");
  await expectAccessible(operator);
  await creating.getByRole("button", { name: "Create a channel" }).click();
  await expect(channels.getByTestId("channels")).toContainText("no version yet");

  // The first version: judged by what it promises; promoted to the end with a reason.
  await channels.getByRole("link", { name: "Start a rollout on production" }).click();
  const starting = operator.getByRole("dialog", { name: "Start a rollout" });
  await expect(starting.getByTestId("outlook")).toContainText("1.0.0 becomes the first version of production");
  await expectAccessible(operator);
  await starting.getByRole("button", { name: "Start 1.0.0 on production" }).click();
  await operator.waitForURL(/\/rollouts\/\d+$/);
  await expect(headline(operator)).toHaveAttribute("data-name", "running");
  await control(operator, "Promote").click();
  await operator.getByRole("dialog").getByRole("textbox", { name: "Why" }).fill("Nobody uses it yet");
  await operator.getByRole("dialog").getByRole("button", { name: "Promote" }).click();
  await expect(headline(operator)).toContainText("1.0.0 is what production gets now.");
  await expect(operator.getByTestId("events")).toContainText("“Nobody uses it yet”");

  // The second, by keyboard: its outlook names both versions.
  await publishNext(page, browser, name);
  await operator.goto(`/rollouts?start=${name}/production`);
  await expect(starting.getByTestId("outlook")).toContainText("production goes from 1.0.0 to 1.1.0.");
  await starting.getByRole("button", { name: "Start 1.1.0 on production" }).focus();
  await operator.keyboard.press("Enter");
  await operator.waitForURL(/\/rollouts\/\d+$/);
  const address = new URL(operator.url()).pathname;
  await expect(headline(operator)).toContainText("1.1.0 gets 10% of production.");
  await expect(operator.getByTestId("steps").getByRole("listitem").first()).toHaveAttribute("data-state", "current");
  const failures = operator.getByRole("region", { name: "Failures" });
  await expect(failures).toContainText("No run of 1.1.0 has ended at this step yet, so nothing is known.");
  await expectAccessible(operator);
  await failures.getByRole("button", { name: "View as table" }).click();
  await expect(failures.getByRole("table")).toContainText("no data");
  await expectAccessible(operator);

  // Somebody who may only read looks on: what they may not do says who can.
  await page.goto(address);
  await expect(headline(page)).toContainText("1.1.0 gets 10% of production.");
  await expect(control(page, "Pause")).toHaveAttribute("aria-disabled", "true");
  await control(page, "Pause").hover();
  await expect(page.getByRole("tooltip")).toContainText("Operators and administrators can");

  // A pause needs a reason, and its words are the first thing others read.
  await control(operator, "Pause").focus();
  await operator.keyboard.press("Enter");
  const pausing = operator.getByRole("dialog", { name: /^Pause rollout #\d+$/ });
  await expect(pausing).toContainText("1.1.0 keeps 10% of production");
  await pausing.getByRole("button", { name: "Pause" }).click();
  await expect(pausing).toContainText("Say why, in a few words.");
  await expectAccessible(operator);
  await pausing.getByRole("textbox", { name: "Why" }).fill("The desk is closed");
  await pausing.getByRole("button", { name: "Pause" }).click();
  await expect(headline(operator)).toHaveAttribute("data-name", "paused");
  await expect(headline(page)).toContainText("paused it: “The desk is closed”");
  await expect(page.getByTestId("steps").getByRole("listitem").first()).toHaveAttribute("data-state", "paused");
  await expect(operator.getByRole("link", { name: /^Rollouts/ }).first()).toContainText(/paused/, { timeout: 30_000 });

  await control(operator, "Resume").click();
  await operator.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await expect(headline(operator)).toHaveAttribute("data-name", "running");
  await expect(headline(page)).toHaveAttribute("data-name", "running");

  // Taken back: the page says by whom, why, and what the channel has now.
  await control(operator, "Abort").click();
  const aborting = operator.getByRole("dialog", { name: /^Abort rollout #\d+$/ });
  await expect(aborting).toContainText("Everybody on production gets 1.0.0 at once.");
  await aborting.getByRole("textbox", { name: "Why" }).fill("Not today");
  await aborting.getByRole("button", { name: "Abort" }).click();
  await expect(headline(page)).toContainText(/aborted it, so production went back to 1\.0\.0 at \d\d:\d\d:\d\d\.\s*“Not today”/);
  await expect(control(operator, "Abort")).toHaveCount(0);
  await expectAccessible(page);

  // In French, and in the list.
  await page.context().addCookies([{ name: "locale", value: "fr", url: new URL(page.url()).origin }]);
  await page.reload();
  await expect(headline(page)).toContainText("a abandonné : production est revenu à 1.0.0 à");
  await expect(page.getByRole("region", { name: "Ce qui s'est passé" })).toContainText("« Not today »");
  await expectAccessible(page);
  await operator.goto(`/rollouts?show=ended&template=${name}`);
  await expect(operator.getByRole("row").filter({ hasText: "rolled back" })).toHaveCount(1);
  await expect(operator.getByRole("row").filter({ hasText: "completed" })).toHaveCount(1);
  await expectAccessible(operator);
  await operator.keyboard.press("ArrowDown");
  await operator.keyboard.press("Enter");
  await operator.waitForURL(new RegExp(`${address}$`));

  // Every move of the channel is in its history.
  await operator.goto(`/templates/${name}`);
  await operator.getByRole("button", { name: "History of production" }).click();
  const history = operator.getByRole("dialog", { name: "History of production" });
  await expect(history.getByRole("row").filter({ hasText: "rolled back" })).toContainText("1.0.0");
  await expectAccessible(operator);
  await operator.context().close();
});

test("a plan is proposed as text; what is wrong with it is said where it stands, and a sound one goes into review", async ({
  page,
  misdeeds,
}) => {
  await signIn(page, "acme-operator", "/rollouts/plans");
  await expect(page.getByRole("link", { name: "standard" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Propose a plan" }).first().click();
  await expect(page.locator('[data-code-editor="ready"]').first()).toBeVisible({ timeout: 30_000 });
  await page.getByRole("textbox", { name: "What it does" }).fill("A careful plan");
  const editor = page.locator(".monaco-editor").first();
  const name = `careful-${Date.now()}`;
  const write = async (weight: number) => {
    await editor.click();
    await page.keyboard.press("ControlOrMeta+A");
    // As pasted: the editor's own indentation stays out of it.
    await page.evaluate(`(${PASTE})(${JSON.stringify(planText(name, weight))})`);
  };
  await write(50);
  await page.getByRole("button", { name: "Ask for review" }).click();
  const problems = page.getByRole("alert").filter({ hasText: "The text has 1 problem" });
  await expect(problems).toContainText("Line 8");
  await expect(problems).toContainText("/spec/steps/0/weight");
  forgive(misdeeds, 422);
  await expectAccessible(page);
  await write(100);
  await page.getByRole("button", { name: "Ask for review" }).click();
  await page.waitForURL(/\/reviews\/\d+$/);
  await expect(page.getByRole("main")).toContainText("A careful plan");
  // Its review is of a plan: nothing leads to a template of that name.
  await expect(page.getByRole("link", { name, exact: true })).toHaveAttribute("href", `/rollouts/plans/${name}`);
  await expect(page.getByRole("main").locator(`a[href^="/templates/"]`)).toHaveCount(0);
});

/** A function in the page: pastes its argument where the focus is. */
const PASTE = `(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}`;
