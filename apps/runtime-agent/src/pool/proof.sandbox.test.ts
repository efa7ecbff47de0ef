import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createProcessDriver } from "./process-sandbox.ts";
import { proveSandbox, requireProof, SandboxUnproven } from "./proof.ts";
import type { SandboxDriver } from "./sandbox.ts";
import { openDriver, sandboxMissing } from "./test-sandbox.ts";

const failing = (proof: Awaited<ReturnType<typeof proveSandbox>>): string[] =>
  proof.properties.filter(({ held }) => !held).map(({ name }) => name);

/** A bubblewrap that forgets some of what it is told: `cases` are the arms of a shell `case` over each argument. */
async function forgetful(cases: string, work: (driver: SandboxDriver) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "forgetful-"));
  chmodSync(directory, 0o755);
  const path = join(directory, "bwrap");
  const script = `#!/bin/sh\nskip=\nfor a in "$@"; do shift; if [ -n "$skip" ]; then skip=; continue; fi\ncase "$a" in ${cases} *) set -- "$@" "$a";; esac; done\nexec /usr/bin/bwrap "$@"\n`;
  writeFileSync(path, script, { mode: 0o755 });
  try {
    await using driver = await openDriver({ bubblewrap: path });
    await work(driver);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.skipIf(sandboxMissing() !== null)("the proof", () => {
  it("holds on this machine, property by property, with evidence", async () => {
    await using driver = await openDriver();
    const proof = await proveSandbox(driver);
    expect(failing(proof), JSON.stringify(proof.properties, null, 1)).toEqual([]);
    expect(proof.verdict).toBe("proven");
    expect(proof.properties.map(({ name }) => name).toSorted()).toEqual([
      "cpu",
      "memory",
      "namespace",
      "network",
      "pids",
      "proc-sys",
      "syscall",
      "uid",
      "write",
    ]);
    for (const { evidence } of proof.properties) expect(evidence.length).toBeGreaterThan(10);
    expect(() => requireProof(proof, "refuse")).not.toThrow();
  });

  it("fails when the network is not unshared", () =>
    forgetful(`--unshare-all) set -- "$@" --unshare-user --unshare-ipc --unshare-pid --unshare-uts;;`, async (driver) => {
      const proof = await proveSandbox(driver);
      expect(failing(proof)).toContain("network");
      expect(proof.properties.find(({ name }) => name === "network")?.evidence).toContain("These succeeded: 127.0.0.1");
      expect(() => requireProof(proof, "refuse")).toThrow(SandboxUnproven);
      expect(() => requireProof(proof, "refuse")).toThrow(/network: .*succeeded/);
      expect(() => requireProof(proof, "serve")).not.toThrow();
      expect(proof.verdict).toBe("opted-out");
    }));

  it("fails when there is no system-call filter and namespaces may nest", () =>
    forgetful(`--seccomp) skip=1;; --disable-userns) ;;`, async (driver) => {
      expect(failing(await proveSandbox(driver))).toEqual(expect.arrayContaining(["syscall", "namespace"]));
    }));

  it("fails when the root stays writable", () =>
    forgetful(`--remount-ro) skip=1;;`, async (driver) => {
      expect(failing(await proveSandbox(driver))).toEqual(["write"]);
    }));

  it("fails when limits are not set", async () => {
    await using driver = await openDriver();
    const slack: SandboxDriver = { ...driver, launch: async () => ({ ...(await driver.launch()), arm: () => {} }) };
    expect(failing(await proveSandbox(slack)).toSorted()).toEqual(["cpu", "memory", "pids"]);
  });

  it("fails in every property when no sandbox starts, and says why", async () => {
    await using driver = await openDriver({ bubblewrap: "/bin/false" });
    const proof = await proveSandbox(driver);
    expect(failing(proof)).toHaveLength(9);
    expect(proof.properties[0]?.evidence).toContain("could not be tried");
  });

  it("claims nothing for plain processes", async () => {
    const driver = createProcessDriver();
    try {
      const proof = await proveSandbox(driver);
      expect(failing(proof)).toHaveLength(9);
      expect(proof).toMatchObject({ verdict: "opted-out", driver: "process", cgroup: "none" });
    } finally {
      await driver.close();
    }
  });
});
