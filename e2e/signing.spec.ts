import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Locator, Page } from "@playwright/test";
import { expectAccessible } from "./support/accessibility.ts";
import { expect, forgive, signIn, test } from "./support/product.ts";
import { publish, query } from "./support/publication.ts";

const PROOF = "/templates/dependency-audit/versions/1.0.0";
const project = path.resolve(import.meta.dirname, "..");

const verdict = (page: Page): Locator => page.getByTestId("verdict");
const step = (page: Page, name: string): Locator => page.getByTestId(`step-${name}`);

type Proof = { bundle: { dsseEnvelope: { payload: string } } | null; source: string };
type Batch = { result?: { data?: unknown } }[];

/** Changes what the registry says about a proof, on its way to the browser. */
async function onTheWay(page: Page, change: (proof: Proof) => void): Promise<void> {
  await changeAnswers(page, "signing.proof", (data) => change(data as Proof));
}

async function changeAnswers(page: Page, procedure: string, change: (data: unknown) => void): Promise<void> {
  await page.route(/\/api\/trpc\//, async (route) => {
    const names = new URL(route.request().url()).pathname.split("/").at(-1)?.split(",") ?? [];
    if (!names.includes(procedure)) return route.fallback();
    const response = await route.fetch();
    const answers = (await response.json()) as Batch;
    for (const [index, name] of names.entries()) if (name === procedure) change(answers[index]?.result?.data);
    await route.fulfill({ response, json: answers });
  });
}

/** Another character of base64 in its place. */
function withOtherByte(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
}

test("a version's proof is worked out in the browser: every step holds, and says who approved it", async ({ page }) => {
  await signIn(page, "acme-reviewer", PROOF);
  await expect(verdict(page)).toHaveAttribute("data-verdict", "allowed");
  await expect(verdict(page)).toContainText("dependency-audit 1.0.0 may run");
  const steps = page.getByTestId("steps").locator(":scope > li");
  await expect(steps).toHaveCount(12);
  for (const one of await steps.all()) await expect(one).toHaveAttribute("data-state", "held");
  await step(page, "checkpoint").locator("summary").click();
  await expect(step(page, "checkpoint").getByRole("listitem")).toHaveCount(3);
  await expect(step(page, "checkpoint")).toContainText("Root hash");
  const approvals = page.getByRole("region", { name: "Who let it through" });
  await expect(approvals).toContainText("Rui Costa approved");
  await expect(approvals.getByRole("link", { name: /Review \d+/ })).toHaveAttribute("href", /\/reviews\/\d+/);
  await expectAccessible(page);
});

test("one changed byte of the signed statement is refused at its step, and nothing it says is shown", async ({ page }) => {
  await signIn(page, "acme-editor");
  await onTheWay(page, ({ bundle }) => {
    if (bundle) bundle.dsseEnvelope.payload = withOtherByte(bundle.dsseEnvelope.payload, 200);
  });
  await page.goto(PROOF);
  await expect(verdict(page)).toHaveAttribute("data-verdict", "refused");
  await expect(verdict(page)).toContainText("Step 4: The signature does not fit the statement");
  await expect(step(page, "signature")).toHaveAttribute("data-state", "refused");
  await expect(step(page, "digest")).toHaveAttribute("data-state", "held");
  await expect(page.getByRole("region", { name: "Who let it through" })).not.toContainText("Rui Costa");
  await expect(page.getByRole("button", { name: "Run 1.0.0" })).toHaveAttribute("aria-disabled", "true");
  await expectAccessible(page);
  // The page of the template warns of it too.
  await page.goto("/templates/dependency-audit");
  await expect(page.getByRole("alert").filter({ hasText: "The proof of 1.0.0 does not hold" })).toBeVisible();
});

test("one changed byte of the manifest is refused at its digest", async ({ page }) => {
  await signIn(page, "acme-editor");
  await onTheWay(page, (proof) => {
    proof.source = proof.source.replace("team-platform", "team-platforn");
  });
  await page.goto(PROOF);
  await expect(verdict(page)).toContainText("Step 1: The manifest shown here is not the one that was published");
  await expect(step(page, "signature")).toHaveAttribute("data-state", "held");
  await expect(step(page, "statement")).toHaveAttribute("data-state", "refused");
});

