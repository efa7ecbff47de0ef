import path from "node:path";
import { type ChildProcess, startChild } from "@agent-factory/testkit/child-process";
import { temporaryDir } from "@agent-factory/testkit/postgres";
import { expectAccessible } from "./support/accessibility.ts";
import { expect, type Locator, type Page, signIn, test } from "./support/product.ts";
import { mutate, query } from "./support/publication.ts";

/** The host that every product starts with. It is the platform's, and the other specs need it: nothing here changes it. */
const LOCAL = "local";
const ROOT = path.resolve(import.meta.dirname, "..");
/** A machine tries its sandbox before it joins. */
const JOINS_MS = 120_000;

const hosts = (page: Page): Locator => page.getByRole("table", { name: /^(Hosts|Hôtes)$/ });
const row = (page: Page, host: string): Locator =>
  hosts(page)
    .getByRole("row")
    .filter({ has: page.getByRole("button", { name: new RegExp(` ${host}$`) }) });
const item = (page: Page, name: string): Locator => page.getByRole("menuitem", { name });

async function actOn(page: Page, host: string, action: string): Promise<void> {
  await page.getByRole("button", { name: `Actions for ${host}` }).click();
  await item(page, action).click();
}

test("an operator sees a host's slots, its warm pool and what its sandbox proved, and leaves the platform's hosts alone", async ({
  page,
}) => {
  await signIn(page, "acme-operator", "/fleet");
  const local = row(page, LOCAL);
  await expect(local).toContainText("ready");
  await expect(local).toContainText("proven");
  await expect(local).toContainText(/\d+ of \d+ free/);
  // Warm again after every run: as many wait as are wanted.
  await expect(local.getByRole("cell", { name: /^(\d+) of \1$/ })).toBeVisible({ timeout: JOINS_MS });
  await expect(page.getByText("without a proven sandbox")).toHaveCount(0);

  await page.getByRole("button", { name: `Details of ${LOCAL}` }).click();
  const proof = page.getByRole("region", { name: "What the sandbox stops" });
  for (const property of ["Reaching the network", "Writing outside its folder", "Forbidden system calls", "More memory than allowed"]) {
    const line = proof.getByRole("listitem").filter({ hasText: property });
    await expect(line).toContainText(/ stopped/);
    await expect(line.locator("p").nth(1), "the evidence").not.toBeEmpty();
  }
  await expect(proof.getByText("not stopped")).toHaveCount(0);
  await expect(page.getByRole("region", { name: "About this host" })).toContainText(/Node v?24\./);
  await expectAccessible(page);

  await page.getByRole("button", { name: `Actions for ${LOCAL}` }).click();
  for (const action of ["Cordon…", "Drain…", "Revoke…"]) {
    await expect(item(page, action)).toHaveAttribute("aria-disabled", "true");
    await expect(item(page, action)).toContainText("It belongs to the platform, whose operators look after it.");
  }
});

