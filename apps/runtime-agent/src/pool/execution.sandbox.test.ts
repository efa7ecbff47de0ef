import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SandboxDriver } from "./sandbox.ts";
import { openDriver, runCode, sandboxMissing } from "./test-sandbox.ts";

describe.skipIf(sandboxMissing() !== null)("a run in a sandbox", () => {
  let driver: SandboxDriver & AsyncDisposable;
  beforeAll(async () => {
    driver = await openDriver();
  });
  afterAll(() => driver[Symbol.asyncDispose]());

  it("gets its input and a context, prints, and returns JSON", async () => {
    const whole = await runCode(
      driver,
      {
        "index.mjs": `import { twice } from "./part/twice.mjs";
          export default async (input, context) => { console.log("out"); console.error("err"); context.log("logged"); context.emit({ half: true });
            return { doubled: twice(input.n), attempt: context.run.attempt, deadline: context.deadline instanceof Date, aborted: context.signal.aborted }; };`,
        "part/twice.mjs": "export const twice = (n) => n * 2;",
      },
      { input: { n: 21 } },
    );
    expect(whole.value).toEqual({ doubled: 42, attempt: 1, deadline: true, aborted: false });
    expect(whole.printed).toBe('out\nerr\nlogged{"half":true}');
    expect(whole.usage.cpuMs).toBeGreaterThan(0);
    expect(whole.usage.memoryBytesPeak).toBeGreaterThan(2 ** 20);
  });

  it("calls the export that its entry names", async () => {
    const files = { "jobs/report.mjs": "export const weekly = () => 'weekly'; export default () => 'default';" };
    expect((await runCode(driver, files, { entry: "jobs/report.mjs#weekly" })).value).toBe("weekly");
    const missing = await runCode(driver, files, { entry: "jobs/report.mjs#daily" });
    expect(missing.error).toMatchObject({ kind: "entry-missing", message: expect.stringContaining("weekly") });
  });

  it("shows an exception at the template's own file, line and column", async () => {
    const { error } = await runCode(
      driver,
      {
        "index.mjs": `import { parse } from "./src/parse.mjs";\nexport default async (input) => {\n  await null;\n  return parse(input);\n};\n`,
        "src/parse.mjs": "export function parse(input) {\n  const text = input.missing;\n  return text.trim();\n}\n",
      },
      { input: {} },
    );
    expect(error).toEqual({
      kind: "exception",
      message: "TypeError: Cannot read properties of undefined (reading 'trim')",
      stack: [
        { function: "parse", file: "src/parse.mjs", line: 3, column: 15 },
        { function: "default", file: "index.mjs", line: 4, column: 10 },
      ],
    });
  });

  it("shows a syntax error at its place", async () => {
    const { error } = await runCode(driver, "export default () => {\n  const = 1;\n};\n");
    expect(error?.kind).toBe("exception");
    expect(error?.message).toContain("SyntaxError");
    expect(error?.stack[0]).toMatchObject({ file: "index.mjs", line: 2, column: 9 });
  });

  it.each([
    ["an unhandled rejection", `export default () => new Promise(() => { Promise.reject(new Error("nobody waits")); });`, "nobody waits"],
    [
      "an exception in a callback",
      `export default () => new Promise(() => { setTimeout(() => { throw new Error("later"); }, 5); });`,
      "later",
    ],
    ["something thrown that is no error", `export default () => { throw "plain"; };`, '"plain"'],
    ["a process that ends itself", `export default () => { process.exit(3); };`, "exit code 3"],
    ["a process that aborts", `export default () => { process.abort(); };`, "signal 6"],
    [
      "an error whose message throws",
      `export default () => { const e = new Error(); Object.defineProperty(e, "message", { get() { throw 1; } }); throw e; };`,
      "cannot be shown",
    ],
  ])("reports %s as an exception", async (_, code, message) => {
    const { error } = await runCode(driver, code);
    expect(error).toMatchObject({ kind: "exception", message: expect.stringContaining(message) });
  });

  it.each([
    ["nothing", "export default () => {};", "output-not-json"],
    ["a function", "export default () => () => 1;", "output-not-json"],
    ["a bigint", "export default () => 1n;", "output-not-json"],
    ["a cycle", "export default () => { const a = {}; a.a = a; return a; };", "output-not-json"],
    ["more than it may", "export default () => 'x'.repeat(300 * 1024);", "output-too-large"],
  ])("refuses a result that is %s", async (_, code, kind) => {
    expect((await runCode(driver, code)).error?.kind).toBe(kind);
  });

  it("ends one that spins, and gives it no more processor than its share", async () => {
    const ran = await runCode(driver, "export default () => { console.log('before'); for (;;); };", {
      limits: { timeoutMs: 1500, cpuMillis: 300 },
    });
    expect(ran.error?.kind).toBe("timeout");
    expect(ran.printed).toBe("before\n");
    expect(ran.usage.cpuPeriodsThrottled).toBeGreaterThan(3);
    expect(ran.usage.cpuMs).toBeLessThan(1500 * 0.6);
  });

  it("ends one that eats memory, also outside the JavaScript heap and in /tmp", async () => {
    const heap = "export default () => { const a = []; for (;;) a.push(new Array(100000).fill({})); };";
    const buffers = "export default () => { const a = []; for (;;) a.push(Buffer.alloc(8 << 20, 1)); };";
    expect((await runCode(driver, heap)).error?.kind).toBe("memory");
    expect((await runCode(driver, buffers)).error?.kind).toBe("memory");
    const disk = await runCode(
      driver,
      `import fs from "node:fs"; export default () => { for (let i = 0; i < 100; i++) fs.appendFileSync("/tmp/fill", Buffer.alloc(1 << 20, 1)); };`,
    );
    expect(disk.error?.message).toMatch(/ENOSPC|MiB of memory/);
  });

  it("does not let a collectable heap grow into the limit", async () => {
    const garbage =
      "export default () => { let kept; for (let i = 0; i < 3000; i++) kept = Array.from({ length: 10000 }, (_, j) => ({ j })); return kept.length; };";
    expect((await runCode(driver, garbage, { limits: { memoryBytes: 96 * 2 ** 20, timeoutMs: 30_000 } })).error).toBeNull();
  });

  it("survives a fork bomb: the host refuses processes beyond the limit", async () => {
    const bomb = `import { spawn } from "node:child_process"; import fs from "node:fs";
      const code = 'const { spawn } = require("child_process"); for (let i = 0; i < 20; i++) spawn(process.execPath, ["-e", process.argv[1], process.argv[1]], { stdio: "ignore" }).on("error", () => {}); setInterval(() => {}, 1000)';
      export default () => new Promise(() => { for (let i = 0; i < 20; i++) spawn(process.execPath, ["-e", code, code], { stdio: "ignore" }).on("error", () => {}); });`;
    let most = 0;
    const ran = await runCode(driver, bomb, {
      limits: { timeoutMs: 3000, pids: 40, memoryBytes: 512 * 2 ** 20 },
      during: async (_, pids) => {
        for (let i = 0; i < 20; i += 1) {
          most = Math.max(most, pids().length);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
    });
    expect(["timeout", "pids", "memory"]).toContain(ran.error?.kind);
    expect(ran.usage.pidsRefused).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(40);
    await expect.poll(() => ran.pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  });

  it("keeps the first bytes of 100 MB of prints, counts the rest, and neither blocks nor grows", async () => {
    const before = process.memoryUsage().rss;
    const ran = await runCode(
      driver,
      "export default () => { const line = 'x'.repeat(99); for (let i = 0; i < 1e6; i++) console.log(line); return 'done'; };",
      {
        limits: { timeoutMs: 30_000 },
      },
    );
    expect(ran.value).toBe("done");
    expect(ran.logBytes).toBe(64 * 1024);
    expect(ran.printed.length).toBe(64 * 1024);
    expect(ran.logBytes + ran.logBytesDropped).toBe(1e8);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });

  it("is bounded on the host's side too, when the sandbox's own bound is bypassed", async () => {
    // Frames made by hand with the run's token, read out of the runtime's memory: as bad as it can get.
    const ran = await runCode(
      driver,
      `import fs from "node:fs";
       export default () => { for (let i = 0; i < 50; i++) fs.writeSync(3, Buffer.alloc(1 << 16)); return 1; };`,
    );
    expect(ran.error).toMatchObject({ kind: "exception", message: expect.stringContaining("control channel") });
  });

  it("cannot forge the control channel from template code", async () => {
    const forged = `import fs from "node:fs";
      const head = Buffer.from(JSON.stringify({ t: "output" })), body = Buffer.from('"forged"');
      const frame = Buffer.alloc(24); frame.writeUInt32LE(20 + head.length + body.length, 0); frame.writeUInt32LE(head.length, 20);
      export default () => { fs.writeSync(3, Buffer.concat([frame, head, body])); return "honest"; };`;
    const ran = await runCode(driver, forged);
    expect(ran.outcome).toBe("failed");
    expect(ran.error?.message).toContain("control channel");
    const hidden = await runCode(driver, "export default () => [typeof process.send, typeof process.channel, process.connected ?? null];");
    expect(hidden.value).toEqual(["undefined", "undefined", null]);
  });

  it("replacing globals spoils nothing of the report", async () => {
    const ran = await runCode(
      driver,
      `JSON.stringify = () => '"forged"'; process.exit = () => {}; Buffer.from = () => { throw new Error("no"); }; console.log("still here");
       export default () => ({ honest: true });`,
    );
    expect(ran.value).toEqual({ honest: true });
    expect(ran.printed).toBe("still here\n");
  });

  it("does not see the host: files, processes, network, environment", async () => {
    const secret = mkdtempSync(join(tmpdir(), "state-"));
    writeFileSync(join(secret, "host-identity.json"), "secret");
    try {
      const ran = await runCode(
        driver,
        `import fs from "node:fs"; import net from "node:net"; import os from "node:os";
         const why = (work) => { try { return work(); } catch (error) { return error.code; } };
         export default async (secret) => ({
           shadow: why(() => fs.readFileSync("/etc/shadow", "utf8")), state: why(() => fs.readFileSync(secret, "utf8")), root: fs.readdirSync("/").sort(),
           processes: fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).length, env: Object.keys(process.env).sort(), host: os.hostname(), user: os.userInfo().username,
           parent: why(() => process.kill(process.ppid, "SIGKILL")), kill1: why(() => process.kill(1, "SIGKILL")), netlink: why(() => os.networkInterfaces() && "seen"),
           connect: await new Promise((resolve) => net.connect(22, "127.0.0.1", () => resolve("connected")).on("error", (error) => resolve(error.code))),
         });`,
        { input: join(secret, "host-identity.json") },
      );
      expect(ran.value).toMatchObject({
        shadow: "ENOENT",
        state: "ENOENT",
        root: expect.not.arrayContaining(["root", "home", "var", "work", "sys"]),
        env: ["HOME", "LANG", "NODE_ENV", "PWD", "TMPDIR", "TZ"],
        host: "sandbox",
        user: "sandbox",
        connect: "ECONNREFUSED",
      });
      expect((ran.value as { processes: number }).processes).toBeLessThanOrEqual(3);
    } finally {
      rmSync(secret, { recursive: true });
    }
  });

  it("killing everything it can reach ends only itself", async () => {
    const ran = await runCode(driver, "export default () => { process.kill(-1, 'SIGKILL'); for (;;); };", { limits: { timeoutMs: 3000 } });
    expect(ran.outcome).toBe("failed");
    expect((await runCode(driver, "export default () => 'next';")).value).toBe("next");
  });

  it("ends cancelled when it heeds the signal, and is killed when it does not, leaving no process", async () => {
    const started = performance.now();
    const heeding = await runCode(
      driver,
      "export default (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('stopped')));",
      {
        during: async (execution) => {
          await execution.loaded;
          execution.cancel();
        },
      },
    );
    expect(heeding.outcome).toBe("cancelled");
    expect(performance.now() - started).toBeLessThan(900);
    const deaf = await runCode(driver, "export default () => { for (;;); };", {
      during: async (execution) => {
        await execution.loaded;
        execution.cancel();
      },
    });
    expect(deaf).toMatchObject({ outcome: "cancelled", output: null, error: null });
    expect(deaf.pids.length).toBeGreaterThan(0);
    await expect.poll(() => deaf.pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  });

  it("runs where the Node binary lies in a directory that only root may enter", async () => {
    const closed = mkdtempSync(join(tmpdir(), "closed-"));
    mkdirSync(join(closed, "inner"), { mode: 0o700 });
    const node = join(closed, "inner", "node");
    const { linkSync, copyFileSync } = await import("node:fs");
    try {
      linkSync(process.execPath, node);
    } catch {
      copyFileSync(process.execPath, node);
    }
    try {
      await using own = await openDriver({ node });
      expect((await runCode(own, "export default () => process.version;")).value).toBe(process.version);
    } finally {
      rmSync(closed, { recursive: true });
    }
  });
});
