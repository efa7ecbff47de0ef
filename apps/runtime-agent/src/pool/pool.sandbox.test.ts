import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createBubblewrapDriver } from "./bubblewrap-sandbox.ts";
import { Cgroup, detectCgroups, listCgroups, ownerName, prepareCgroups, sweepCgroups, treesOf } from "./cgroup.ts";
import type { Job } from "./execution.ts";
import { createPool, type Pool } from "./pool.ts";
import { createProcessDriver } from "./process-sandbox.ts";
import type { SandboxDriver } from "./sandbox.ts";
import { LIMITS, openDriver, sandboxMissing } from "./test-sandbox.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} } as never;
const job = (code: string, limits: Partial<Job["limits"]> = {}): Job => ({
  run: { id: "00000000-0000-4000-8000-000000000000", attempt: 1 },
  entry: "default",
  files: [{ path: "index.mjs", bytes: Buffer.from(code) }],
  input: Buffer.from("null"),
  limits: { ...LIMITS, ...limits },
  onPrint: () => {},
});

/** Launched sandboxes are all somewhere. */
function balanced(pool: Pool): boolean {
  const { launched, warm, running, destroying, destroyed } = pool.accounts();
  return launched === warm + running + destroying + destroyed;
}

describe.skipIf(sandboxMissing() !== null)("the warm pool", () => {
  it("hands out warm sandboxes, one run each, and fills up again", async () => {
    const driver = await openDriver();
    const pool = createPool({ driver, warmTarget: 2, logger: quiet });
    pool.start();
    await pool.whenWarm();
    const generations: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const handed = await pool.create(
        job(
          "import fs from 'node:fs'; export default () => { const seen = fs.existsSync('/tmp/mark'); fs.writeFileSync('/tmp/mark', ''); return seen; };",
        ),
      );
      expect(handed.warm).toBe(true);
      generations.push(handed.generation);
      expect((await handed.execution.ended).output?.toString()).toBe("false");
      await pool.whenWarm();
    }
    expect(new Set(generations).size).toBe(6);
    expect(pool.accounts()).toMatchObject({ warmHits: 6, warmMisses: 0, leaked: 0, crashed: 0 });
    expect(balanced(pool)).toBe(true);
    await pool.close();
    expect(pool.accounts()).toMatchObject({ warm: 0, running: 0, destroying: 0 });
    await driver[Symbol.asyncDispose]();
  });

  it("starts one for a caller when none is warm, and says so", async () => {
    const driver = await openDriver();
    const pool = createPool({ driver, warmTarget: 0, logger: quiet });
    const all = await Promise.all([1, 2, 3].map(() => pool.create(job("export default () => 1;"))));
    expect(all.map(({ warm }) => warm)).toEqual([false, false, false]);
    await Promise.all(all.map(({ execution }) => execution.ended));
    await pool.close();
    await driver[Symbol.asyncDispose]();
  });

  it("replaces a warm sandbox that ended by itself", async () => {
    const driver = await openDriver();
    const launched: { pids(): number[] }[] = [];
    const watched: SandboxDriver = {
      ...driver,
      launch: async () => {
        const sandbox = await driver.launch();
        launched.push(sandbox);
        return sandbox;
      },
    };
    const pool = createPool({ driver: watched, warmTarget: 1, logger: quiet });
    pool.start();
    await pool.whenWarm();
    for (const pid of launched[0]?.pids() ?? []) process.kill(pid, "SIGKILL");
    await expect.poll(() => pool.accounts().crashed).toBe(1);
    await expect.poll(() => pool.accounts().warm).toBe(1);
    expect(balanced(pool)).toBe(true);
    await pool.close();
    await driver[Symbol.asyncDispose]();
  });

  it("backs off and tells its callers when sandboxes do not start", async () => {
    const driver = await openDriver({ bubblewrap: "/bin/false" });
    const pool = createPool({ driver, warmTarget: 2, logger: quiet });
    pool.start();
    await expect(pool.create(job("export default () => 1;"))).rejects.toThrow("did not start");
    expect(pool.accounts().launchFailures).toBeLessThan(10);
    await pool.close();
    await driver[Symbol.asyncDispose]();
  });

  it("leaves nothing when it is closed in mid-run", async () => {
    const driver = await openDriver();
    const pool = createPool({ driver, warmTarget: 2, logger: quiet });
    pool.start();
    const handed = await pool.create(job("export default () => { for (;;); };"));
    await pool.close();
    expect((await handed.execution.ended).outcome).toBe("cancelled");
    expect(balanced(pool)).toBe(true);
    await expect(pool.create(job("export default () => 1;"))).rejects.toThrow("closed");
    await driver[Symbol.asyncDispose]();
  });

  it("survives the death of the process that starts sandboxes", async () => {
    const driver = await openDriver();
    const pool = createPool({ driver, warmTarget: 1, logger: quiet });
    pool.start();
    await pool.whenWarm();
    const handed = await pool.create(job("export default () => new Promise(() => setTimeout(() => {}, 1e6));"));
    const launcher = childrenOf(process.pid).find((pid) => commandOf(pid).includes("launcher-main"));
    process.kill(launcher ?? -1, "SIGKILL");
    expect((await handed.execution.ended).error?.kind).toBe("sandbox-lost");
    await pool.whenWarm();
    const next = await pool.create(job("export default () => 'again';"));
    expect((await next.execution.ended).output?.toString()).toBe('"again"');
    await pool.close();
    await driver[Symbol.asyncDispose]();
  });

  it("runs plain processes where the operator chose them", async () => {
    const pool = createPool({ driver: createProcessDriver(), warmTarget: 1, logger: quiet });
    const handed = await pool.create(job("export default () => { console.log('x'); return [1]; };"));
    expect((await handed.execution.ended).output?.toString()).toBe("[1]");
    const spinning = await pool.create(job("export default () => { for (;;); };", { timeoutMs: 300 }));
    expect((await spinning.execution.ended).error?.kind).toBe("timeout");
    await pool.close();
  });
});

