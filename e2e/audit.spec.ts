import { readFile } from "node:fs/promises";
import type { Browser } from "@playwright/test";
import { expectAccessible } from "./support/accessibility.ts";
import { expect, type Locator, type Page, signIn, test } from "./support/product.ts";
import { mutate } from "./support/publication.ts";

const trail = (page: Page): Locator => page.getByRole("table", { name: /^(Audit trail|Journal d'audit)$/ });
/** The column that says who, and what kind of somebody. */
const who = (page: Page): Locator => trail(page).locator("tbody > tr > td:nth-child(2)");
const entry = (page: Page, action: string): Locator => trail(page).getByRole("row").filter({ hasText: action });

async function choose(page: Page, filter: string, option: string): Promise<void> {
  await page.getByRole("combobox", { name: filter }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

/** Drafts that the editor began and gave up, two entries each: the test's own, about things that no other test touches. The last one's id. */
async function draftGivenUp(browser: Browser, drafts = 1): Promise<string> {
  const context = await browser.newContext();
  try {
    const editor = await context.newPage();
    await signIn(editor, "acme-editor");
    let last = "";
    for (let draft = 0; draft < drafts; draft += 1) {
      const { draftId } = await mutate<{ draftId: string }>(editor, "drafts.create", { templateName: "log-digest" });
      await mutate(editor, "drafts.discard", { draftId });
      last = draftId;
    }
    return last;
  } finally {
    await context.close();
  }
}

test("the trail is narrowed to people, the system or one thing, stays so in the address, and opened again by one press", async ({
  page,
  browser,
}) => {
  const draftId = await draftGivenUp(browser);
  await signIn(page, "acme-admin", "/audit");
  for (const [option, kind, word] of [
    ["The system", "system", "system"],
    ["People", "user", "person"],
  ] as const) {
    await choose(page, "Who", option);
    await expect(page).toHaveURL(new RegExp(`[?&]who=${kind}(&|$)`));
    await expect(who(page).first()).toContainText(word);
    const count = await who(page).count();
    expect(count, `entries of ${option}`).toBeGreaterThan(0);
    await expect(who(page).filter({ hasText: new RegExp(`${word}$`) }), "entries of anybody else").toHaveCount(count);
  }
  await page.reload();
  await expect(page.getByRole("combobox", { name: "Who" })).toContainText("People");
  await expect(who(page).first()).toContainText("person");
  await expectAccessible(page);

  // One thing, by its id: whoever did something to it.
  const thing = page.getByRole("searchbox", { name: "Name or id of the thing" });
  await thing.fill(draftId);
  await thing.press("Enter");
  await expect(page).toHaveURL(new RegExp(`who=user&thing=${draftId}`));
  await expect(who(page)).toHaveCount(2);
  await expect(entry(page, "drafts.create")).toContainText("Emma Laurent");
  await expect(entry(page, "drafts.discard")).toContainText("allowed");

  // A host did nothing to it: that is said, with a way out; the way back is the browser's.
  await choose(page, "Who", "Hosts");
  await expect(page.getByText("No entry matches")).toBeVisible();
  await expectAccessible(page);
  const nothing = page.getByRole("button", { name: "Export" });
  await nothing.hover();
  await expect(page.getByRole("tooltip")).toContainText("There is nothing to save.");
  await nothing.click({ force: true });
  await nothing.press("Enter");
  await expect(page.getByRole("menu")).toHaveCount(0);
  await page.goBack();
  await expect(who(page)).toHaveCount(2);
  await page.goForward();
  await expect(page.getByText("No entry matches")).toBeVisible();
  await page.getByRole("main").getByRole("button", { name: "Clear the filters" }).last().click();
  await expect(page).toHaveURL(/\/audit$/);
  await expect(who(page).first()).toBeVisible();
  await expect(page.getByRole("combobox", { name: "Who" })).toContainText("Anybody");
  await expect(thing).toHaveValue("");
});

test("what the filters leave is saved whole, for a spreadsheet and for a program, whatever of it is on the screen", async ({
  page,
  browser,
}) => {
  // More entries than a screen shows.
  const draftId = await draftGivenUp(browser, 26);
  await signIn(page, "acme-admin", `/audit?thing=${draftId}`);
  await expect(who(page)).toHaveCount(2);
  const save = async (choice: string) => {
    await page.getByRole("button", { name: "Export" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: choice }).click();
    const file = await download;
    return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
  };
  const sheet = await save("CSV, for a spreadsheet");
  expect(sheet.name).toMatch(/^audit-\d{4}-\d\d-\d\dT\d{6}Z\.csv$/);
  const [header, ...rows] = sheet.text.trimEnd().split("\r\n");
  expect(header).toMatch(/^id,at,actor_kind,/);
  expect(rows.map((row) => /drafts\.\w+/.exec(row)?.[0])).toEqual(["drafts.discard", "drafts.create"]);
  await expect(page.getByText("2 entries saved")).toBeVisible();
  const { text } = await save("JSON Lines, for a program");
  const told = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told).toMatchObject([
    { action: "drafts.discard", resourceId: draftId, actorName: "Emma Laurent" },
    { action: "drafts.create", resourceId: draftId },
  ]);

  // More than a screen shows: every page is there, each entry once, and those before it in time after it in the file.
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await expect(page).toHaveURL(/\/audit$/);
  await expect(who(page), "a screen of entries").toHaveCount(50);
  const whole = (await save("JSON Lines, for a program")).text
    .trimEnd()
    .split("\n")
    .map((line) => Number(JSON.parse(line).id));
  expect(whole.length).toBeGreaterThan(50);
  expect(whole).toEqual([...new Set(whole)].toSorted((a, b) => b - a));
});

test("an entry shows the fields before and after, and leads to everything about its thing", async ({ page, browser }) => {
  const draftId = await draftGivenUp(browser);
  await signIn(page, "acme-reviewer", "/audit?who=user&action=drafts.discard");
  await entry(page, draftId).getByRole("button", { name: "Details of drafts.discard" }).click();
  const changes = page.getByRole("region", { name: "What changed" });
  const state = changes.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "state", exact: true }) });
  await expect(state.getByRole("cell")).toHaveText(["open", "discarded"]);
  await expect(page.getByRole("region", { name: "Entry" })).toContainText(draftId);
  await expectAccessible(page);
  await page.getByRole("button", { name: "All entries about this" }).click();
  await expect(page).toHaveURL(new RegExp(`/audit\\?kind=draft&thing=${draftId}$`));
  await expect(entry(page, "drafts.create")).toHaveCount(1);
  await page.keyboard.press("Tab");
  await expectAccessible(page);
});

