import { defineConfig } from "@playwright/test";
import { findCommand, tools } from "./scripts/machine.ts";

/**
 * One Chromium, one product: tests own their data, and run one file at a time on a small machine. The limits are those of a machine
 * that does much else meanwhile; what must be quick is measured in bench/, not here.
 */
export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  outputDir: "test-results",
  globalSetup: "./e2e/support/global-setup.ts",
  timeout: 240_000,
  expect: { timeout: 20_000 },
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"], ["./scripts/playwright-reporter.ts"]],
  use: {
    baseURL: process.env.E2E_CONSOLE_URL ?? "http://127.0.0.1:4000",
    locale: "en-GB",
    timezoneId: "Europe/Paris",
    viewport: { width: 1440, height: 900 },
    // Recording every page as it was at each step takes a small machine a fifth of the run: it is asked for where it is wanted.
    trace: process.env.E2E_TRACE ? { mode: "retain-on-failure", screenshots: false } : "off",
    screenshot: "only-on-failure",
    actionTimeout: 30_000,
    launchOptions: {
      ...(findCommand(...tools.chromium.commands) ? { executablePath: findCommand(...tools.chromium.commands) as string } : {}),
      args: [
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
      ],
    },
  },
});
