import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processStart, until } from "@agent-factory/testkit/child-process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lastWords, type SupervisedSpec, supervise } from "./supervised.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "supervised-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const spec = (script: string, more: Partial<SupervisedSpec> = {}): SupervisedSpec => ({
  name: "program",
  command: "sh",
  args: ["-c", script],
  env: { PATH: process.env.PATH, DIR: dir },
  logFile: join(dir, "program.log"),
  recordFile: join(dir, "program.process.json"),
  readyTimeoutMs: 5000,
  backoffMs: 10,
  ready: async () => existsSync(join(dir, "ready")),
  onEnd: () => {},
  ...more,
});

test("a program that ends by itself is started again and said so", async () => {
  const said: [string, boolean][] = [];
  const program = await supervise(spec("echo hello; touch $DIR/ready; exec sleep 600", { onEnd: (...words) => said.push(words) }));
  const first = program.pid();
  try {
    process.kill(first, "SIGKILL");
    await until("a new process", () => program.pid() !== first, { timeoutMs: 5000 });
    expect(said).toEqual([[expect.stringContaining("program ended by itself (SIGKILL): hello"), true]]);
    expect(JSON.parse(readFileSync(join(dir, "program.process.json"), "utf8")).pid).toBe(program.pid());
  } finally {
    await program.stop();
  }
  expect(processStart(program.pid())).toBeNull();
  expect(existsSync(join(dir, "program.process.json"))).toBe(false);
});

test("a program that keeps ending is given up", async () => {
  const again: boolean[] = [];
  const program = await supervise(spec("touch $DIR/ready; sleep 0.05", { onEnd: (_, next) => again.push(next) }));
  await until("it is given up", () => again.includes(false), { timeoutMs: 30_000 });
  await program.stop();
  expect(again).toEqual([true, true, true, true, false]);
}, 40_000);

test("a program that ends while starting is a sentence with its last words", async () => {
  await expect(supervise(spec("echo 'DATABASE_URL is not set'; exit 78"))).rejects.toThrow(
    /it ended while starting[\s\S]*DATABASE_URL is not set/,
  );
});

test("an interrupted start leaves nothing running", async () => {
  const interrupted = new AbortController();
  const starting = supervise(spec("echo $$ > $DIR/pid; exec sleep 600", { signal: interrupted.signal, ready: async () => false }));
  await until("it runs", () => existsSync(join(dir, "pid")), { timeoutMs: 5000 });
  interrupted.abort();
  await expect(starting).rejects.toThrow();
  expect(processStart(Number(readFileSync(join(dir, "pid"), "utf8")))).toBeNull();
});

test("the end of a log reads as sentences", () => {
  const log = join(dir, "some.log");
  writeFileSync(log, `plain\n${JSON.stringify({ level: "error", msg: "the registry failed", err: { message: "no route" } })}\n\n`);
  expect(lastWords(log)).toBe("plain\nthe registry failed: no route");
  expect(lastWords(join(dir, "none.log"))).toBe("it left no log");
});
