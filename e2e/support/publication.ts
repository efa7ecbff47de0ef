import type { Browser, Page } from "@playwright/test";
import { signIn } from "./product.ts";

/** Calls a procedure from the page, as its signed-in person. */
export async function query<T>(page: Page, procedure: string, input: unknown): Promise<T> {
  return answerOf(page, `/api/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`, null);
}

export async function mutate<T>(page: Page, procedure: string, input: unknown): Promise<T> {
  return answerOf(page, `/api/trpc/${procedure}`, JSON.stringify(input));
}

async function answerOf<T>(page: Page, address: string, body: string | null): Promise<T> {
  return page.evaluate(
    async ([url, text]) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(url as string, text === null ? { headers } : { method: "POST", headers, body: text as string });
      const answer = (await response.json()) as { result: { data: never } };
      if (!response.ok) throw new Error(`${url}: ${JSON.stringify(answer)}`);
      return answer.result.data;
    },
    [address, body] as const,
  );
}

type Reviewed = {
  readonly id: string;
  readonly digest: string;
  readonly head: { readonly base: { readonly digest: string } | null; readonly policyRevision: string };
};

type Listed = { readonly versions: readonly { readonly semver: string; readonly signed: boolean }[] };

/**
 * A template of the test's own with its first version: written by the editor, approved by the reviewer, signed by the registry. Its code
 * is that of an example. `page` ends signed in as the editor.
 */
export async function publish(page: Page, browser: Browser, name: string): Promise<void> {
  await signIn(page, "acme-editor");
  const example = await query<{ source: string }>(page, "templates.getVersion", { name: "log-digest", semver: "1.0.0" });
  const source = example.source.replace(/^(\s+name:) log-digest$/m, `$1 ${name}`);
  const { draftId } = await mutate<{ draftId: string }>(page, "templates.create", { source });
  const { number } = await mutate<{ number: number }>(page, "reviews.request", {
    draftId,
    expectedRevision: 1,
    title: "The first version",
  });
  const context = await browser.newContext();
  try {
    const reviewer = await context.newPage();
    await signIn(reviewer, "acme-reviewer");
    const { id: reviewId, digest, head } = await query<Reviewed>(reviewer, "reviews.get", { number });
    await mutate(reviewer, "reviews.approve", {
      reviewId,
      digest,
      baseDigest: head.base?.digest ?? null,
      policyRevision: head.policyRevision,
    });
  } finally {
    await context.close();
  }
  const until = Date.now() + 30_000;
  while (!(await query<Listed>(page, "templates.get", { name })).versions.some(({ signed }) => signed)) {
    if (Date.now() > until) throw new Error(`${name} was not signed in time`);
    await page.waitForTimeout(200);
  }
}
