// Every libc call that Node lacks, and nothing else: the one fenced place where a wrong pointer could end the daemon.
// Narrow types in, `KernelError` out. All calls are synchronous and act on the calling thread.
import { ERRNO_NAMES, addressOf, bind, lastErrno } from './libc.ts';

const c = {
  mount: bind(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
  ),
  umount2: bind('int umount2(const char *target, int flags)'),
  mknod: bind('int mknod(const char *path, unsigned int mode, unsigned long dev)'),
  lsetxattr: bind('int lsetxattr(const char *path, const char *name, const uint8_t *value, size_t size, int flags)'),
  lgetxattr: bind('long lgetxattr(const char *path, const char *name, _Out_ uint8_t *value, size_t size)'),
  llistxattr: bind('long llistxattr(const char *path, _Out_ uint8_t *names, size_t size)'),
  unshare: bind('int unshare(int flags)'),
  setns: bind('int setns(int fd, int kind)'),
  chroot: bind('int chroot(const char *path)'),
  chdir: bind('int chdir(const char *path)'),
  gettid: bind('int gettid()'),
  sethostname: bind('int sethostname(const char *name, size_t length)'),
  socket: bind('int socket(int domain, int type, int protocol)'),
  socketpair: bind('int socketpair(int domain, int type, int protocol, _Out_ int *fds)'),
  connect: bind('int connect(int fd, const uint8_t *address, unsigned int length)'),
  sendto: bind(
    'long sendto(int fd, const uint8_t *data, size_t size, int flags, const uint8_t *address, unsigned int length)',
  ),
  bind: bind('int bind(int fd, const uint8_t *address, unsigned int length)'),
  listen: bind('int listen(int fd, int backlog)'),
  accept4: bind('int accept4(int fd, uint8_t *address, unsigned int *length, int flags)'),
  recvmsg: bind('long recvmsg(int fd, _Inout_ uint8_t *message, int flags)'),
  dup3: bind('int dup3(int from, int to, int flags)'),
  shutdown: bind('int shutdown(int fd, int how)'),
  pipe2: bind('int pipe2(_Out_ int *fds, int flags)'),
  ioctl: bind('int ioctl(int fd, unsigned long request, _Inout_ uint8_t *argument)'),
  waitpid: bind('int waitpid(int pid, _Out_ int *status, int options)'),
  utimensat: bind('int utimensat(int dirfd, const char *path, const uint8_t *times, int flags)'),
  futimens: bind('int futimens(int fd, const uint8_t *times)'),
  fchdir: bind('int fchdir(int fd)'),
  syncfs: bind('int syncfs(int fd)'),
  // The C library has had names for these since 2022 only; their numbers are the same on all architectures.
  openTree: bind('long syscall(long number, int dirfd, const char *path, unsigned int flags)'),
  moveMount: bind(
    'long syscall(long number, int from, const char *path, int to, const char *target, unsigned int flags)',
  ),
  mountSetattr: bind(
    'long syscall(long number, int dirfd, const char *path, unsigned int flags, const uint8_t *attr, size_t size)',
  ),
  fsopen: bind('long syscall(long number, const char *type, unsigned int flags)'),
  fsconfig: bind(
    'long syscall(long number, int fd, unsigned int command, const char *key, const char *value, int aux)',
  ),
  fsmount: bind('long syscall(long number, int fd, unsigned int flags, unsigned int attributes)'),
  prctl: bind('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)'),
};

/** A failed kernel call; `code` is the errno's name, as in Node's own system errors. */
export class KernelError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, subject: string) {
    const code = ERRNO_NAMES.get(errno) ?? `errno ${errno}`;
    super(`${syscall} ${subject}: ${code}`);
    this.name = 'KernelError';
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}

function check(syscall: string, result: number, subject: string): number {
  if (result === -1) throw new KernelError(syscall, lastErrno(), subject);
  return result;
}

export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  REMOUNT: 32,
  BIND: 4096,
  REC: 16384,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
} as const;
export const MNT_DETACH = 2;
export const UMOUNT_NOFOLLOW = 8;
export const CLONE = {
  FS: 0x200,
  NEWNS: 0x20000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWNET: 0x40000000,
} as const;
export const AF = { UNIX: 1, INET: 2, INET6: 10 } as const;
const MSG_CMSG_CLOEXEC = 0x40000000;
const ENODATA = 61;
export const SOCK = { STREAM: 1, DGRAM: 2, SEQPACKET: 5, CLOEXEC: 0o2000000, NONBLOCK: 0o4000 } as const;

