/**
 * A tiny program that makes chosen system calls and prints their results. JavaScript cannot make a raw system call, so whether the
 * kernel refuses one can only be tried with machine code: an ELF file of a few hundred bytes, put together here.
 * Sources: elf(5), syscall(2), Intel SDM vol. 2, Arm A64 instruction set.
 */
import type { Architecture } from "./seccomp.ts";

/** Numbers are `[x86_64, aarch64]`. */
export type TriedCall = { readonly name: string; readonly number: readonly [number, number]; readonly arguments: readonly bigint[] };

const CLONE_NEWUSER = 0x10000000n;
const SIGCHLD = 17n;

/** Each would answer something else than EPERM (clone3: ENOSYS) to an unprivileged process that no filter holds back. */
export const FORBIDDEN_CALLS: readonly TriedCall[] = [
  { name: "keyctl", number: [250, 219], arguments: [0n, -3n, 0n] },
  { name: "io_uring_setup", number: [425, 425], arguments: [1n, 0n] },
  { name: "setns", number: [308, 268], arguments: [-1n, 0n] },
  { name: "ptrace", number: [101, 117], arguments: [0n, 0n, 0n, 0n] },
  { name: "socket(AF_VSOCK)", number: [41, 198], arguments: [40n, 1n, 0n] },
  { name: "clone3", number: [435, 435], arguments: [0n, 0n] },
];
export const NAMESPACE_CALLS: readonly TriedCall[] = [
  { name: "unshare(CLONE_NEWUSER)", number: [272, 97], arguments: [CLONE_NEWUSER] },
  { name: "clone(CLONE_NEWUSER)", number: [56, 220], arguments: [CLONE_NEWUSER | SIGCHLD, 0n, 0n, 0n, 0n] },
];
/** Waits for ever. */
export const WAIT_CALLS: readonly TriedCall[] = [{ name: "ppoll", number: [271, 73], arguments: [0n, 0n, 0n, 0n, 0n] }];

const BASE = 0x400000n;
const HEADER_BYTES = 64 + 56;

/** A program that makes the calls in order and writes their results to descriptor 1, eight bytes each, **the last one first**. */
export function syscallProgram(architecture: Architecture, calls: readonly TriedCall[]): Buffer {
  const code = architecture === "x64" ? x64Code(calls) : arm64Code(calls);
  return elf(architecture === "x64" ? 62 : 183, code);
}

/** x86_64 only: enters the kernel by the 32-bit gate (`int 0x80`, getpid), then exits 0. A filter that checks the architecture ends it. */
export function foreignEntryProgram(): Buffer {
  return elf(62, Buffer.concat([Buffer.from([0xb8, 20, 0, 0, 0, 0xcd, 0x80]), x64Call([231, 0], [0n])]));
}

function x64Call(number: readonly [number, number], values: readonly bigint[]): Buffer {
  const registers = [
    [0x48, 0xbf],
    [0x48, 0xbe],
    [0x48, 0xba],
    [0x49, 0xba],
    [0x49, 0xb8],
    [0x49, 0xb9],
  ];
  const moves = [...registers.entries()].map(([index, opcode]) => Buffer.concat([Buffer.from(opcode), word(values[index] ?? 0n)]));
  return Buffer.concat([...moves, Buffer.from([0x48, 0xb8]), word(BigInt(number[0])), Buffer.from([0x0f, 0x05])]);
}

function x64Code(calls: readonly TriedCall[]): Buffer {
  const pushResult = Buffer.from([0x50]);
  const write = Buffer.concat([
    Buffer.from([0x48, 0xbf]),
    word(1n), // rdi: descriptor
    Buffer.from([0x48, 0x89, 0xe6]), // rsi: stack pointer
    Buffer.from([0x48, 0xba]),
    word(BigInt(calls.length * 8)),
    Buffer.from([0x48, 0xb8]),
    word(1n),
    Buffer.from([0x0f, 0x05]),
  ]);
  return Buffer.concat([...calls.flatMap((call) => [x64Call(call.number, call.arguments), pushResult]), write, x64Call([231, 94], [0n])]);
}

function arm64Move(register: number, value: bigint): Buffer {
  const bits = BigInt.asUintN(64, value);
  const bytes = Buffer.alloc(16);
  for (let part = 0; part < 4; part += 1) {
    const immediate = Number((bits >> BigInt(16 * part)) & 0xffffn);
    const operation = part === 0 ? 0xd2800000 : 0xf2800000; // movz, then movk
    bytes.writeUInt32LE((operation | (part << 21) | (immediate << 5) | register) >>> 0, part * 4);
  }
  return bytes;
}

function arm64Code(calls: readonly TriedCall[]): Buffer {
  const instruction = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0, 0);
    return bytes;
  };
  const supervisorCall = instruction(0xd4000001);
  const call = (number: number, values: readonly bigint[]): Buffer =>
    Buffer.concat([
      ...[0, 1, 2, 3, 4, 5].map((register) => arm64Move(register, values[register] ?? 0n)),
      arm64Move(8, BigInt(number)),
      supervisorCall,
    ]);
  const results = instruction(0xd10003ff | (((calls.length * 8 + 15) & ~15) << 10)); // sub sp, sp, #n
  const store = (index: number): Buffer => instruction(0xf90003e0 | ((calls.length - 1 - index) << 10)); // str x0, [sp, #8*i]
  const write = Buffer.concat([
    arm64Move(0, 1n),
    instruction(0x910003e1), // x1 = sp
    arm64Move(2, BigInt(calls.length * 8)),
    arm64Move(8, 64n),
    supervisorCall,
  ]);
  return Buffer.concat([
    results,
    ...calls.flatMap(({ number, arguments: values }, index) => [call(number[1], values), store(index)]),
    write,
    call(94, [0n]),
  ]);
}

function word(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

/** One readable, executable segment that holds the whole file. */
function elf(machine: number, code: Buffer): Buffer {
  const size = BigInt(HEADER_BYTES + code.length);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("\x7fELF", 0, "latin1");
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BASE + BigInt(HEADER_BYTES), 24);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // PT_LOAD
  header.writeUInt32LE(5, 68); // read, execute
  header.writeBigUInt64LE(BASE, 80);
  header.writeBigUInt64LE(BASE, 88);
  header.writeBigUInt64LE(size, 96);
  header.writeBigUInt64LE(size, 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, code]);
}
