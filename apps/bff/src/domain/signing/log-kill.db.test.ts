/** Processes that die while they append, and processes that append at once: one tree, no gap, every promise kept. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { openTestKernel } from "../../seed/test-kernel.ts";
import type { AppenderOrder, Promised } from "./test-appender.ts";
import { faultsOf, leaf, openTestLog, requireWholeTree } from "./test-log.ts";

async function openPlace() {
  const kernel = await openTestKernel({ tenants: false });
  const stateDir = await mkdtemp(path.join(tmpdir(), "log-"));
  const { tenantUrl, systemUrl } = kernel.db;
  return {
    fastDatabase: kernel.fastDatabase,
    stateDir,
    run: (order: Omit<AppenderOrder, "tenantUrl" | "systemUrl" | "stateDir">) => runAppender({ tenantUrl, systemUrl, stateDir, ...order }),
    [Symbol.asyncDispose]: async () => {
      await kernel[Symbol.asyncDispose]();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

async function runAppender(order: AppenderOrder): Promise<{ signal: string | null; promises: Promised[] }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "test-appender.ts"), JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (part: Buffer) => {
    said += part.toString("utf8");
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0 && signal === null) throw new Error(`the appender ended with ${code}`);
  const lines = said.split("\n").filter((line) => line !== "");
  return { signal, promises: lines.map((line) => JSON.parse(line) as Promised) };
}

const textOf = (body: string | undefined) => (JSON.parse(body ?? "{}") as { spec?: { text: string } }).spec?.text;

for (const killStep of ["before-lock", "after-insert", "before-commit", "after-commit", "after-answer"] as const) {
  test(`killed with SIGKILL ${killStep.replace("-", " ")}, the log has no gap, keeps every promise and goes on`, async () => {
    await using t = await openPlace();
    const promises: Promised[] = [];
    for (const [name, killAt] of [
      ["first", 1],
      ["second", 3],
    ] as const) {
      const ended = await t.run({ name, count: 200, width: 8, killStep, killAt });
      expect(ended.signal).toBe("SIGKILL");
      promises.push(...ended.promises);
      const { size, bodies } = await requireWholeTree(t.fastDatabase);
      for (const { text, index } of promises) expect(textOf(bodies[index])).toBe(text);
      // What was committed and not yet answered is there as well; what was not committed left nothing.
      if (killStep === "after-commit") expect(size).toBeGreaterThan(promises.length);
      else if (killStep !== "after-answer" && killAt === 1) expect(size).toBe(0);
    }
    const log = await openTestLog(t);
    const before = await requireWholeTree(t.fastDatabase);
    const next = await log.append(leaf("the next"));
    expect(next.placed.index).toBe(before.size);
    expect(await faultsOf(next, before.spki)).toEqual([]);
    // Whoever heard nothing asks again, and gets the place that the leaf has.
    const [unheard] = before.bodies.map(textOf).filter((text) => !promises.some((promise) => promise.text === text));
    const again = await log.append(leaf(unheard ?? promises[0]?.text ?? ""));
    if (before.size > 0) expect(again.placed).toMatchObject({ existing: true });
    expect(await faultsOf(again, before.spki)).toEqual([]);
    await requireWholeTree(t.fastDatabase);
  }, 60_000);
}

test("two processes that append at once make one tree, and each leaf has one place in it", async () => {
  await using t = await openPlace();
  const orders = ["one", "two"].map((name) => ({ name, count: 300, width: 20 }));
  const [one, two, shared] = await Promise.all([
    ...orders.map((order) => t.run(order)),
    // The same leaves as the first process, at the same time.
    t.run({ name: "one", count: 300, width: 20 }),
  ]);
  const { size, bodies } = await requireWholeTree(t.fastDatabase);
  expect(size).toBe(600);
  for (const { text, index } of [one, two, shared].flatMap((ended) => ended?.promises ?? [])) expect(textOf(bodies[index])).toBe(text);
  expect(new Set(bodies).size).toBe(600);
}, 60_000);
