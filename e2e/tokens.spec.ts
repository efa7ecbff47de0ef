import { expectAccessible } from "./support/accessibility.ts";
import { expect, signIn, test } from "./support/product.ts";

/** Where the REST API listens: the ports of a product keep their distance. */
const registryUrl = (): string => {
  const url = new URL(process.env.E2E_CONSOLE_URL ?? "http://127.0.0.1:4000");
  url.port = String(Number(url.port) + 100);
  return url.origin;
};

test("a token's secret is shown once and does what its roles say, until it is revoked", async ({ page }) => {
  const name = `nightly-${Date.now()}`;
  await signIn(page, "acme-admin", "/tokens");
  await page.getByRole("button", { name: "Create a token" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Create a token" });
  await dialog.getByRole("button", { name: "Create a token" }).click();
  await expect(dialog).toContainText("Give a name.");
  await expectAccessible(page);
  await dialog.getByRole("textbox", { name: /^Name/ }).fill(name);
  await dialog.getByRole("checkbox", { name: /^Runner/ }).setChecked(false);
  await dialog.getByRole("button", { name: "Create a token" }).click();
  await expect(dialog).toContainText("Choose at least one role.");
  await dialog.getByRole("checkbox", { name: /^Observer/ }).setChecked(true);
  await dialog.getByRole("button", { name: "Create a token" }).click();

  const kept = page.getByRole("dialog", { name: `Keep the secret of ${name}` });
  const secret = (await kept.getByTestId("token-secret").textContent()) ?? "";
  expect(secret).toMatch(/^aft_/);
  await expectAccessible(page);
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${registryUrl()}/v1/${path}`, { ...init, headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" } });
  expect((await call("runs")).status).toBe(200);
  const submitted = await call("runs", {
    method: "POST",
    body: JSON.stringify({ template: "log-digest", channel: "production", input: {} }),
  });
  expect(submitted.status).toBe(403);
  expect(submitted.headers.get("content-type")).toContain("application/problem+json");

  await kept.getByRole("button", { name: "I have kept it" }).last().click();
  const row = page.getByRole("row").filter({ hasText: name });
  await expect(row).toContainText("observer");
  await page.reload();
  await expect(page.getByRole("main")).not.toContainText(secret);

  await page.getByRole("button", { name: `Revoke ${name}` }).click();
  await page
    .getByRole("dialog")
    .or(page.getByRole("alertdialog"))
    .getByRole("button", { name: /^Revoke/ })
    .click();
  await expect(row).toContainText("revoked");
  expect((await call("runs")).status).toBe(401);
  await expectAccessible(page);
});

test("the API describes itself, and its reference is read without a sign-in", async ({ page }) => {
  const description = (await (await fetch(`${registryUrl()}/v1/openapi.json`)).json()) as {
    openapi: string;
    paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  };
  expect(description.openapi).toMatch(/^3\.1\./);
  const reference = await page.request.get(`${registryUrl()}/v1/docs`);
  expect(reference.status()).toBe(200);
  const text = await reference.text();
  expect(Object.keys(description.paths)).toContain("/v1/runs");
  for (const [path, methods] of Object.entries(description.paths)) {
    expect(text).toContain(`<code>${path}</code>`);
    for (const { operationId } of Object.values(methods)) expect(text).toContain(`id="${operationId}"`);
  }
});
