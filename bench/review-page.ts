/**
 * What a reviewer waits for in the browser, until the change and everything said about it stand on the screen; the whole product as
 * `npm start` starts it, the review of `large-review.ts`, and a browser with a profile that has seen the console before.
 *
 * `content-ms-in-chromium`: from the press on the review in the queue. `content-ms-in-chromium-opened`: from an address that is opened anew,
 * with all scripts. Both until the frame after the last thread is in the page. The peer is the limit of the machine: the same markup, taken
 * from that page, as one file without scripts from a bare server, in the same Chromium. In turns, median.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { freePort } from "@agent-factory/testkit/child-process";
import { temporaryDir } from "@agent-factory/testkit/postgres";
import { type Browser, type BrowserContext, chromium, type Page } from "@playwright/test";
import { signIn } from "../e2e/support/product.ts";
import { mutate, query } from "../e2e/support/publication.ts";
import type { Bench, Row } from "../scripts/bench.ts";
import { ensureTool, tools } from "../scripts/machine.ts";
import { freePortOffset, startProduct } from "../scripts/product.ts";
import { median } from "./figures.ts";
import { BASE, CHANGED, largeManifest, REPLIES, THREADS, threadOf } from "./large-review.ts";

const WARM_UPS = 3;
const ROUNDS = 11;
const READY_MS_MAX = 60_000;
const SIGNED_MS_MAX = 60_000;

/** In the page, from its first moment on: when a press was made, and when the frame is drawn in which all threads stand in the change. */
const WATCH = `(() => {
  globalThis.pressedAt = 0;
  addEventListener("click", () => { globalThis.pressedAt = performance.now(); }, true);
  const threads = () => document.querySelectorAll('[role="grid"] [data-testid="thread"]').length;
  const look = () => {
    if (threads() < ${THREADS}) return requestAnimationFrame(look);
    requestAnimationFrame(() => { globalThis.contentAt = performance.now(); });
  };
  requestAnimationFrame(look);
})()`;

/** Milliseconds from what began it (the navigation, or a press in the page) to the content. */
async function contentMs(page: Page, begin: () => Promise<unknown>): Promise<number> {
  await begin();
  for (const until = Date.now() + READY_MS_MAX; Date.now() < until; await page.waitForTimeout(100)) {
    const ms = await page.evaluate<number | null>("globalThis.contentAt ? globalThis.contentAt - globalThis.pressedAt : null");
    if (ms !== null) return ms;
  }
  throw new Error(`${page.url()} has no content after ${READY_MS_MAX} ms`);
}

const opening = (page: Page, url: string) => contentMs(page, () => page.goto(url, { waitUntil: "commit" }));

/** From the queue, which stands and has had the time to fetch what it fetches when it is idle. */
async function pressing(page: Page, number: number): Promise<number> {
  await page.goto("/reviews", { waitUntil: "networkidle" });
  const link = page.locator(`a[href$="/reviews/${number}"]`).first();
  await link.hover();
  await page.waitForTimeout(500);
  return contentMs(page, () => link.click());
}

/** The demo's editor asks for the review of a large change, and both sides talk about it. Returns its number. */
async function furnish(editor: Page, reviewer: Page): Promise<number> {
  const example = await query<{ source: string }>(editor, "templates.getVersion", { name: "log-digest", semver: "1.0.0" });
  const code = /archive: "?(sha256:[0-9a-f]{64})/.exec(example.source)?.[1];
  if (!code) throw new Error("the example names no code archive");
  const approve = async (number: number) => {
    type Reviewed = { id: string; digest: string; head: { base: { digest: string } | null; policyRevision: string } };
    const { id: reviewId, digest, head } = await query<Reviewed>(reviewer, "reviews.get", { number });
    const { policyRevision } = head;
    await mutate(reviewer, "reviews.approve", { reviewId, digest, baseDigest: head.base?.digest ?? null, policyRevision });
  };
  const { draftId } = await mutate<{ draftId: string }>(editor, "templates.create", { source: largeManifest(code, BASE) });
  await approve((await mutate<{ number: number }>(editor, "reviews.request", { draftId, expectedRevision: 1, title: "First" })).number);
  const isSigned = async () =>
    (await query<{ versions: { signed: boolean }[] }>(editor, "templates.get", { name: "large" })).versions.some(({ signed }) => signed);
  for (const until = Date.now() + SIGNED_MS_MAX; !(await isSigned()); await editor.waitForTimeout(200))
    if (Date.now() > until) throw new Error("the first version was not signed in time");

  const next = await mutate<{ draftId: string }>(editor, "drafts.create", { templateName: "large" });
  const { revision } = await query<{ revision: number }>(editor, "drafts.get", next);
  const saved = await mutate<{ revision: number }>(editor, "drafts.save", {
    draftId: next.draftId,
    expectedRevision: revision,
    source: largeManifest(code, CHANGED),
  });
  const { reviewId, number } = await mutate<{ reviewId: string; number: number }>(editor, "reviews.request", {
    draftId: next.draftId,
    expectedRevision: saved.revision,
    title: "Second",
  });
  for (let thread = 0; thread < THREADS; thread += 1) {
    const { pointer, question, answer } = threadOf(thread);
    const { commentId } = await mutate<{ commentId: string }>(reviewer, "reviews.comment", { reviewId, pointer, body: question });
    for (let reply = 0; reply < REPLIES; reply += 1)
      await mutate(editor, "reviews.comment", { reviewId, threadId: commentId, body: answer });
  }
  return number;
}

