import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "./product.ts";

/** Resolves when the page shows its colours: those of a theme that was just chosen fade in, and what has not arrived has no contrast. */
const SETTLED = `(async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity);
  await Promise.allSettled(ending.map((one) => one.finished));
})()`;

const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
/** What depends on the theme alone. The rest of a page is the same in both, and is looked at once. */
const CONTRAST = ["color-contrast"];

/** No violation of WCAG 2.1, level A or AA, on the page as it stands, in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    await page.evaluate(SETTLED);
    // In the page itself: our pages hold no frames, and a second page to gather their results in takes longer than the search.
    const axe = new AxeBuilder({ page }).setLegacyMode(true);
    const { violations } = await (colorScheme === "light" ? axe.withTags(LEVELS) : axe.withRules(CONTRAST)).analyze();
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    expect(found, `on ${new URL(page.url()).pathname}, ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null });
}
