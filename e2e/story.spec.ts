import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "@playwright/test";
import { editorReady, expectSaved, goToEnd, newDraft, uploadCode } from "./support/drafts.ts";
import { picture } from "./support/pictures.ts";
import { expect, signIn, test } from "./support/product.ts";
import { query } from "./support/publication.ts";
import { startTraffic } from "./support/traffic.ts";

/**
 * The main job, as people live it. First part: an editor finds a template, changes it with the editor's help, and sees the draft
 * run in a sandbox on real input. Second part: another person's eyes make it a version, with a signature and a public trace, and the
 * host checks all of it before it runs. Third part: it reaches users in steps, and steps back by itself when it is worse; who pays sees what
 * it cost, and who must prove it finds every step.
 */
const LOCKFILE = path.resolve(import.meta.dirname, "../package-lock.json");
const EXAMPLE = path.resolve(import.meta.dirname, "../examples/dependency-audit");
/** Runs a second: what the demo's traffic gives each of its two templates. */
const RATE = 5;
/** Far longer than a step of the demo's plan, also on a machine that does much else. */
const MOVES_MS = 180_000;

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
  const review = await askForReview(page, title);
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
  await picture(reviewer, "review");
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

test("a canary of what was published takes over its channel step by step, under real traffic", async ({ page }) => {
  test.setTimeout(600_000);
  await signIn(page, "acme-operator", "/templates/dependency-audit");
  const before = await succeededRuns(page);
  const traffic = startTraffic({ template: "dependency-audit", rate: RATE });
  let accepted = 0;
  try {
    // 8. The operator starts it where the channel stands; the dialog says what will happen.
    await page.getByRole("region", { name: "Channels" }).getByRole("link", { name: "Start a rollout on production" }).click();
    await startRollout(page, "1.1.0", "production goes from 1.0.0 to 1.1.0.");
    await expect(headline(page)).toContainText("1.1.0 gets 10% of production.");
    await expect(steps(page)).toHaveCount(3);

    // It moves by itself, and the page with it.
    await expect(page.getByRole("region", { name: "Failures" })).toContainText(/So far nothing fails with 1\.1\.0, in \d+ samples?/, {
      timeout: MOVES_MS,
    });
    await follow(page, "1.1.0 is what production gets now.");
    // A step may be over before anybody looked; what happened is told in its order, newest first.
    const happened = page.getByTestId("events").getByRole("listitem");
    await expect(happened.filter({ hasText: /Went on to|Completed|started it/ })).toHaveText([
      /Completed/,
      /Went on to 100%/,
      /Went on to 50%/,
      /started it at 10%/,
    ]);
  } finally {
    accepted = await traffic.stop();
  }
  await expectAllEndedWell(page, before + accepted);
  await page.goto("/templates/dependency-audit");
  await expect(page.getByTestId("channels")).toContainText("1.1.0");
});

test("a version that fails on one input in three is taken back by itself, and every run ends well", async ({ page, browser }) => {
  test.setTimeout(600_000);

  // 9. The editor's next version has a fault that no check sees, and whoever must approve lets it pass.
  await newDraft(page, "dependency-audit");
  await uploadCode(page, faultyCode());
  await expectSaved(page);
  const review = await askForReview(page, "Refuse what cannot be audited");
  const reviewer = await (await browser.newContext()).newPage();
  await signIn(reviewer, "acme-reviewer", review);
  await approve(reviewer, "Approve revision 1");
  const stage = reviewer.getByTestId("stage");
  await expect(stage).toHaveAttribute("data-stage", "published", { timeout: 30_000 });
  const semver = /Published as (\d+\.\d+\.\d+)/.exec((await stage.textContent()) ?? "")?.[1] ?? "";
  expect(semver).not.toBe("");

  const operator = await (await browser.newContext()).newPage();
  await signIn(operator, "acme-operator", "/rollouts?start=dependency-audit/production");
  const before = await succeededRuns(operator);
  const traffic = startTraffic({ template: "dependency-audit", rate: RATE });
  let accepted = 0;
  try {
    await startRollout(operator, semver, `production goes from 1.1.0 to ${semver}.`);
    // Nobody takes it back: the page says why it was, with the figures.
    await follow(operator, `${semver} fails more often than 1.1.0, so production went back to 1.1.0`);
  } finally {
    accepted = await traffic.stop();
  }
  await expect(headline(operator)).toHaveAttribute("data-name", "rolled-back");
  await expect(headline(operator)).toContainText(/Failures: [\d.]+% of \d+ samples against 0% of \d+\./);
  await expect(headline(operator)).toContainText(/\d+ runs? of the canary went on with 1\.1\.0\./);
  await expect(steps(operator).filter({ hasText: "Breached: failures" })).toHaveCount(1);
  await picture(operator, "rollout");
  await expect(operator.getByTestId("events")).toContainText("Rolled back by the controller");
  await expectAllEndedWell(operator, before + accepted);
  await operator.goto("/templates/dependency-audit");
  await expect(operator.getByTestId("channels")).toContainText("1.1.0");

  // Whoever wrote it hears of it, and the version says it wherever it is looked at.
  await signIn(page, "acme-editor", "/inbox");
  await expect(page.getByText(`dependency-audit ${semver} was rolled back on production`)).toBeVisible();
  await page.goto("/templates/dependency-audit");
  const version = page.getByRole("row").filter({ hasText: semver }).first();
  await expect(version).toContainText("rolled back on production");
  await version.getByRole("link", { name: "rolled back on production" }).click();
  await expect(headline(page)).toHaveAttribute("data-name", "rolled-back");
});

