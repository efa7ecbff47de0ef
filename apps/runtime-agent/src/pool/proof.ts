/**
 * What the sandbox really stops, found out by trying: for each property a canary runs where template code will run, by the same
 * path, and attempts what must not succeed. A property that could not be tried does not hold. Fail-closed: see {@link requireProof}.
 */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import type { SandboxProof } from "@agent-factory/protocol";
import { type Ending, Execution } from "./execution.ts";
import type { Sandbox, SandboxDriver } from "./sandbox.ts";
import type { Architecture } from "./seccomp.ts";
import { FORBIDDEN_CALLS, foreignEntryProgram, NAMESPACE_CALLS, syscallProgram, type TriedCall, WAIT_CALLS } from "./syscall-canary.ts";

type Property = SandboxProof["properties"][number];
type Name = Property["name"];
type Verdict = { readonly held: boolean; readonly evidence: string };

const MEMORY_LIMIT_BYTES = 96 * 1024 * 1024;
const PIDS_LIMIT = 40;
/** So little that also a busy machine would give more. */
const CPU_MILLIS = 50;
const SPIN_MS = 700;
const LIMITS = { timeoutMs: 15_000, memoryBytes: 256 * 1024 * 1024, cpuMillis: 1000, pids: 64, logBytes: 4096, outputBytes: 64 * 1024 };
/** Canaries at a time: enough to be quick, few enough not to disturb the measuring ones. */
const PARALLEL = 3;
const ATTEMPTS = 3;

export class SandboxUnproven extends Error {
  override readonly name = "SandboxUnproven";
}

/** Tries every property. Takes about two seconds; the driver holds nothing afterwards. */
export async function proveSandbox(driver: SandboxDriver): Promise<SandboxProof> {
  const names = Object.keys(canaries) as Name[];
  const properties: Property[] = [];
  if (driver.name === "process") {
    for (const name of names)
      properties.push({
        name,
        held: false,
        evidence: "The sandbox is a plain child process: nothing enforces this, and nothing was tried.",
      });
  } else {
    const queue = [...names.entries()];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift())
        properties[next[0]] = { name: next[1], ...(await attempt(driver, next[1])) };
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  }
  const proven = properties.every(({ held }) => held);
  return {
    provenAt: Date.now(),
    driver: driver.name,
    cgroup: driver.cgroup,
    uid: driver.uid,
    properties,
    verdict: proven ? "proven" : "opted-out",
  };
}

/** @throws SandboxUnproven naming what does not hold, unless the operator accepted that (`SANDBOX_UNPROVEN=serve`). */
export function requireProof(proof: SandboxProof, unproven: "refuse" | "serve"): void {
  if (proof.verdict === "proven" || unproven === "serve") return;
  const missing = proof.properties.filter(({ held }) => !held);
  throw new SandboxUnproven(
    [
      "This machine does not confine template code; the agent does not serve.",
      ...missing.map(({ name, evidence }) => `  ${name}: ${evidence}`),
      "To serve all the same, with a sandbox that is weaker and shown as such, set SANDBOX_UNPROVEN=serve.",
    ].join("\n"),
  );
}

/** A canary that fails by itself has shown nothing, and may fly again; one that showed a hole has the last word. */
async function attempt(driver: SandboxDriver, name: Name): Promise<Verdict> {
  for (let left = ATTEMPTS; ; left -= 1) {
    let sandbox: Sandbox | null = null;
    try {
      sandbox = await driver.launch();
      const verdict = await canaries[name](sandbox, driver);
      return { ...verdict, evidence: verdict.evidence.slice(0, 2000) };
    } catch (error) {
      if (left <= 1)
        return { held: false, evidence: `It could not be tried: ${error instanceof Error ? error.message : String(error)}`.slice(0, 2000) };
    } finally {
      await sandbox?.destroy();
    }
  }
}

async function runIn(
  sandbox: Sandbox,
  code: string,
  options: { limits?: Partial<typeof LIMITS>; programs?: Record<string, Buffer>; input?: unknown } = {},
): Promise<Ending> {
  const files = Object.entries(options.programs ?? {}).map(([path, bytes]) => ({ path, bytes }));
  const execution = new Execution(sandbox, {
    run: { id: "canary", attempt: 1 },
    entry: "default",
    files: [{ path: "index.mjs", bytes: Buffer.from(code) }, ...files],
    input: Buffer.from(JSON.stringify(options.input ?? null)),
    limits: { ...LIMITS, ...options.limits },
    onPrint: () => {},
  });
  return execution.ended;
}

/** @throws when the canary itself failed: then nothing is known. */
function outputOf<T>(ending: Ending): T {
  if (ending.output === null)
    throw new Error(`the canary ended with ${ending.error?.kind ?? ending.outcome}: ${ending.error?.message ?? ""}`);
  return JSON.parse(ending.output.toString("utf8")) as T;
}

