/** What this machine has: processors, memory, GPUs. Having no GPU is a normal answer, and so is a broken `nvidia-smi`. */
import { execFile } from "node:child_process";
import { arch, availableParallelism, platform, release, totalmem } from "node:os";
import type { HostFrame } from "@agent-factory/protocol";

export type Inventory = (HostFrame & { t: "hello" })["inventory"];
export type Gpu = Inventory["gpus"][number];

const NVIDIA_SMI_TIMEOUT_MS = 3000;

export async function takeInventory(command = "nvidia-smi"): Promise<Inventory> {
  return {
    os: `${platform()} ${release()}`.slice(0, 100),
    arch: arch(),
    node: process.version,
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    gpus: await listGpus(command),
  };
}

export function listGpus(command = "nvidia-smi", timeoutMs = NVIDIA_SMI_TIMEOUT_MS): Promise<Gpu[]> {
  return new Promise((resolve) => {
    execFile(
      command,
      ["--query-gpu=uuid,name,memory.total", "--format=csv,noheader,nounits"],
      { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 256 * 1024 },
      (error, stdout) => resolve(error ? [] : parseGpus(stdout)),
    );
  });
}

/** Lines `uuid, name, MiB`. A line of another shape (`[N/A]`, a driver's warning) is passed over. */
export function parseGpus(text: string): Gpu[] {
  return text
    .split("\n")
    .flatMap((line) => {
      const match = /^(GPU-[0-9a-f-]+), (.+), (\d+)$/.exec(line.trim());
      if (!match) return [];
      const [, uuid = "", name = "", mebibytes = ""] = match;
      return [{ uuid, name: name.slice(0, 200), memoryBytes: Number(mebibytes) * 2 ** 20 }];
    })
    .slice(0, 64);
}
