import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cgroup, findCgroups, isAbandoned, ownerName, startTimeOf } from "./cgroup.ts";

const v1 = ["memory", "cpu,cpuacct", "pids"]
  .map((name, index) => `${30 + index} 25 0:${30 + index} / /sys/fs/cgroup/${name} rw,nosuid shared:9 - cgroup cgroup rw,${name}`)
  .join("\n");
const v2 = "29 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
const all = (): string => "cpuset cpu io memory pids";

describe("finding the controllers", () => {
  it("finds v1 trees, also where cpu and cpuacct share one", () => {
    expect(findCgroups(v1, "0::/", () => "")).toEqual({
      version: "v1",
      memory: "/sys/fs/cgroup/memory",
      cpu: "/sys/fs/cgroup/cpu,cpuacct",
      cpuacct: "/sys/fs/cgroup/cpu,cpuacct",
      pids: "/sys/fs/cgroup/pids",
    });
  });

  it("finds v2 below the group the agent itself is in", () => {
    expect(findCgroups(v2, "0::/system.slice/agent.service\n", all)).toEqual({
      version: "v2",
      unified: "/sys/fs/cgroup/system.slice/agent.service",
    });
    expect(findCgroups(v2, "0::/\n", all)).toEqual({ version: "v2", unified: "/sys/fs/cgroup" });
  });

  it("does not leave the mount when the agent's group lies outside its namespace", () => {
    expect(findCgroups(v2, "0::/../../other\n", all)).toEqual({ version: "v2", unified: "/sys/fs/cgroup" });
  });

  it("prefers v1 where v2 is mounted empty beside it", () => {
    expect(findCgroups(`${v1}\n${v2}`, "0::/", () => "")?.version).toBe("v1");
  });

  it("finds nothing when a controller is missing", () => {
    expect(findCgroups(v2, "0::/", () => "cpu memory")).toBeNull();
    expect(findCgroups(v1.replaceAll("pids", "rdma"), "0::/", () => "")).toBeNull();
    expect(findCgroups("", "", () => "")).toBeNull();
  });
});

describe("whose a group is", () => {
  it("takes a group for abandoned only when its owner surely is dead", () => {
    const [namespace = "", pid = "", start = ""] = ownerName().split("-");
    expect(isAbandoned(ownerName())).toBe(false);
    expect(isAbandoned(`${namespace}-${pid}-${Number(start) + 1}-1`)).toBe(true); // the pid was used again
    expect(isAbandoned(`${namespace}-4194304-1-1`)).toBe(true); // no such process
    expect(isAbandoned(`${Number(namespace) + 1}-${pid}-1-1`)).toBe(false); // another container's
    expect(isAbandoned("somebody-else")).toBe(false);
  });

  it("reads a start time past a name with spaces and brackets", () => {
    expect(startTimeOf(process.pid)).toMatch(/^\d+$/);
    expect(startTimeOf(4194304)).toBeNull();
  });
});

describe("the limits that are written", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "cgroup-"));
    mkdirSync(join(directory, "agent-factory", "owner", "one"), { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const written = (file: string): string => readFileSync(join(directory, "agent-factory", "owner", "one", file), "utf8");
  const limits = { memoryBytes: 64 * 2 ** 20, cpuMillis: 250, pids: 40 };

  it("are those of v2", () => {
    new Cgroup({ version: "v2", unified: directory }, "owner", "one").limit(limits);
    expect([written("memory.max"), written("memory.oom.group"), written("cpu.max"), written("pids.max")]).toEqual([
      "67108864",
      "1",
      "25000 100000",
      "40",
    ]);
  });

  it("are those of v1, where a group without swap accounting may not swap", () => {
    new Cgroup({ version: "v1", memory: directory, cpu: directory, cpuacct: directory, pids: directory }, "owner", "one").limit(limits);
    expect([written("memory.limit_in_bytes"), written("memory.swappiness"), written("cpu.cfs_quota_us"), written("pids.max")]).toEqual([
      "67108864",
      "0",
      "25000",
      "40",
    ]);
  });

  it("never ask for less processor time than the kernel can give", () => {
    new Cgroup({ version: "v2", unified: directory }, "owner", "one").limit({ ...limits, cpuMillis: 1 });
    expect(written("cpu.max")).toBe("1000 100000");
  });
});