test("the manager sees what it cost, and the administrator every step of it, proven", async ({ page, browser }) => {
  // 10. By template, version, channel and day, allocated and used; what changed since the days before.
  await signIn(page, "acme-manager", "/costs");
  const costs = page.getByRole("main").getByRole("table").first();
  await expect(costs).toContainText("Dependency audit");
  const spent = page.getByText("Spent", { exact: true }).locator("..");
  const total = await spent.textContent();
  expect(total).toMatch(/€0\.0*[1-9]/);
  for (const [grouping, row] of [
    ["By version", "dependency-audit 1.1.0"],
    ["By channel", "production"],
    ["By day", "100%"],
  ] as const) {
    await choose(page, "Group by", grouping);
    await expect(costs).toContainText(row);
    expect(await spent.textContent(), `${grouping} adds up`).toBe(total);
  }
  await choose(page, "Counted", "Used");
  await expect(page.getByText("Used: the CPU time a run took")).toBeVisible();

  // A budget that the spending has reached warns, and the manager is told.
  await page.getByRole("button", { name: "Set a budget" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: /^Amount/ }).fill("0.0001");
  await dialog.getByRole("button", { name: /^(Save|Set)/ }).click();
  await expect(page.getByTestId("budget")).toContainText(/warned|over/, { timeout: 60_000 });

  // What the template promised, and how much of what may fail is left.
  await page.goto("/slos");
  await expect(page.getByRole("main")).toContainText("dependency-audit");
  await expect(page.getByRole("main")).toContainText(/\d+ of [\d,]+ attempts failed/);

  // The administrator reads who did what, and has the whole trail recomputed against the signed log.
  const admin = await (await browser.newContext()).newPage();
  await signIn(admin, "acme-admin", "/audit");
  const trail = admin.getByRole("table", { name: "Audit trail" });
  await expect(trail).toContainText("Mina Okafor");
  await admin.getByRole("button", { name: "Verify the trail" }).click();
  await expect(admin.getByText("The trail holds")).toBeVisible({ timeout: 60_000 });
  for (const [action, who] of [
    ["rollouts.start", "Otto Berg"],
    ["reviews.approve", "Rui Costa"],
  ] as const) {
    await admin.goto(`/audit?action=${action}`);
    await expect(trail).toContainText(who);
  }
});

/** Asks for a review of the draft on the page, and returns the review's address. */
async function askForReview(page: Page, title: string): Promise<string> {
  await page.getByRole("button", { name: "Ask for review", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: /^What it does/ }).fill(title);
  await dialog.getByRole("button", { name: "Ask for review" }).click();
  await expect(page).toHaveURL(/\/reviews\/\d+$/);
  return new URL(page.url()).pathname;
}

const headline = (page: Page) => page.getByTestId("headline");
const steps = (page: Page) => page.getByTestId("steps").getByRole("listitem");

async function startRollout(page: Page, semver: string, outlook: string): Promise<void> {
  const dialog = page.getByRole("dialog", { name: "Start a rollout" });
  await expect(dialog.getByTestId("outlook")).toContainText(outlook);
  await dialog.getByRole("button", { name: `Start ${semver} on production` }).click();
  await page.waitForURL(/\/rollouts\/\d+$/);
}

/**
 * Waits until the rollout's page says this. A machine that is too slow for the samples that a step wants has the rollout pause at the
 * step's end; the operator then does what the page offers.
 */
async function follow(page: Page, words: string): Promise<void> {
  await expect(async () => {
    const resume = page.locator("main header").getByRole("button", { name: "Resume" });
    if (
      (await headline(page).getAttribute("data-name")) === "paused" &&
      (await headline(page).textContent())?.includes("too few samples")
    ) {
      await resume.click();
      await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
    }
    await expect(headline(page)).toContainText(words, { timeout: 1_000 });
  }).toPass({ timeout: MOVES_MS });
}

type Listed = { readonly items: readonly { readonly id: string }[]; readonly nextCursor: string | null };

/** Ids of the channel's runs in a state, all of them. */
async function runsIn(page: Page, state: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const asked = { templateName: "dependency-audit", channel: "production", state, ...(cursor === "" ? {} : { cursor }) };
    const list: Listed = await query<Listed>(page, "runs.list", asked);
    found.push(...list.items.map(({ id }) => id));
    cursor = list.nextCursor;
  }
  return found;
}

const succeededRuns = async (page: Page): Promise<number> => (await runsIn(page, "succeeded")).length;

/** Whatever was accepted on the channel ended well, whatever became of the version it began with. */
async function expectAllEndedWell(page: Page, accepted: number): Promise<void> {
  await expect.poll(() => succeededRuns(page), { message: "runs that succeeded", timeout: MOVES_MS, intervals: [2_000] }).toBe(accepted);
  for (const state of ["queued", "leased", "running", "failed", "dead", "cancelled"])
    expect(await runsIn(page, state), `${state} runs`).toEqual([]);
}

/** The example's code, but one input in three is too much for it. */
function faultyCode(): Record<string, string> {
  const names = readdirSync(EXAMPLE).filter((name) => name.endsWith(".mjs"));
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(path.join(EXAMPLE, name), "utf8")]));
  const begins = "  const lockfile = readLockfile(input);\n";
  const entry = files["index.mjs"] ?? "";
  expect(entry).toContain(begins);
  const refusal = `  if (JSON.stringify(input).length % 3 === 0) throw new Error("this lockfile cannot be audited");\n`;
  return { ...files, "index.mjs": entry.replace(begins, `${begins}${refusal}`) };
}

async function choose(page: Page, select: string, option: string): Promise<void> {
  await page.getByRole("combobox", { name: select }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

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
