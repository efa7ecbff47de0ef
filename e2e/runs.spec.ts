import path from "node:path";
import { expectAccessible } from "./support/accessibility.ts";
import { newDraft, tryPane, tryState, typeInput, uploadCode } from "./support/drafts.ts";
import { expect, forgive, test } from "./support/product.ts";

const LOCKFILE = path.resolve(import.meta.dirname, "../package-lock.json");

test("a try on the project's own lockfile streams its log and output, and is found again after leaving the page", async ({ page }) => {
  await newDraft(page);
  const pane = tryPane(page);
  await pane.getByTestId("input-file").setInputFiles(LOCKFILE);
  await expect(pane.getByTestId("input-chip")).toContainText("package-lock.json");
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(tryState(page, "succeeded")).toBeVisible({ timeout: 60_000 });
  await expect(pane.getByRole("region", { name: "Output" })).toContainText("lockfileVersion");
  await expect(pane.getByTestId("run-usage")).toContainText("CPU time");
  await expect(pane.getByTestId("run-log")).toContainText(/Lockfile version 3 of agent-factory: \d{3,} packages/);

  await expect(page).toHaveURL(/run=/);
  await page.reload();
  await expect(tryState(page, "succeeded")).toBeVisible();
  await expect(pane.getByRole("region", { name: "Output" })).toContainText("lockfileVersion");

  await pane.getByRole("link", { name: "Open the run" }).click();
  await expect(page.getByTestId("run-events")).toContainText("Given to a host");
  await expectAccessible(page);
});

test("an input that is not JSON, or does not fit the template, says where and is not sent", async ({ page, misdeeds }) => {
  await newDraft(page);
  const pane = tryPane(page);
  await typeInput(page, '{"a": tru');
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(pane.getByRole("alert")).toContainText("not JSON: line 1");
  await typeInput(page, '{"lockfileVersion": 9}');
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(pane.getByTestId("input-issues")).toContainText("/lockfileVersion must be one of 1, 2 or 3.");
  await typeInput(page, '{"lockfileVersion": 3}');
  await expect(pane.getByTestId("input-issues")).toBeHidden();
  forgive(misdeeds, 422);
});

test("an exception shows its stack at the template's own code, and each of its places leads there", async ({ page }) => {
  await newDraft(page);
  await uploadCode(page, {
    "index.mjs": 'import { count } from "./lib/count.mjs";\n\nexport default function run(input) {\n  return count(input.packages);\n}\n',
    "lib/count.mjs": "export function count(packages) {\n  console.error('counting');\n  return packages.size;\n}\n",
  });
  const pane = tryPane(page);
  await typeInput(page, '{"lockfileVersion": 3}');
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(tryState(page, "failed")).toBeVisible({ timeout: 60_000 });

  const fault = pane.getByTestId("run-error");
  await expect(fault).toContainText("The template's code threw an exception.");
  await expect(fault).toContainText("TypeError: Cannot read properties of undefined (reading 'size')");
  await expect(fault.getByRole("list", { name: "Stack" }).getByRole("listitem")).toHaveText([
    "countlib/count.mjs:3:19",
    "runindex.mjs:4:10",
  ]);
  await expect(pane.getByTestId("run-log")).toContainText("counting");
  await expectAccessible(page);

  await page.getByRole("tab", { name: "manifest.yaml" }).click();
  await fault.getByRole("button", { name: "lib/count.mjs:3:19" }).click();
  const code = page.getByRole("tabpanel", { name: "Code" });
  await expect(code.getByRole("button", { name: "lib/count.mjs" })).toHaveAttribute("aria-current", "true");
  await expect(code.locator(".line-numbers.active-line-number")).toHaveText("3");
  await fault.getByRole("button", { name: "index.mjs:4:10" }).click();
  await expect(code.locator(".line-numbers.active-line-number")).toHaveText("4");
});

test("a run's log arrives while it runs, and cancelling ends it", async ({ page }) => {
  await newDraft(page);
  await uploadCode(page, {
    "index.mjs": `export default async function run(input, { log, emit, signal }) {
  for (let step = 0; step < 250; step += 1) {
    log("step " + step);
    emit({ step });
    await new Promise((resolve) => setTimeout(resolve, 100));
    signal.throwIfAborted();
  }
}
`,
  });
  const pane = tryPane(page);
  await typeInput(page, '{"lockfileVersion": 3}');
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  const log = pane.getByTestId("run-log");
  await expect(log.getByText("step 5", { exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(tryState(page, "running")).toBeVisible();
  await expect(pane).toContainText(/So far: the newest of \d+ partial results/);

  await pane.getByRole("button", { name: "Cancel" }).click();
  await expect(tryState(page, "cancelled")).toBeVisible();
  await expect(log).not.toContainText("step 249");
  await expectAccessible(page);
  // Another try is one click away.
  await expect(pane.getByRole("button", { name: "Run", exact: true })).toBeEnabled();
  await pane.getByRole("link", { name: "Open the run" }).click();
  await expect(page.getByTestId("run-events")).toContainText("Asked to cancel");
  await expect(page.getByTestId("run-events").getByRole("listitem").last()).toContainText("cancelled");
});

test("the list of runs filters by state and leads to each run", async ({ page }) => {
  await newDraft(page, "log-digest");
  const pane = tryPane(page);
  await pane
    .getByTestId("input-file")
    .setInputFiles({ name: "lines.json", mimeType: "application/json", buffer: Buffer.from('{"lines":["a 1","a 2"]}') });
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(tryState(page, "succeeded")).toBeVisible({ timeout: 60_000 });
  await page.goto("/runs?kind=try");
  await expect(page.getByRole("table")).toBeVisible();
  await page.goto("/runs?state=dead");
  await expect(page.getByRole("heading", { name: "No run matches" })).toBeVisible();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await page.getByRole("table").getByRole("link").first().click();
  await expect(page.getByTestId("run-events")).toBeVisible();
});