test("a version that waits for its signature says so, and its page goes on by itself", async ({ page }) => {
  await signIn(page, "acme-editor");
  let unsigned = true;
  await onTheWay(page, (proof) => {
    if (unsigned) proof.bundle = null;
  });
  await page.goto(PROOF);
  await expect(verdict(page)).toHaveAttribute("data-verdict", "waiting");
  await expect(page.getByRole("button", { name: "Bundle" })).toHaveAttribute("aria-disabled", "true");
  await expectAccessible(page);
  unsigned = false;
  await expect(verdict(page)).toHaveAttribute("data-verdict", "allowed");
});

test("what the proof page gives to take along verifies without the registry", async ({ page }) => {
  await signIn(page, "acme-editor", PROOF);
  await expect(verdict(page)).toHaveAttribute("data-verdict", "allowed");
  const directory = mkdtempSync(path.join(tmpdir(), "proof-"));
  try {
    for (const name of ["Bundle", "Manifest", "Trust material"]) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name, exact: true }).click()]);
      await download.saveAs(path.join(directory, download.suggestedFilename()));
    }
    const command =
      (
        await page
          .getByRole("figure", { name: /^Every step above/ })
          .locator("pre")
          .textContent()
      )?.split(" ") ?? [];
    expect(command.slice(0, 5)).toEqual(["npm", "run", "-s", "verify-bundle", "--"]);
    const files = command.slice(5).map((file) => path.join(directory, file));
    const ended = spawnSync("npm", [...command.slice(1, 5), ...files], { encoding: "utf8", cwd: project });
    expect(ended.stdout).toContain("acme/templates/dependency-audit@1.0.0 may run");
    expect(ended.status).toBe(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("a version is run from its template's page, with an input that says where it is wrong, and its runner is named", async ({
  page,
  misdeeds,
}) => {
  await signIn(page, "acme-editor", "/templates/log-digest");
  await page.getByRole("table", { name: "Versions" }).getByRole("button", { name: "Run 1.0.0" }).click();
  const dialog = page.getByRole("dialog", { name: "Run log-digest 1.0.0" });
  await dialog
    .getByTestId("input-file")
    .setInputFiles({ name: "odd.json", mimeType: "application/json", buffer: Buffer.from('{"lines": tru') });
  await dialog.getByRole("button", { name: "Run", exact: true }).click();
  await expect(dialog.getByRole("alert")).toContainText("not JSON: line 1");
  await dialog
    .getByTestId("input-file")
    .setInputFiles({ name: "odd.json", mimeType: "application/json", buffer: Buffer.from('{"lines": 3}') });
  await dialog.getByRole("button", { name: "Run", exact: true }).click();
  await expect(dialog.getByTestId("input-issues")).toContainText("/lines");
  forgive(misdeeds, 422);
  await expectAccessible(page);
  const good = Buffer.from(JSON.stringify({ lines: ["user 1 logged in", "user 2 logged in"] }));
  await dialog.getByTestId("input-file").setInputFiles({ name: "log.json", mimeType: "application/json", buffer: good });
  await dialog.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
  await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "succeeded", { timeout: 60_000 });
  await page.goto("/templates/log-digest");
  await expect(page.getByRole("region", { name: "Who runs it" })).toContainText("Emma Laurent");
});

