import { describe, expect, it } from "vitest";
import { listGpus, parseGpus } from "./devices.ts";

describe("GPUs", () => {
  it("are read from nvidia-smi's lines, and lines of another shape are passed over", () => {
    const text = "GPU-5e5ba5f1-0000-4000-8000-000000000001, NVIDIA L4, 23034\nGPU-x, [N/A], [N/A]\nUnable to determine the device handle\n";
    expect(parseGpus(text)).toEqual([
      { uuid: "GPU-5e5ba5f1-0000-4000-8000-000000000001", name: "NVIDIA L4", memoryBytes: 23034 * 2 ** 20 },
    ]);
  });

  it("are none when the tool is missing, fails or hangs", async () => {
    expect(await listGpus("/nonexistent/nvidia-smi")).toEqual([]);
    expect(await listGpus("/bin/false")).toEqual([]);
    expect(await listGpus("/usr/bin/yes", 100)).toEqual([]);
  });
});
