import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endRecorded, processStart, readRecord, startChild, until } from "./child-process.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "child-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("stopping a child ends its whole group, also a grandchild that ignores the signal", async () => {
  const file = join(dir, "grandchild");
  const script = `(trap '' TERM; echo $$ > ${dir}/x; sh -c 'echo $$ > ${file}; exec sleep 600') & trap 'exit 0' TERM; while true; do sleep 0.05; done`;
  const child = await startChild({ name: "parent", command: "sh", args: ["-c", script], env: process.env });
  await until("grandchild", () => existsSync(file) && readFileSync(file, "utf8").trim() !== "", { timeoutMs: 5000 });
  const grandchild = Number(readFileSync(file, "utf8"));
  expect(processStart(grandchild)).not.toBeNull();
  await child.stop({ graceMs: 300 });
  await until("the grandchild is gone", () => processStart(grandchild) === null, { timeoutMs: 5000 });
  expect(child.running()).toBe(false);
});

test("the rest of a group gets time to tidy up after its leader has gone", async () => {
  const script = `(trap 'sleep 0.1; echo tidy > ${dir}/tidy; exit 0' TERM; echo > ${dir}/x; while true; do sleep 0.02; done) & trap 'exit 0' TERM; while true; do sleep 0.02; done`;
  const child = await startChild({ name: "parent", command: "sh", args: ["-c", script], env: process.env });
  await until("the rest runs", () => existsSync(join(dir, "x")), { timeoutMs: 5000 });
  await child.stop({ graceMs: 2000 });
  expect(readFileSync(join(dir, "tidy"), "utf8")).toBe("tidy\n");
});

test("what a killed starter left behind is found by its record and ended", async () => {
  const recordFile = join(dir, "sleep.process.json");
  const child = await startChild({ name: "sleep", command: "sleep", args: ["600"], recordFile });
  expect(readRecord(recordFile)).toMatchObject({ name: "sleep", pid: child.pid });
  expect(await endRecorded(recordFile)).toBe("sleep");
  await child.exited;
  expect(existsSync(recordFile)).toBe(false);
});

test("a pid that belongs to somebody else by now is left alone", async () => {
  const recordFile = join(dir, "other.process.json");
  const other = spawn("sleep", ["600"], { stdio: "ignore" });
  try {
    writeFileSync(recordFile, JSON.stringify({ name: "ours", pid: other.pid, started: "an earlier boot:1" }));
    expect(await endRecorded(recordFile)).toBeNull();
    expect(processStart(other.pid as number)).not.toBeNull();
    expect(existsSync(recordFile)).toBe(false);
  } finally {
    other.kill("SIGKILL");
  }
});

test("a command that does not exist is a sentence, not a crash", async () => {
  await expect(startChild({ name: "ghost", command: "no-such-command-here", args: [] })).rejects.toThrow(/ghost: cannot start/);
});

test("waiting ends at once when the awaited thing failed", async () => {
  await expect(until("it", () => false, { timeoutMs: 60_000, failed: () => "it died" })).rejects.toThrow("it: it died");
});