test("a revoked version says who, when and why, and is not run any more", async ({ page, browser, misdeeds }) => {
  // Two people, a review and a signature come before it.
  test.slow();
  const name = `revoked-${Date.now()}`;
  await publish(page, browser, name);
  await page.goto(`/templates/${name}`);
  // An editor sees what operators can do, and who that is.
  await page.getByRole("button", { name: "More for 1.0.0" }).click();
  await expect(page.getByRole("menuitem", { name: /^Revoke/ })).toContainText("Operators and administrators can");
  await expectAccessible(page);

  const context = await browser.newContext();
  const operator = await context.newPage();
  await signIn(operator, "acme-operator", `/templates/${name}`);
  await operator.getByRole("button", { name: "More for 1.0.0" }).click();
  await operator.getByRole("menuitem", { name: /^Revoke/ }).click();
  const dialog = operator.getByRole("dialog", { name: "Revoke 1.0.0 for good?" });
  await expect(dialog.getByTestId("revocation")).toContainText("No run of it is waiting or going on.");
  await expect(dialog.getByTestId("revocation")).toContainText("nothing of the template can");
  await dialog.getByRole("button", { name: "Revoke 1.0.0" }).click();
  await expect(dialog).toContainText("Say why, in a few words.");
  await dialog.getByRole("textbox", { name: "Why" }).fill("It counts lines twice");
  await dialog.getByRole("button", { name: "Revoke 1.0.0" }).click();
  await expect(operator.getByRole("alert").filter({ hasText: "1.0.0 is revoked" })).toContainText("Otto Berg");
  await context.close();

  await page.goto(`/templates/${name}`);
  const banner = page.getByRole("alert").filter({ hasText: "1.0.0 is revoked" });
  await expect(banner).toContainText("It counts lines twice");
  await expect(banner).toContainText("No version of this template can run now.");
  const run = page.getByRole("table", { name: "Versions" }).getByRole("button", { name: "Run 1.0.0" });
  await expect(run).toHaveAttribute("aria-disabled", "true");

  // Past the button: the registry refuses by itself, in a sentence.
  await page.goto(`/templates/${name}?run=1.0.0`);
  const asking = page.getByRole("dialog", { name: `Run ${name} 1.0.0` });
  await asking
    .getByTestId("input-file")
    .setInputFiles({ name: "log.json", mimeType: "application/json", buffer: Buffer.from('{"lines":["a"]}') });
  await asking.getByRole("button", { name: "Run", exact: true }).click();
  await expect(asking.getByRole("alert")).toContainText(/revoked|no version/i);
  misdeeds.consoleErrors.splice(0);

  await page.goto(`/templates/${name}/versions/1.0.0`);
  await expect(verdict(page)).toHaveAttribute("data-verdict", "revoked");
  await expect(verdict(page)).toContainText("It counts lines twice");
  // It was approved all the same, and the rest of its proof still holds.
  await expect(page.getByRole("region", { name: "Who let it through" })).toContainText("Rui Costa approved");
  await expect(step(page, "inclusion")).toHaveAttribute("data-state", "held");
});

test("a version is deprecated with a reason, still runs for who names it, and the deprecation is taken back", async ({ page, browser }) => {
  test.slow();
  const name = `deprecated-${Date.now()}`;
  await publish(page, browser, name);
  await page.goto(`/templates/${name}`);
  await page.getByRole("button", { name: "More for 1.0.0" }).click();
  await page.getByRole("menuitem", { name: /^Deprecate/ }).click();
  await page.getByRole("textbox", { name: "Why" }).fill("Another is coming");
  await page.getByRole("button", { name: "Deprecate 1.0.0" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "1.0.0 is deprecated" })).toContainText("Another is coming");
  await expect(page.getByRole("table", { name: "Versions" }).getByRole("button", { name: "Run 1.0.0" })).not.toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await page.goto(`/templates/${name}/versions/1.0.0`);
  await expect(verdict(page)).toHaveAttribute("data-verdict", "allowed");
  await expect(page.getByText("Another is coming")).toBeVisible();
  await page.goto(`/templates/${name}`);
  await page.getByRole("button", { name: "More for 1.0.0" }).click();
  await page.getByRole("menuitem", { name: "Take the deprecation back" }).click();
  await expect(page.getByText("Another is coming")).toHaveCount(0);
});

test("an own entry of the log leads to its version and is found in the log by the browser; a changed one is not", async ({ page }) => {
  await signIn(page, "acme-reviewer", "/trust/log");
  await expect(page.getByTestId("head")).toHaveAttribute("data-state", "held");
  await expectAccessible(page);
  const { versions } = await query<{ versions: { logIndex: number }[] }>(page, "templates.get", { name: "dependency-audit" });
  const index = versions.at(-1)?.logIndex ?? -1;
  await page.getByRole("textbox", { name: "Go to entry" }).fill(String(index));
  await page.getByRole("button", { name: "Go", exact: true }).click();
  await page.waitForURL(new RegExp(`/trust/log/${index}$`));
  await expect(page.getByTestId("entry-verdict")).toHaveAttribute("data-state", "held");
  await expect(page.getByRole("link", { name: /dependency-audit@1\.0\.0/ })).toHaveAttribute("href", PROOF);
  await expectAccessible(page);

  await changeAnswers(page, "signing.logEntry", (data) => {
    const entry = data as { body: string };
    entry.body = entry.body.replace("sha256", "sha257");
  });
  await page.reload();
  await expect(page.getByTestId("entry-verdict")).toHaveAttribute("data-state", "refused");
  await expect(page.getByTestId("log-step-leaf")).toHaveAttribute("data-state", "refused");
  await expect(page.getByTestId("log-step-signature")).toHaveAttribute("data-state", "held");
});

