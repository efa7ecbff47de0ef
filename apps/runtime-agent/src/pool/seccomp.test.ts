import { describe, expect, it } from "vitest";
import { ALLOW, type Architecture, AUDIT_ARCHITECTURE, KILL_PROCESS, NAMESPACE_FLAGS, SYSCALLS, seccompProgram } from "./seccomp.ts";

const EPERM = 0x00050001;
const ENOSYS = 0x00050000 | 38;

type Call = { number: number; architecture?: number; arguments?: bigint[] };

/** The kernel's classic BPF machine, as far as this program uses it; anything else is an error. */
function interpret(program: Buffer, call: Call, native: Architecture): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.architecture ?? AUDIT_ARCHITECTURE[native], 4);
  for (const [index, value] of (call.arguments ?? []).entries()) data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at += 1) {
    const operation = program.readUInt16LE(at * 8);
    const whenTrue = program.readUInt8(at * 8 + 2);
    const whenFalse = program.readUInt8(at * 8 + 3);
    const constant = program.readUInt32LE(at * 8 + 4);
    const jump = (condition: boolean): void => {
      at += condition ? whenTrue : whenFalse;
    };
    if (operation === 0x20) accumulator = data.readUInt32LE(constant);
    else if (operation === 0x15) jump(accumulator === constant);
    else if (operation === 0x35) jump(accumulator >= constant);
    else if (operation === 0x45) jump((accumulator & constant) !== 0);
    else if (operation === 0x06) return constant;
    else throw new Error(`instruction ${at}: operation ${operation}`);
  }
  throw new Error("the program ran off its end");
}

describe.each(["x64", "arm64"] as const)("the system-call filter on %s", (architecture) => {
  const program = seccompProgram(architecture);
  const column = architecture === "x64" ? 0 : 1;
  const numberOf = (name: string): number => SYSCALLS[name]?.[column] as number;
  const judge = (call: Call): number => interpret(program, call, architecture);

  it("fits the kernel's limit of 4096 instructions", () => {
    expect(program.length % 8).toBe(0);
    expect(program.length / 8).toBeLessThan(4096);
  });

  it("allows exactly the listed numbers and answers EPERM to every other", () => {
    const listed = new Map(
      Object.entries(SYSCALLS).flatMap(([name, numbers]) => (numbers[column] === null ? [] : [[numbers[column], name]])),
    );
    for (let number = 0; number < 600; number += 1) {
      const name = listed.get(number);
      const expected = name === undefined || name === "socket" ? EPERM : name === "clone3" ? ENOSYS : ALLOW;
      expect(judge({ number }), `${number} ${name ?? "unlisted"}`).toBe(expected);
    }
  });

  it("names no number twice", () => {
    const numbers = Object.values(SYSCALLS).flatMap((pair) => pair[column] ?? []);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it("ends a process that comes by another architecture's entry", () => {
    const foreign = architecture === "x64" ? AUDIT_ARCHITECTURE.arm64 : AUDIT_ARCHITECTURE.x64;
    expect(judge({ number: numberOf("read"), architecture: foreign })).toBe(KILL_PROCESS);
    expect(judge({ number: numberOf("read"), architecture: 0x40000003 })).toBe(KILL_PROCESS); // i386
    if (architecture === "x64") expect(judge({ number: 0x40000000 + numberOf("read") })).toBe(KILL_PROCESS); // x32
  });

  it("lets threads and children be made, and no namespace", () => {
    const clone = numberOf("clone");
    expect(judge({ number: clone, arguments: [0x3d0f00n] })).toBe(ALLOW); // a pthread
    expect(judge({ number: clone, arguments: [17n] })).toBe(ALLOW); // fork
    for (let bit = 0n; bit < 31n; bit += 1n) {
      const flag = 1n << bit;
      const makesNamespace = (BigInt(NAMESPACE_FLAGS) & flag) !== 0n;
      expect(judge({ number: clone, arguments: [flag] })).toBe(makesNamespace ? EPERM : ALLOW);
    }
    expect(judge({ number: numberOf("clone3") })).toBe(ENOSYS);
  });

  it("opens sockets of the UNIX and IP families only", () => {
    const allowed = Array.from({ length: 64 }, (_, family) => family).filter(
      (family) => judge({ number: numberOf("socket"), arguments: [BigInt(family)] }) === ALLOW,
    );
    expect(allowed).toEqual([1, 2, 10]);
  });

  it("refuses to push characters into a terminal", () => {
    expect(judge({ number: numberOf("ioctl"), arguments: [0n, 0x5412n] })).toBe(EPERM);
    expect(judge({ number: numberOf("ioctl"), arguments: [0n, 0x541cn] })).toBe(EPERM);
    expect(judge({ number: numberOf("ioctl"), arguments: [0n, 0x5401n] })).toBe(ALLOW);
  });

  it.each(["ptrace", "mount", "unshare", "setns", "bpf", "keyctl", "init_module", "kexec_load", "process_vm_readv", "io_uring_setup"])(
    "does not know %s",
    (name) => expect(SYSCALLS[name]).toBeUndefined(),
  );
});