const tryEach = (attempts: string): string => `
  import fs from "node:fs"; import net from "node:net"; import { spawn, spawnSync } from "node:child_process";
  const tried = async (what, attempt) => { try { await attempt(); return [what, null]; } catch (error) { return [what, error.code ?? String(error)]; } };
  export default async (input) => Promise.all([${attempts}]);`;

function judgeRefusals(results: [string, string | null][]): Verdict {
  const succeeded = results.filter(([, error]) => error === null);
  return succeeded.length === 0
    ? { held: true, evidence: results.map(([what, error]) => `${what}: ${error}`).join("; ") }
    : { held: false, evidence: `These succeeded: ${succeeded.map(([what]) => what).join(", ")}` };
}

function errorOf(result: bigint): string {
  const names: Record<string, string> = {
    "-1": "EPERM",
    "-38": "ENOSYS",
    "-28": "ENOSPC",
    "-22": "EINVAL",
    "-9": "EBADF",
    "-14": "EFAULT",
  };
  return names[String(result)] ?? String(result);
}

async function makeCalls(sandbox: Sandbox, calls: readonly TriedCall[]): Promise<bigint[]> {
  const program = syscallProgram(process.arch as Architecture, calls);
  const ending = await runIn(
    sandbox,
    `import fs from "node:fs"; import { spawnSync } from "node:child_process";
     export default () => { fs.chmodSync("calls", 0o700); const { stdout, error, signal } = spawnSync("/tmp/code/calls", { stdio: ["ignore", "pipe", "ignore"] });
       if (error || signal) throw error ?? new Error(signal); return stdout.toString("hex"); };`,
    { programs: { calls: program } },
  );
  const bytes = Buffer.from(outputOf<string>(ending), "hex");
  if (bytes.length !== calls.length * 8) throw new Error(`${bytes.length} bytes of results for ${calls.length} calls`);
  return calls.map((_, index) => bytes.readBigInt64LE((calls.length - 1 - index) * 8));
}

