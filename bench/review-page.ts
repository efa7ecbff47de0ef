/**
 * What a reviewer waits for in the browser: from the press on a link to a review until its change and everything said about it stand on
 * the screen.
 *
 * `content-ms-in-chromium`: the whole product as `npm start` starts it, the review of `large-review.ts`, a browser that has seen the
 * console before (its scripts are cached); until the frame after the last thread is in the page. The peer is the limit of the machine: the
 * same markup, taken from that page, as one file without scripts from a bare server, in the same Chromium. In turns, median.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { freePort } from "@agent-factory/testkit/child-process";
import { temporaryDir } from "@agent-factory/testkit/postgres";
import { type Browser, chromium, type Page } from "@playwright/test";
import { signIn } from "../e2e/support/product.ts";
import { mutate, query } from "../e2e/support/publication.ts";
import type { Bench, Row } from "../scripts/bench.ts";
import { ensureTool, tools } from "../scripts/machine.ts";
import { freePortOffset, startProduct } from "../scripts/product.ts";
import { BASE, CHANGED, largeManifest, REPLIES, THREADS, threadOf } from "./large-review.ts";

const WARM_UPS = 2;
const ROUNDS = 15;
const READY_MS_MAX = 60_000;
const SIGNED_MS_MAX = 60_000;

/** In the page, from its first moment on: notes when the frame is drawn in which all threads stand in the change. */
const WATCH = `(() => {
  const threads = () => document.querySelectorAll('[role="grid"] [data-testid="thread"]').length;
  const look = () => {
    if (threads() < ${THREADS}) return requestAnimationFrame(look);
    requestAnimationFrame(() => { globalThis.contentAt = performance.now(); });
  };
  requestAnimationFrame(look);
})()`;

/** Milliseconds from the start of the navigation to the content. */
async function contentMs(page: Page, url: string): Promise<number> {
  await page.goto(url, { waitUntil: "commit" });
  for (const until = Date.now() + READY_MS_MAX; Date.now() < until; await page.waitForTimeout(100)) {
    const at = await page.evaluate<number | undefined>("globalThis.contentAt");
    if (at !== undefined) return at;
  }
  throw new Error(`${url} has no content after ${READY_MS_MAX} ms`);
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

async function measure(browser: Browser, origin: string): Promise<{ ours: number[]; bare: number[] }> {
  const open = async () => (await browser.newContext({ baseURL: origin, viewport: { width: 1440, height: 900 } })).newPage();
  const [editor, reviewer, plain] = [await open(), await open(), await open()];
  await signIn(editor, "acme-editor");
  await signIn(reviewer, "acme-reviewer");
  const address = `${origin}/reviews/${await furnish(editor, reviewer)}`;
  await editor.close();
  for (const page of [reviewer, plain]) await page.addInitScript(WATCH);
  await contentMs(reviewer, address);
  const bareServer = await serveBare(await reviewer.evaluate<string>(AS_ONE_FILE));
  const [ours, bare]: [number[], number[]] = [[], []];
  try {
    for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) {
      const [page, file] = [await contentMs(reviewer, address), await contentMs(plain, bareServer.url)];
      if (round < WARM_UPS) continue;
      ours.push(page);
      bare.push(file);
    }
  } finally {
    await bareServer.close();
  }
  return { ours, bare };
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
    const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
    try {
      const { ours, bare } = await measure(browser, product.urls.console);
      const [value, peerValue] = [Math.round(median(ours)), Math.round(median(bare))];
      return [
        {
          bench: "review-page",
          metric: "content-ms-in-chromium",
          ours: value,
          peer: "the same markup without scripts, as one file of a bare server",
          peerValue,
          ratio: Math.round((value / peerValue) * 100) / 100,
          unit: "ms",
          better: "lower",
        },
      ];
    } finally {
      await browser.close();
    }
  } finally {
    await product.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export const bench: Bench = { name: "review-page", run };
