import { expectAccessible } from "./support/accessibility.ts";
import { expect, type Person, signIn, test } from "./support/product.ts";

/** What each role's day begins with. */
const begins: readonly (readonly [Person, string, readonly string[]])[] = [
  ["acme-editor", "Emma Laurent", ["My drafts", "Last runs"]],
  ["acme-reviewer", "Rui Costa", ["Needs you"]],
  ["acme-operator", "Otto Berg", ["Rollouts under way", "Hosts"]],
  ["acme-manager", "Mina Okafor", ["Budgets and objectives at risk", "Costs"]],
  ["acme-admin", "Ada Novak", ["Rollouts under way", "Hosts"]],
];

for (const [person, name, panels] of begins) {
  test(`home begins with what concerns ${person.replace("acme-", "")}s`, async ({ page }) => {
    await signIn(page, person);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Hello, ${name}`);
    for (const panel of panels) await expect(page.getByRole("heading", { name: panel }).first()).toBeVisible();
    await expectAccessible(page);
  });
}