const canaries: Record<Name, (sandbox: Sandbox, driver: SandboxDriver) => Promise<Verdict>> = {
  network: async (sandbox) => {
    let seen = 0;
    const count = (): void => {
      seen += 1;
    };
    const tcp = await listening(createServer(count), { host: "127.0.0.1", port: 0 });
    const abstractName = `\0agent-factory-canary-${process.pid}-${tcp.port}`;
    const unix = await listening(createServer(count), { path: abstractName });
    try {
      const ending = await runIn(
        sandbox,
        tryEach(
          [
            "...[{ host: '127.0.0.1', port: input.port }, { path: input.abstractName }, { host: '169.254.169.254', port: 80 }, { host: '192.0.2.1', port: 443 }].map((address) =>",
            "tried(address.path ? 'an abstract socket of the host' : address.host + ':' + address.port, () => new Promise((resolve, reject) => {",
            "const socket = net.connect(address, resolve); socket.on('error', reject); setTimeout(() => reject(Object.assign(new Error(), { code: 'no answer' })), 1500).unref(); })))",
          ].join(""),
        ),
        { input: { port: tcp.port, abstractName } },
      );
      const verdict = judgeRefusals(outputOf(ending));
      return seen === 0
        ? verdict
        : { held: false, evidence: `A listener on this host's loopback was reached ${seen} times. ${verdict.evidence}` };
    } finally {
      tcp.close();
      unix.close();
    }
  },
  write: async (sandbox) => {
    const paths = [
      "/canary",
      "/app/canary",
      "/etc/canary",
      "/dev/canary",
      "/dev/shm/canary",
      "/lib/canary",
      "/proc/canary",
      "/var/tmp/canary",
      "/home/canary",
    ];
    const ending = await runIn(
      sandbox,
      tryEach(
        "...input.map((path) => tried('write ' + path, () => fs.writeFileSync(path, ''))), ...['/app/node', '/app/sandbox-main.mjs', '/etc/passwd'].map((path) => tried('change ' + path, () => fs.openSync(path, 'r+')))",
      ),
      { input: paths },
    );
    return judgeRefusals(outputOf(ending));
  },
  syscall: async (sandbox, driver) => {
    const results = await makeCalls(sandbox, FORBIDDEN_CALLS);
    const wrong = FORBIDDEN_CALLS.filter(({ name }, index) => results[index] !== (name === "clone3" ? -38n : -1n));
    const evidence = FORBIDDEN_CALLS.map(({ name }, index) => `${name}: ${errorOf(results[index] ?? 0n)}`).join("; ");
    if (wrong.length > 0)
      return { held: false, evidence: `Not refused by a filter: ${wrong.map(({ name }) => name).join(", ")}. ${evidence}` };
    if (process.arch !== "x64") return { held: true, evidence };
    const foreign = await driver.launch();
    try {
      const ending = await runIn(
        foreign,
        `import fs from "node:fs"; import { spawnSync } from "node:child_process";
         export default () => { fs.chmodSync("foreign", 0o700); return spawnSync("/tmp/code/foreign").signal ?? "survived"; };`,
        { programs: { foreign: foreignEntryProgram() } },
      );
      const signal = outputOf<string>(ending);
      return { held: signal === "SIGSYS" || signal === "SIGSEGV", evidence: `${evidence}; 32-bit entry: ${signal}` };
    } finally {
      await foreign.destroy();
    }
  },
  memory: async (sandbox) => {
    const ending = await runIn(
      sandbox,
      "export default () => { const held = []; for (let i = 0; i < 40; i++) held.push(Buffer.alloc(8 << 20, 1)); return held.length; };",
      {
        limits: { memoryBytes: MEMORY_LIMIT_BYTES },
      },
    );
    return {
      held: ending.error?.kind === "memory",
      evidence: `Asked for 320 MiB under a limit of 96 MiB: ${ending.error?.kind ?? ending.outcome}, ${ending.usage.oomKills} killed, peak ${Math.round(ending.usage.memoryBytesPeak / 2 ** 20)} MiB`,
    };
  },
  cpu: async (sandbox) => {
    const ending = await runIn(
      sandbox,
      `export default () => { const end = performance.now() + ${SPIN_MS}; while (performance.now() < end); return null; };`,
      {
        limits: { cpuMillis: CPU_MILLIS },
      },
    );
    outputOf(ending);
    const share = ending.usage.cpuMs / ending.durationMs;
    const evidence = `Spun for ${Math.round(ending.durationMs)} ms with ${CPU_MILLIS / 1000} of a core: got ${Math.round(ending.usage.cpuMs)} ms, held back ${ending.usage.cpuPeriodsThrottled} times`;
    // Three times the share: the first period may be used whole, and a quota may be overdrawn by a tick.
    const within = share <= (3 * CPU_MILLIS) / 1000;
    if (within && ending.usage.cpuPeriodsThrottled === 0) throw new Error(`the machine is too busy to tell. ${evidence}`);
    return { held: within, evidence };
  },
  pids: async (sandbox) => {
    const ending = await runIn(
      sandbox,
      `import fs from "node:fs"; import { spawn } from "node:child_process";
       export default async () => { fs.chmodSync("wait", 0o700); let refused = 0;
         for (let i = 0; i < 80; i++) await new Promise((resolve) => { const child = spawn("/tmp/code/wait", { stdio: "ignore" }); child.on("spawn", resolve); child.on("error", () => { refused++; resolve(); }); });
         return refused; };`,
      { limits: { pids: PIDS_LIMIT }, programs: { wait: syscallProgram(process.arch as Architecture, WAIT_CALLS) } },
    );
    const refused = ending.usage.pidsRefused;
    return {
      held: refused > 0,
      evidence: `Started 80 processes under a limit of ${PIDS_LIMIT}: ${refused} refused, run ended ${ending.error?.kind ?? ending.outcome}`,
    };
  },
  "proc-sys": async (sandbox) => {
    // Only opened for writing, never written: on a host where this succeeds the canary must not do the harm itself.
    const paths = [
      "/proc/sys/kernel/core_pattern",
      "/proc/sys/kernel/hostname",
      "/proc/sys/vm/overcommit_memory",
      "/proc/sysrq-trigger",
      "/sys/kernel/uevent_helper",
    ];
    const ending = await runIn(sandbox, tryEach("...input.map((path) => tried(path, () => fs.openSync(path, fs.constants.O_WRONLY)))"), {
      input: paths,
    });
    return judgeRefusals(outputOf(ending));
  },
  uid: async (sandbox, driver) => {
    const pids = sandbox.pids();
    if (pids.length === 0) throw new Error("the sandbox's processes are not known");
    const found = pids.map((pid) => {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
      return { uids: field("Uid").split(/\s+/), capabilities: field("CapEff"), noNewPrivileges: field("NoNewPrivs") };
    });
    const held = found.every(
      ({ uids, capabilities, noNewPrivileges }) =>
        uids.every((uid) => Number(uid) === driver.uid && Number(uid) !== 0) && /^0+$/.test(capabilities) && noNewPrivileges === "1",
    );
    const [first] = found;
    return {
      held,
      evidence: `The host's kernel sees ${pids.length} processes with user ids ${[...new Set(found.flatMap(({ uids }) => uids))].join(", ")}, capabilities ${first?.capabilities}, no new privileges: ${first?.noNewPrivileges}`,
    };
  },
  namespace: async (sandbox) => {
    const results = await makeCalls(sandbox, NAMESPACE_CALLS);
    return {
      held: results.every((result) => result < 0n),
      evidence: NAMESPACE_CALLS.map(({ name }, index) => `${name}: ${errorOf(results[index] ?? 0n)}`).join("; "),
    };
  },
};

function listening(server: Server, address: { host: string; port: number } | { path: string }): Promise<{ port: number; close(): void }> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.on("connection", (socket) => socket.destroy());
    server.listen(address, () => {
      const bound = server.address();
      resolve({ port: typeof bound === "object" && bound !== null ? bound.port : 0, close: () => server.close() });
    });
  });
}
