/**
 * The system calls a sandbox may make, as a classic BPF program for `bwrap --seccomp`.
 *
 * An allow-list: what Node needs for files, memory, threads, timers, pipes and IP or UNIX sockets. Everything else answers
 * EPERM, so code sees an ordinary refusal and not a crash; only a foreign architecture (32-bit entry, x32) ends the process.
 * `clone3` answers ENOSYS because its flags lie behind a pointer that BPF cannot read: libc then falls back to `clone`,
 * whose flags are checked here. Sources: seccomp(2), linux/audit.h, linux/seccomp.h, asm/unistd_64.h, asm-generic/unistd.h.
 */

export type Architecture = "x64" | "arm64";

const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_OR_EQUAL = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

export const KILL_PROCESS = 0x80000000;
export const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;

/** Offsets in `struct seccomp_data`; only the low half of an argument is read (little-endian on both architectures). */
const OFFSET_NUMBER = 0;
const OFFSET_ARCHITECTURE = 4;
const offsetOfArgument = (index: number): number => 16 + 8 * index;

export const AUDIT_ARCHITECTURE: Record<Architecture, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };
const X32_BIT = 0x40000000;

/** CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET. */
export const NAMESPACE_FLAGS = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000;
/** Push characters into a terminal: a way out of a shared session. */
const TERMINAL_INJECTION = [0x5412, 0x541c];
/** AF_UNIX, AF_INET, AF_INET6. Not AF_VSOCK, which no network namespace confines, nor AF_ALG, AF_PACKET, AF_NETLINK. */
const SOCKET_FAMILIES = [1, 2, 10];

/** name: [x86_64, aarch64]; null where the architecture has no such call. */
// biome-ignore format: a table of 150 pairs reads better as a table
export const SYSCALLS: Readonly<Record<string, readonly [number | null, number | null]>> = {
  read: [0, 63], write: [1, 64], open: [2, null], close: [3, 57], stat: [4, null], fstat: [5, 80], lstat: [6, null], poll: [7, null],
  lseek: [8, 62], mmap: [9, 222], mprotect: [10, 226], munmap: [11, 215], brk: [12, 214], rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135], rt_sigreturn: [15, 139], ioctl: [16, 29], pread64: [17, 67], pwrite64: [18, 68], readv: [19, 65],
  writev: [20, 66], access: [21, null], pipe: [22, null], select: [23, null], sched_yield: [24, 124], mremap: [25, 216], msync: [26, 227],
  mincore: [27, 232], madvise: [28, 233], dup: [32, 23], dup2: [33, null], nanosleep: [35, 101], getitimer: [36, 102], alarm: [37, null],
  setitimer: [38, 103], getpid: [39, 172], sendfile: [40, 71], socket: [41, 198], connect: [42, 203], accept: [43, 202],
  sendto: [44, 206], recvfrom: [45, 207], sendmsg: [46, 211], recvmsg: [47, 212], shutdown: [48, 210], bind: [49, 200], listen: [50, 201],
  getsockname: [51, 204], getpeername: [52, 205], socketpair: [53, 199], setsockopt: [54, 208], getsockopt: [55, 209], clone: [56, 220],
  fork: [57, null], vfork: [58, null], execve: [59, 221], exit: [60, 93], wait4: [61, 260], kill: [62, 129], uname: [63, 160],
  fcntl: [72, 25], flock: [73, 32], fsync: [74, 82], fdatasync: [75, 83], truncate: [76, 45], ftruncate: [77, 46], getdents: [78, null],
  getcwd: [79, 17], chdir: [80, 49], fchdir: [81, 50], rename: [82, null], mkdir: [83, null], rmdir: [84, null], creat: [85, null],
  link: [86, null], unlink: [87, null], symlink: [88, null], readlink: [89, null], chmod: [90, null], fchmod: [91, 52], umask: [95, 166],
  gettimeofday: [96, 169], getrlimit: [97, 163], getrusage: [98, 165], sysinfo: [99, 179], times: [100, 153], getuid: [102, 174],
  getgid: [104, 176], geteuid: [107, 175], getegid: [108, 177], setpgid: [109, 154], getppid: [110, 173], getpgrp: [111, null],
  setsid: [112, 157], getgroups: [115, 158], getresuid: [118, 148], getresgid: [120, 150], getpgid: [121, 155], getsid: [124, 156],
  sigaltstack: [131, 132], utime: [132, null], statfs: [137, 43], fstatfs: [138, 44], getpriority: [140, 141], setpriority: [141, 140],
  sched_getparam: [143, 121], sched_setscheduler: [144, 119], sched_getscheduler: [145, 120], sched_get_priority_max: [146, 125],
  sched_get_priority_min: [147, 126], prctl: [157, 167], arch_prctl: [158, null], setrlimit: [160, 164], gettid: [186, 178],
  tkill: [200, 130], time: [201, null], futex: [202, 98], sched_setaffinity: [203, 122], sched_getaffinity: [204, 123],
  epoll_create: [213, null], getdents64: [217, 61], set_tid_address: [218, 96], restart_syscall: [219, 128], fadvise64: [221, 223],
  timer_create: [222, 107], timer_settime: [223, 110], timer_gettime: [224, 108], timer_delete: [226, 111], clock_gettime: [228, 113],
  clock_getres: [229, 114], clock_nanosleep: [230, 115], exit_group: [231, 94], epoll_wait: [232, null], epoll_ctl: [233, 21],
  tgkill: [234, 131], utimes: [235, null], waitid: [247, 95], inotify_add_watch: [254, 27], inotify_rm_watch: [255, 28],
  openat: [257, 56], mkdirat: [258, 34], newfstatat: [262, 79], unlinkat: [263, 35], renameat: [264, 38], linkat: [265, 37],
  symlinkat: [266, 36], readlinkat: [267, 78], fchmodat: [268, 53], faccessat: [269, 48], pselect6: [270, 72], ppoll: [271, 73],
  set_robust_list: [273, 99], get_robust_list: [274, 100], splice: [275, 76], utimensat: [280, 88], epoll_pwait: [281, 22],
  timerfd_create: [283, 85], eventfd: [284, null], fallocate: [285, 47], timerfd_settime: [286, 86], timerfd_gettime: [287, 87],
  accept4: [288, 242], eventfd2: [290, 19], epoll_create1: [291, 20], dup3: [292, 24], pipe2: [293, 59], inotify_init1: [294, 26],
  preadv: [295, 69], pwritev: [296, 70], recvmmsg: [299, 243], prlimit64: [302, 261], sendmmsg: [307, 269], getcpu: [309, 168],
  sched_getattr: [315, 275], renameat2: [316, 276], getrandom: [318, 278], memfd_create: [319, 279], membarrier: [324, 283],
  copy_file_range: [326, 285], preadv2: [327, 286], pwritev2: [328, 287], pkey_mprotect: [329, 288], pkey_alloc: [330, 289],
  pkey_free: [331, 290], statx: [332, 291], rseq: [334, 293], clone3: [435, 435], close_range: [436, 436], openat2: [437, 437],
  faccessat2: [439, 439], epoll_pwait2: [441, 441], fchmodat2: [452, 452],
};