/** One file, from memory, by a server that does nothing else. */
async function serveBare(html: string): Promise<{ url: string; close(): Promise<unknown> }> {
  const port = await freePort();
  const server = createServer((_, response) => response.setHeader("content-type", "text/html; charset=utf-8").end(html));
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${port}/`, close: () => new Promise((done) => server.close(done)) };
}

/** The page as it stands, with its styles in it and without any script. */
const AS_ONE_FILE = `(() => {
  const styles = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText)).join("\\n");
  const copy = document.documentElement.cloneNode(true);
  for (const one of copy.querySelectorAll('script, link, style')) one.remove();
  copy.querySelector("head").insertAdjacentHTML("beforeend", "<style>" + styles + "</style>");
  return "<!doctype html>" + copy.outerHTML;
})()`;

type Measured = { readonly pressed: number[]; readonly opened: number[]; readonly bare: number[] };

async function measure(context: BrowserContext): Promise<Measured> {
  const page = await context.newPage();
  await signIn(page, "acme-editor");
  const others = await (context.browser() as Browser).newContext({ baseURL: process.env.E2E_CONSOLE_URL as string });
  const reviewer = await others.newPage();
  await signIn(reviewer, "acme-reviewer");
  const number = await furnish(page, reviewer);
  await others.close();
  const plain = await context.newPage();
  for (const one of [page, plain]) await one.addInitScript(WATCH);
  const address = `/reviews/${number}`;
  await opening(page, address);
  const bareServer = await serveBare(await page.evaluate<string>(AS_ONE_FILE));
  const measured: Measured = { pressed: [], opened: [], bare: [] };
  try {
    for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) {
      const said = {
        pressed: await pressing(page, number),
        opened: await opening(page, address),
        bare: await opening(plain, bareServer.url),
      };
      console.error(`pressed ${Math.round(said.pressed)}, opened ${Math.round(said.opened)}, bare ${Math.round(said.bare)} ms`);
      if (round < WARM_UPS) continue;
      for (const how of ["pressed", "opened", "bare"] as const) measured[how].push(said[how]);
    }
  } finally {
    await bareServer.close();
  }
  return measured;
}

async function run(): Promise<Row[]> {
  const dataDir = temporaryDir("bench-review-page");
  const note = (text: string) => console.error(text);
  const product = await startProduct({
    dataDir,
    portOffset: await freePortOffset(),
    mode: "start",
    progress: { note, step: (title, work) => work((detail) => note(`${title}: ${detail}`)) },
    onEnd: note,
  });
  try {
    process.env.E2E_CONSOLE_URL = product.urls.console;
    process.env.E2E_IDENTITY_URL = product.urls.identity;
    const executablePath = ensureTool(tools.chromium, note);
    const context = await chromium.launchPersistentContext(join(dataDir, "profile"), {
      executablePath,
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
      baseURL: product.urls.console,
      viewport: { width: 1440, height: 900 },
    });
    try {
      const { pressed, opened, bare } = await measure(context);
      return [row("content-ms-in-chromium", pressed, bare), row("content-ms-in-chromium-opened", opened, bare)];
    } finally {
      await context.close();
    }
  } finally {
    await product.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function row(metric: string, ours: readonly number[], bare: readonly number[]): Row {
  const [value, peerValue] = [Math.round(median(ours)), Math.round(median(bare))];
  return {
    bench: "review-page",
    metric,
    ours: value,
    peer: "the same markup without scripts, as one file of a bare server",
    peerValue,
    ratio: Math.round((value / peerValue) * 100) / 100,
    unit: "ms",
    better: "lower",
  };
}

export const bench: Bench = { name: "review-page", run };