/** mount(2). `data` is the file system's option string; the kernel cuts it at 4096 bytes. */
export function mount(source: string, target: string, type: string | null, flags: number, data: string | null): void {
  check('mount', c.mount(source, target, type, flags, data), `"${target}"`);
}

/** umount2(2); `flags` from MNT_DETACH and UMOUNT_NOFOLLOW. */
export function unmount(target: string, flags: number): void {
  check('umount2', c.umount2(target, flags), `"${target}"`);
}

/** Pins a namespace: binds its /proc file onto an existing file. */
export function bindNamespace(source: string, target: string): void {
  mount(source, target, null, MS.BIND, null);
}

/**
 * Mounts a clone of the mount of `source` on the directory `target`, its owners shifted as the user namespace of
 * `userns` (a descriptor) maps them. @see mount_setattr(2), "ID-mapped mounts"
 */
export function mountMapped(source: string, target: string, userns: number): void {
  const [OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR, EMPTY_PATH, CWD] = [428, 429, 442, 0x1000, -100];
  const tree = check('open_tree', c.openTree(OPEN_TREE, CWD, source, 1 | SOCK.CLOEXEC), `"${source}"`);
  try {
    const attr = Buffer.alloc(32);
    attr.writeBigUInt64LE(0x100000n, 0); // MOUNT_ATTR_IDMAP
    attr.writeBigUInt64LE(BigInt(userns), 24);
    check('mount_setattr', c.mountSetattr(MOUNT_SETATTR, tree, '', EMPTY_PATH, attr, attr.length), `"${source}"`);
    check('move_mount', c.moveMount(MOVE_MOUNT, tree, '', CWD, target, 4), `"${target}"`);
  } finally {
    closeFd(tree);
  }
}

/**
 * A tmpfs that is mounted nowhere: only its descriptor reaches it, and it goes with the last one.
 * @throws KernelError with ENOSYS before Linux 5.2
 */
export function openDetachedTmpfs(): number {
  const [FSOPEN, FSCONFIG, FSMOUNT, CREATE] = [430, 431, 432, 6];
  const context = check('fsopen', c.fsopen(FSOPEN, 'tmpfs', 1), 'tmpfs');
  try {
    check('fsconfig', c.fsconfig(FSCONFIG, context, CREATE, null, null, 0), 'tmpfs');
    return check('fsmount', c.fsmount(FSMOUNT, context, 1, MS.NOSUID), 'tmpfs');
  } finally {
    closeFd(context);
  }
}

/** A path, as bytes where it may not be UTF-8. */
export type KernelPath = string | Buffer;

function terminated(path: KernelPath): KernelPath {
  return typeof path === 'string' ? path : Buffer.concat([path, Buffer.alloc(1)]);
}

/** mknod(2): `mode` includes the file type, `major`/`minor` name the device (0/0 for FIFOs). */
export function mknod(path: KernelPath, mode: number, major: number, minor: number): void {
  const dev =
    (BigInt(minor) & 0xffn) |
    ((BigInt(major) & 0xfffn) << 8n) |
    ((BigInt(minor) & ~0xffn) << 12n) |
    ((BigInt(major) & ~0xfffn) << 32n);
  check('mknod', c.mknod(terminated(path), mode, dev), `"${path.toString()}"`);
}

/** lsetxattr(2) on the path itself, never on a symlink's target. */
export function setXattr(path: KernelPath, name: string, value: Uint8Array): void {
  check('lsetxattr', c.lsetxattr(terminated(path), name, value, value.length, 0), `"${path.toString()}" ${name}`);
}

/** lgetxattr(2), or undefined when the attribute is absent. Values up to 64 KiB, the kernel's own limit. */
export function getXattr(path: KernelPath, name: string): Buffer | undefined {
  const value = Buffer.alloc(65536);
  const size = c.lgetxattr(terminated(path), name, value, value.length);
  if (size === -1 && ERRNO_NAMES.get(lastErrno()) === 'ENODATA') return undefined;
  return value.subarray(0, check('lgetxattr', size, `"${path.toString()}" ${name}`));
}

/** llistxattr(2): the names of all attributes the caller may see, sorted; none where the file system has none. */
export function listXattrs(path: KernelPath): readonly string[] {
  const names = Buffer.alloc(65536);
  const size = c.llistxattr(terminated(path), names, names.length);
  if (size === -1 && ERRNO_NAMES.get(lastErrno()) === 'EOPNOTSUPP') return [];
  const text = names.toString('latin1', 0, check('llistxattr', size, `"${path.toString()}"`));
  return text.split('\0').slice(0, -1).sort();
}

/** unshare(2) for the calling thread; CLONE.FS first when the thread is to chroot or chdir alone. */
export function unshare(flags: number): void {
  check('unshare', c.unshare(flags), `0x${flags.toString(16)}`);
}