test("the whole trail is recomputed on demand, and holds", async ({ page }) => {
  await signIn(page, "acme-admin", "/audit");
  await page.getByRole("button", { name: "Verify the trail" }).click();
  await expect(page.getByText("The trail holds")).toBeVisible({ timeout: 60_000 });
  const said = await page.getByText(/entries recomputed: each is as it was written/).textContent();
  expect(Number(/([\d,]+) entries recomputed/.exec(said ?? "")?.[1]?.replaceAll(",", ""))).toBeGreaterThan(1);
  await expect(page.getByText(/The signed tree counts [\d,]+ leaves\./)).toBeVisible();
  await expect(page.getByRole("button", { name: "Verify again" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Open the log" }).click();
  await expect(page).toHaveURL(/\/trust\/log$/);
});

test("the trail and its check stand in French, also where the screen is narrow", async ({ page, context, baseURL }) => {
  await context.addCookies([{ name: "locale", value: "fr", url: baseURL ?? "" }]);
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, "acme-admin", "/audit?who=user");
  await expect(page.getByRole("combobox", { name: "Qui" })).toContainText("Personnes");
  await expect(who(page).first()).toContainText("personne");
  await page.getByRole("button", { name: "Vérifier le journal" }).click();
  await expect(page.getByText("Le journal est intact")).toBeVisible({ timeout: 60_000 });
  await trail(page)
    .getByRole("button", { name: /^Détails de / })
    .first()
    .click();
  await expect(page.getByRole("region", { name: "Ce qui a changé" })).toBeVisible();
  const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(overflow, "the page scrolls sideways").toBeLessThanOrEqual(0);
  await expectAccessible(page);
});

test("whoever may not read the trail is told who can, and gets none of it", async ({ page }) => {
  await signIn(page, "acme-editor", "/audit");
  await expect(page.getByText("This page is not for your role")).toBeVisible();
  await expect(page.getByRole("main")).toContainText("Reviewers, managers, operators, and administrators can");
  await expect(trail(page)).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Verify the trail" })).toHaveCount(0);
  await expectAccessible(page);
});