/** Eight bytes: operation, jump if true, jump if false, constant. */
type Instruction = readonly [operation: number, whenTrue: number, whenFalse: number, constant: number];

const load = (offset: number): Instruction => [LOAD_WORD, 0, 0, offset];
const answer = (verdict: number): Instruction => [RETURN, 0, 0, verdict];
const errno = (code: number): Instruction => answer(ERRNO | code);
const equal = (constant: number, whenTrue: number, whenFalse: number): Instruction => [JUMP_EQUAL, whenTrue, whenFalse, constant];

/** What is looked at beyond the number. Each body ends in an answer, because it loads over the number. */
const conditions: Readonly<Record<string, readonly Instruction[]>> = {
  clone: [load(offsetOfArgument(0)), [JUMP_ANY_BIT, 0, 1, NAMESPACE_FLAGS], errno(EPERM), answer(ALLOW)],
  clone3: [errno(ENOSYS)],
  socket: [load(offsetOfArgument(0)), ...SOCKET_FAMILIES.flatMap((family) => [equal(family, 0, 1), answer(ALLOW)]), errno(EPERM)],
  ioctl: [load(offsetOfArgument(1)), ...TERMINAL_INJECTION.flatMap((request) => [equal(request, 0, 1), errno(EPERM)]), answer(ALLOW)],
};

/** The program's bytes, ready to be read by bubblewrap from a descriptor. */
export function seccompProgram(architecture: Architecture): Buffer {
  const program: Instruction[] = [
    load(OFFSET_ARCHITECTURE),
    equal(AUDIT_ARCHITECTURE[architecture], 1, 0),
    answer(KILL_PROCESS),
    load(OFFSET_NUMBER),
  ];
  if (architecture === "x64") program.push([JUMP_GREATER_OR_EQUAL, 0, 1, X32_BIT], answer(KILL_PROCESS));
  const column = architecture === "x64" ? 0 : 1;
  for (const [name, numbers] of Object.entries(SYSCALLS)) {
    const number = numbers[column];
    if (number === null || number === undefined) continue;
    const body = conditions[name] ?? [answer(ALLOW)];
    program.push(equal(number, 0, body.length), ...body);
  }
  program.push(errno(EPERM));
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([operation, whenTrue, whenFalse, constant], index) => {
    bytes.writeUInt16LE(operation, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(constant >>> 0, index * 8 + 4);
  });
  return bytes;
}