/** setns(2) for the calling thread. */
export function setns(fd: number, kind: number): void {
  check('setns', c.setns(fd, kind), `fd ${fd}`);
}

export function chroot(path: string): void {
  check('chroot', c.chroot(path), `"${path}"`);
}

/** chdir(2) of the calling thread when it has unshared CLONE.FS, of the whole process otherwise. */
export function chdir(path: string): void {
  check('chdir', c.chdir(path), `"${path}"`);
}

export function fchdir(fd: number): void {
  check('fchdir', c.fchdir(fd), `fd ${fd}`);
}

export function gettid(): number {
  return c.gettid();
}

/** sethostname(2) in the calling thread's UTS namespace. */
export function setHostname(name: string): void {
  check('sethostname', c.sethostname(name, Buffer.byteLength(name)), `"${name}"`);
}

/** socket(2), close-on-exec; returns the descriptor. */
export function socket(domain: number, type: number): number {
  return check('socket', c.socket(domain, type | SOCK.CLOEXEC, 0), `domain ${domain}`);
}

/** socketpair(2) of Unix sockets, close-on-exec. */
export function socketpair(type: number): [number, number] {
  const fds = [0, 0];
  check('socketpair', c.socketpair(AF.UNIX, type | SOCK.CLOEXEC, 0, fds), '');
  return [fds[0] ?? -1, fds[1] ?? -1];
}

function unixAddress(path: string): Buffer {
  const bytes = Buffer.from(path);
  if (bytes.length > 107) throw new KernelError('connect', 36, `"${path}": longer than 107 bytes`);
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF.UNIX, 0);
  bytes.copy(address, 2);
  if (path.startsWith('@')) address[2] = 0;
  return address.subarray(0, path.startsWith('@') ? 2 + bytes.length : 3 + bytes.length);
}

/** Connects a Unix socket to a path of at most 107 bytes; a leading `@` means the abstract namespace. */
export function connectUnix(fd: number, path: string): void {
  const address = unixAddress(path);
  check('connect', c.connect(fd, address, address.length), `"${path}"`);
}

/** Sends one datagram to a Unix socket. */
export function sendUnixDatagram(path: string, text: string): void {
  const fd = socket(AF.UNIX, SOCK.DGRAM);
  try {
    const address = unixAddress(path);
    const data = Buffer.from(text);
    check('sendto', c.sendto(fd, data, data.length, 0, address, address.length), `"${path}"`);
  } finally {
    closeFd(fd);
  }
}