describe.skipIf(sandboxMissing() !== null)("what a killed agent leaves", () => {
  it("is swept at the next start: its processes, cgroups and files, and nobody else's", async () => {
    const layout = detectCgroups();
    if (layout === null) throw new Error("no cgroups");
    // A dead owner: the name of a process that has ended.
    const dead = spawn("/bin/true");
    const owner = ownerName(dead.pid);
    await once(dead, "exit");
    const bystander = spawn("/bin/sleep", ["100"]);
    const stranded: ChildProcess = spawn("/bin/sleep", ["100"]);
    const stateDir = mkdtempSync(join(tmpdir(), "swept-"));
    try {
      prepareCgroups(layout, owner);
      const cgroup = new Cgroup(layout, owner, "stranded");
      cgroup.create();
      cgroup.attach(stranded.pid ?? -1);
      mkdirSync(join(stateDir, `agent-factory-runtime-${owner}`));
      writeFileSync(join(stateDir, `agent-factory-runtime-${owner}`, "main"), "");
      const ended = once(stranded, "exit");
      const driver = await createBubblewrapDriver({ stateDir });
      await ended;
      expect(listCgroups(layout, owner)).toEqual([]);
      for (const tree of treesOf(layout)) expect(existsSync(join(tree, "agent-factory", owner))).toBe(false);
      expect(readdirSync(stateDir).filter((name) => name.includes(owner))).toEqual([]);
      expect(bystander.exitCode).toBeNull();
      expect((await sweepCgroups(layout)).groups).toBe(0);
      await driver.close();
      expect(readdirSync(stateDir)).toEqual([]);
    } finally {
      bystander.kill("SIGKILL");
      stranded.kill("SIGKILL");
      rmSync(stateDir, { recursive: true });
    }
  });
});

function childrenOf(pid: number): number[] {
  const { readFileSync } = process.getBuiltinModule("node:fs");
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number),
  );
}

function commandOf(pid: number): string {
  try {
    return process.getBuiltinModule("node:fs").readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