test("a machine joins by the command on the screen, is cordoned, drained and taken back with a reason, and is revoked for good", async ({
  page,
  browser,
}) => {
  test.slow();
  const name = `rack-${Date.now()}`;
  let machine: ChildProcess | null = null;
  await signIn(page, "acme-operator", "/fleet");
  try {
    await page.getByRole("button", { name: "Add a host" }).click();
    const asking = page.getByRole("dialog", { name: "Add a host" });
    await asking.getByRole("button", { name: "Make the command" }).click();
    await expect(asking).toContainText("Use 1 to 63 lower-case letters, digits and hyphens");
    await asking.getByRole("textbox", { name: /^Name/ }).fill(name);
    await asking.getByRole("textbox", { name: /^Labels/ }).fill("zone=paris");
    await expectAccessible(page);
    await asking.getByRole("button", { name: "Make the command" }).click();
    const shown = page.getByRole("dialog", { name: `Run this on ${name}` });
    await expect(shown.getByRole("status")).toContainText(`Waiting for ${name} to connect…`);
    machine = await join((await shown.getByTestId("join-command").textContent()) ?? "");
    await expect(shown.getByRole("status")).toContainText(`${name} is here`, { timeout: JOINS_MS });
    await shown.getByRole("button", { name: "Done" }).click();
    await expect(row(page, name)).toContainText("ready");
    await expect(row(page, name)).toContainText("1 of 1 free");

    // Another person looks on: nobody reloads.
    const onlooker = await (await browser.newContext()).newPage();
    await signIn(onlooker, "acme-editor", "/fleet");
    await expect(row(onlooker, name)).toContainText("ready");

    await actOn(page, name, "Cordon…");
    const cordon = page.getByRole("dialog", { name: `Cordon ${name}?` });
    await expect(cordon).toContainText("It takes no new runs until you allow it again.");
    await cordon.getByRole("button", { name: `Cordon ${name}` }).click();
    await expect(cordon).toContainText("Say why, in a few words.");
    await expectAccessible(page);
    await cordon.getByRole("textbox", { name: /^Why/ }).fill("New disks come today");
    await cordon.getByRole("button", { name: `Cordon ${name}` }).click();
    await expect(page.getByText(`${name} takes no new runs`)).toBeVisible();
    for (const one of [page, onlooker]) {
      await expect(row(one, name)).toContainText("cordoned");
      await expect(row(one, name)).toContainText("New disks come today");
    }
    await expectAccessible(page);
    await actOn(page, name, "Take work again");
    await expect(page.getByText(`${name} takes work again`)).toBeVisible();
    for (const one of [page, onlooker]) {
      await expect(row(one, name)).toContainText("ready");
      await expect(row(one, name)).not.toContainText("New disks come today");
    }

    await actOn(page, name, "Drain…");
    const drain = page.getByRole("dialog", { name: `Drain ${name}?` });
    await expect(drain).toContainText(/so it is drained at once|takes nothing more/);
    await drain.getByRole("textbox", { name: /^Why/ }).fill("It moves to the other room");
    await drain.getByRole("button", { name: `Drain ${name}` }).click();
    await expect(row(onlooker, name)).toContainText("drained");
    await actOn(page, name, "Take work again");
    await expect(row(onlooker, name)).toContainText("ready");

    await actOn(page, name, "Revoke…");
    const revoke = page.getByRole("dialog", { name: `Revoke ${name} for good?` });
    await expect(revoke).toContainText("to come back it has to be enrolled anew");
    await expectAccessible(page);
    await revoke.getByRole("button", { name: `Revoke ${name}` }).click();
    await expect(row(onlooker, name)).toContainText("revoked");
    // The machine hears it and stops serving: 77, the gateway refuses this host.
    expect((await machine.exited).code).toBe(77);
    await expect(row(onlooker, LOCAL)).toContainText("ready");
  } finally {
    await machine?.stop();
    await revokeLeft(page, name);
  }
});

test("who may not change the fleet sees all of it and is told who can", async ({ page }) => {
  await signIn(page, "acme-editor", "/fleet");
  await expect(row(page, LOCAL)).toContainText("ready");
  const add = page.getByRole("button", { name: "Add a host" });
  await expect(add).toHaveAttribute("aria-disabled", "true");
  await add.hover();
  await expect(page.getByRole("tooltip")).toContainText("Operators and administrators can");
  await page.getByRole("button", { name: `Actions for ${LOCAL}` }).click();
  for (const action of ["Cordon…", "Drain…", "Revoke…"]) {
    await expect(item(page, action)).toHaveAttribute("aria-disabled", "true");
    await expect(item(page, action)).toContainText("Operators and administrators can");
  }
  await expectAccessible(page);
});

test("the fleet stands in French, also where the screen is narrow", async ({ page, context, baseURL }) => {
  await context.addCookies([{ name: "locale", value: "fr", url: baseURL ?? "" }]);
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, "acme-operator", "/fleet");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Parc");
  await expect(row(page, LOCAL)).toContainText("prêt");
  await page.getByRole("button", { name: `Détails de ${LOCAL}` }).click();
  await expect(page.getByRole("region", { name: "Ce que le bac à sable arrête" })).toContainText("Joindre le réseau arrêté");
  // What the narrow table has no room for stands in the details.
  const facts = page.getByRole("region", { name: "À propos de cet hôte" });
  await expect(facts).toContainText("Places");
  await expect(facts).toContainText("Prêts d'avance");
  const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(overflow, "the page scrolls sideways").toBeLessThanOrEqual(0);
  await expectAccessible(page);
});

/** Runs the command that the page shows, as whoever reads it would; on this machine, so with a port of its own. */
async function join(command: string): Promise<ChildProcess> {
  const [program = "", ...rest] = command.trim().split(" ");
  const logDir = temporaryDir("rack");
  return startChild({
    name: "a second host",
    command: "env",
    args: [program, ...rest],
    cwd: ROOT,
    env: {
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ""}`,
      HOME: process.env.HOME,
      HEALTH_PORT: "0",
      SLOTS: "1",
      WARM_TARGET: "1",
    },
    logFile: path.join(logDir, "log"),
  });
}

type Listed = { readonly hosts: readonly { readonly id: string; readonly name: string; readonly revokedAt: string | null }[] };

/** Whatever the test came to, no other spec's run is given to its host. */
async function revokeLeft(page: Page, name: string): Promise<void> {
  const { hosts: all } = await query<Listed>(page, "fleet.list", undefined);
  for (const host of all.filter((one) => one.name === name && one.revokedAt === null))
    await mutate(page, "fleet.revoke", { hostId: host.id });
}