test("the log is paged by index, and the page stands in the address", async ({ page }) => {
  await signIn(page, "acme-reviewer", "/trust/log?before=3");
  const entries = page.getByRole("table", { name: "Entries" });
  await expect(entries.getByRole("link", { name: /^Entry/ })).toHaveText(["2", "1", "0"]);
  await page.getByRole("button", { name: "Newer" }).click();
  await expect(entries.getByRole("link", { name: "Entry 3", exact: true })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/before=3/);
  await expect(entries.getByRole("link", { name: /^Entry/ })).toHaveCount(3);
});

test("keys rotate at a word of an administrator; distrust names what would no longer run before it asks", async ({ page, browser }) => {
  const context = await browser.newContext();
  const editor = await context.newPage();
  await signIn(editor, "acme-editor", "/trust");
  await editor.getByRole("button", { name: "Rotate now" }).hover();
  await expect(editor.getByRole("tooltip")).toContainText("Administrators can");
  await context.close();

  await signIn(page, "acme-admin", "/trust");
  const keys = page.getByRole("table", { name: "Signing keys" });
  const before = await keys.getByRole("row").count();
  await page.getByRole("button", { name: "Rotate now" }).click();
  await page.getByRole("button", { name: "Rotate the key" }).click();
  await expect(keys.getByRole("row")).not.toHaveCount(before);
  await expect(keys.getByRole("row").filter({ hasText: "signs" }).first()).toBeVisible();
  await expectAccessible(page);

  // The key that signed the examples is the oldest.
  await keys
    .getByRole("button", { name: /^Distrust the key/ })
    .last()
    .click();
  const dialog = page.getByRole("dialog", { name: /^Distrust the key/ });
  await dialog.getByRole("combobox").click();
  await page.getByRole("option", { name: "From its very beginning" }).click();
  await expect(dialog.getByTestId("distrust-impact")).toContainText("dependency-audit 1.0.0");
  await dialog.getByRole("button", { name: /^Distrust / }).click();
  await expect(dialog).toContainText("Say why, in a few words.");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Cancel" }).first().click();
  // Nothing was distrusted, and what the old key signed still verifies.
  await page.goto(PROOF);
  await expect(verdict(page)).toHaveAttribute("data-verdict", "allowed");
});

test("the trust pages, the proof and the template's page stand in French, also where the screen is narrow", async ({
  page,
  context,
  baseURL,
}) => {
  test.slow();
  await context.addCookies([{ name: "locale", value: "fr", url: baseURL ?? "" }]);
  await page.setViewportSize({ width: 390, height: 844 });
  const narrow = async () => {
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(overflow, `${page.url()} scrolls sideways`).toBeLessThanOrEqual(0);
    await expectAccessible(page);
  };
  await signIn(page, "acme-admin", PROOF);
  await expect(verdict(page)).toContainText("dependency-audit 1.0.0 peut s'exécuter");
  await narrow();
  await page.goto("/trust");
  await expect(page.getByRole("heading", { name: "Confiance" })).toBeVisible();
  await expect(page.getByRole("table", { name: "Clés de signature" })).toBeVisible();
  await narrow();
  await page.goto("/trust/log");
  await expect(page.getByTestId("head")).toContainText("tient");
  await narrow();
  await page.goto("/trust/log/0");
  await expect(page.getByTestId("entry-verdict")).toContainText("L'entrée 0 est dans le journal");
  await narrow();
  await page.goto("/templates/dependency-audit");
  await expect(page.getByRole("table", { name: "Versions" })).toContainText("publiée");
  await narrow();
});
