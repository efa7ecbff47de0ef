import { type BrowserContext, test as base, expect, type Locator, type Page } from "@playwright/test";

export { expect, type Locator, type Page };

/** The demo's people, by what they do. */
export type Person = "acme-editor" | "acme-reviewer" | "acme-manager" | "acme-operator" | "acme-admin" | "globex-editor";

const emails: Record<Person, string> = {
  "acme-editor": "editor@acme.test",
  "acme-reviewer": "reviewer@acme.test",
  "acme-manager": "manager@acme.test",
  "acme-operator": "operator@acme.test",
  "acme-admin": "admin@acme.test",
  "globex-editor": "editor@globex.test",
};

/** What a page did that no page may do. A test that provokes such a thing on purpose takes it out again. */
export type Misdeeds = { readonly consoleErrors: string[]; readonly foreignRequests: string[] };

const consoleUrl = (): string => process.env.E2E_CONSOLE_URL ?? "http://127.0.0.1:4000";
const identityUrl = (): string => process.env.E2E_IDENTITY_URL ?? "http://127.0.0.1:4300";

/**
 * Playwright's `test` on the running product. Every test fails when a page wrote an error to the browser's console, threw, or sent
 * a request to another origin than the console and the identity provider.
 */
export const test = base.extend<{ misdeeds: Misdeeds; watched: undefined }>({
  misdeeds: async ({ browserName: _ }, use) => {
    await use({ consoleErrors: [], foreignRequests: [] });
  },
  baseURL: async ({ browserName: _ }, use) => {
    await use(consoleUrl());
  },
  watched: [
    async ({ context, misdeeds }, use) => {
      const own = [new URL(consoleUrl()).origin, new URL(identityUrl()).origin];
      context.on("request", (request) => {
        const url = new URL(request.url());
        if (/^(https?|wss?):$/.test(url.protocol) && !own.includes(url.origin)) misdeeds.foreignRequests.push(request.url());
      });
      context.on("console", (message) => {
        if (message.type() === "error") misdeeds.consoleErrors.push(`${message.text()} (${message.page()?.url() ?? "?"})`);
      });
      context.on("weberror", (error) => misdeeds.consoleErrors.push(String(error.error())));
      await use(undefined);
      expect(misdeeds.foreignRequests, "requests to another origin").toEqual([]);
      expect(misdeeds.consoleErrors, "errors in the browser's console").toEqual([]);
    },
    { auto: true },
  ],
});

/** Takes out what the browser says of refused requests, of one status only: the test provoked them, and looked at what the page says. */
export function forgive(misdeeds: Misdeeds, status: number): void {
  const rest = misdeeds.consoleErrors.filter((error) => !error.includes(`responded with a status of ${status} `));
  misdeeds.consoleErrors.splice(0, misdeeds.consoleErrors.length, ...rest);
}

type Session = { readonly cookies: Awaited<ReturnType<BrowserContext["cookies"]>>; readonly at: number };

/** Sessions are shared between tests while they are younger than this: long before their access token is renewed. */
const SHARED_MS_MAX = 240_000;
const SESSION_COOKIE = /session-token/;
const sessions = new Map<Person, Session>();

/**
 * Signs a person in, and ends on the console. The first time through the identity provider's own page, as a person does; soon after
 * that with the session that came of it.
 */
export async function signIn(page: Page, person: Person, path = "/"): Promise<void> {
  const known = sessions.get(person);
  if (known && Date.now() - known.at < SHARED_MS_MAX) {
    await page.context().clearCookies({ name: SESSION_COOKIE });
    await page.context().addCookies(known.cookies);
    await page.goto(path);
    return answering(page);
  }
  await signInAtProvider(page, person, path);
  const cookies = await page.context().cookies(consoleUrl());
  sessions.set(person, { cookies: cookies.filter(({ name }) => SESSION_COOKIE.test(name)), at: Date.now() });
  await answering(page);
}

/** Whether React has taken over every button that the server sent. */
const ANSWERS = `(() => {
  const buttons = [...document.querySelectorAll("button")];
  return buttons.length > 0 && buttons.every((one) => Object.keys(one).some((key) => key.startsWith("__reactFiber$")));
})()`;

/** Resolves when the page's buttons do something, however slow the machine is. */
async function answering(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(ANSWERS).catch(() => false), { message: "the page answers", timeout: 60_000 }).toBe(true);
}

async function signInAtProvider(page: Page, person: Person, path: string): Promise<void> {
  await page.goto(path);
  await onIdentity(page, () => page.getByRole("textbox").fill(emails[person]));
  await page.getByRole("button", { name: /^(continue|continuer)$/i }).click();
  await page.waitForURL((url) => url.origin === new URL(consoleUrl()).origin && !/\/(api\/auth|sign-?in)/.test(url.pathname));
}

/** Waits for the provider's page; where the console asks first with a page of its own, its button is pressed. */
async function onIdentity(page: Page, then: () => Promise<void>): Promise<void> {
  const provider = page.waitForURL((url) => url.origin === new URL(identityUrl()).origin);
  const button = page.getByRole("button", { name: /^(continue with|continuer avec)/i });
  await Promise.race([provider, button.click().then(() => provider)]);
  await then();
}
