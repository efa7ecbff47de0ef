import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Page } from "@playwright/test";

/** The README's picture of what the page shows, when `npm run screenshots` asks for it; nothing otherwise. */
export async function picture(page: Page, name: string): Promise<void> {
  const { SCREENSHOTS_DIR } = process.env;
  if (!SCREENSHOTS_DIR) return;
  mkdirSync(SCREENSHOTS_DIR, { recursive: true });
  await page.evaluate("scrollTo(0, 0)");
  await page.mouse.move(0, 0);
  await page.screenshot({ path: path.join(SCREENSHOTS_DIR, `${name}.png`), animations: "disabled" });
}