/** A Unix stream socket that listens at a path of at most 107 bytes; `acceptUnix` never waits on it. */
export function listenUnix(path: string): number {
  const fd = socket(AF.UNIX, SOCK.STREAM | SOCK.NONBLOCK);
  try {
    const address = unixAddress(path);
    check('bind', c.bind(fd, address, address.length), `"${path}"`);
    check('listen', c.listen(fd, 1), `"${path}"`);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** accept4(2): the connection that waits, close-on-exec and non-blocking. @throws EAGAIN when none does */
export function acceptUnix(fd: number): number {
  return check('accept4', c.accept4(fd, null, null, SOCK.CLOEXEC | SOCK.NONBLOCK), `fd ${fd}`);
}

/** Takes one descriptor that was sent over a Unix socket (SCM_RIGHTS). @throws EAGAIN when nothing was sent yet */
export function receiveDescriptor(fd: number): number {
  // The structures of recvmsg(2) on 64-bit Linux: 4 KiB for the bytes that come along, 24 for one descriptor's header.
  const bytes = Buffer.alloc(4096);
  const control = Buffer.alloc(24);
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(addressOf(bytes), 0);
  vector.writeBigUInt64LE(BigInt(bytes.length), 8);
  const message = Buffer.alloc(56);
  message.writeBigUInt64LE(addressOf(vector), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(addressOf(control), 32);
  message.writeBigUInt64LE(BigInt(control.length), 40);
  check('recvmsg', c.recvmsg(fd, message, MSG_CMSG_CLOEXEC), `fd ${fd}`);
  const isRights = control.readInt32LE(8) === 1 && control.readInt32LE(12) === 1;
  if (!isRights || message.readBigUInt64LE(40) < 20n) throw new KernelError('recvmsg', ENODATA, `fd ${fd}`);
  return control.readInt32LE(16);
}

/** Has reads and writes of any descriptor fail with EAGAIN rather than wait. */
export function setNonBlocking(fd: number): void {
  const on = Buffer.alloc(4);
  on.writeInt32LE(1);
  check('ioctl', c.ioctl(fd, 0x5421, on), 'FIONBIO');
}

export function dup3(from: number, to: number): void {
  check('dup3', c.dup3(from, to, SOCK.CLOEXEC), `${from} to ${to}`);
}

/** shutdown(2) of the writing side. */
export function shutdownWrite(fd: number): void {
  check('shutdown', c.shutdown(fd, 1), `fd ${fd}`);
}

/** A pipe, close-on-exec, both ends non-blocking when asked: `[readEnd, writeEnd]`. */
export function pipe(nonBlocking: boolean): [number, number] {
  const fds = [0, 0];
  check('pipe2', c.pipe2(fds, SOCK.CLOEXEC | (nonBlocking ? SOCK.NONBLOCK : 0)), '');
  return [fds[0] ?? -1, fds[1] ?? -1];
}

const closeBinding = bind('int close(int fd)');

/** close(2) of a descriptor that Node does not own. */
export function closeFd(fd: number): void {
  check('close', closeBinding(fd), `fd ${fd}`);
}

/** How many bytes wait in a pipe or FIFO. */
export function bytesWaiting(fd: number): number {
  const count = Buffer.alloc(4);
  check('ioctl', c.ioctl(fd, 0x541b, count), 'FIONREAD');
  return count.readInt32LE(0);
}

/** Makes a FIFO. @throws EEXIST */
export function makeFifo(path: string, mode: number): void {
  mknod(path, 0o010000 | mode, 0, 0);
}

/** Sets a terminal's size in character cells. */
export function setWindowSize(fd: number, rows: number, columns: number): void {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  check('ioctl', c.ioctl(fd, 0x5414, size), 'TIOCSWINSZ');
}

/** Sets a network interface of the calling thread's namespace up. */
export function setInterfaceUp(name: string): void {
  const fd = socket(AF.INET, SOCK.DGRAM);
  try {
    const request = Buffer.alloc(40);
    request.write(name, 0, 15, 'latin1');
    check('ioctl', c.ioctl(fd, 0x8913, request), `SIOCGIFFLAGS ${name}`);
    request.writeInt16LE(request.readInt16LE(16) | 1, 16);
    check('ioctl', c.ioctl(fd, 0x8914, request), `SIOCSIFFLAGS ${name}`);
  } finally {
    closeFd(fd);
  }
}

/** Gives an interface its IPv4 address, through a socket of that family in the interface's network namespace. */
export function setInterfaceAddress(fd: number, name: string, address: string): void {
  const request = Buffer.alloc(40);
  request.write(name, 0, 15, 'latin1');
  request.writeUInt16LE(AF.INET, 16);
  Buffer.from(address.split('.').map(Number)).copy(request, 20);
  check('ioctl', c.ioctl(fd, 0x8916, request), `SIOCSIFADDR ${name} ${address}`);
}

/** The raw wait status of an ended child, or undefined while it runs. Never blocks. */
export function reap(pid: number): number | undefined {
  const status = [0];
  const result = check('waitpid', c.waitpid(pid, status, 1), `pid ${pid}`);
  return result === 0 ? undefined : status[0];
}

/** Sets both access and modification time of the path itself: seconds since the epoch, and nanoseconds after them. */
export function setTimes(path: KernelPath, seconds: number, nanos: number): void {
  const result = c.utimensat(-100, terminated(path), toTimes(seconds, nanos), 0x100);
  if (result !== 0) check('utimensat', result, `"${path.toString()}"`);
}

/** `setTimes` of an open file. */
export function setFileTimes(fd: number, seconds: number, nanos: number): void {
  check('futimens', c.futimens(fd, toTimes(seconds, nanos)), 'of an open file');
}

// Two `struct timespec` of 64-bit Linux, of this thread, for the call that follows. In halves: one is set for every file
// of a layer, and BigInts would cost more than the call.
const times = new Int32Array(8);
const timesBytes = Buffer.from(times.buffer);

function toTimes(seconds: number, nanos: number): Buffer {
  for (let at = 0; at < times.length; at += 4) {
    times[at] = seconds | 0;
    times[at + 1] = Math.floor(seconds / 2 ** 32);
    times[at + 2] = nanos;
  }
  return timesBytes;
}

/** syncfs(2): writes the whole file system of `fd` to disk, which may take long: never on the main thread. */
export function syncFileSystem(fd: number): void {
  check('syncfs', c.syncfs(fd), `fd ${fd}`);
}

/** Makes this process the reaper of orphaned descendants. */
export function becomeSubreaper(): void {
  check('prctl', c.prctl(36, 1, 0, 0, 0), 'PR_SET_CHILD_SUBREAPER');
}
