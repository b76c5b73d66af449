// Mounts of the daemon's own mount namespace: make, undo, list.
import { readFileSync } from 'node:fs';
import { isErrno } from '../errors.ts';
import { MNT_DETACH, MS, UMOUNT_NOFOLLOW, mount, unmount } from './kernel.ts';

/** One mount to be made; shared by images, sandboxes and containers. */
export interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  /** Flags and file system options as in fstab: `ro`, `nosuid`, `size=64m`, ... */
  readonly options: readonly string[];
}

const FLAGS: Readonly<Record<string, number>> = {
  ro: MS.RDONLY,
  nosuid: MS.NOSUID,
  nodev: MS.NODEV,
  noexec: MS.NOEXEC,
  bind: MS.BIND,
  rbind: MS.BIND | MS.REC,
};

/**
 * The options with which all files of a new file system have one SELinux label, none without a label. In quotes, as the
 * categories in it have commas between them.
 */
export function contextOptions(label: string | undefined): string[] {
  return label === undefined ? [] : [`context="${label}"`];
}

/** Makes a mount; the target must exist. */
export function makeMount({ type, source, target, options }: Mount): void {
  const flags = options.reduce((sum, option) => sum | (FLAGS[option] ?? 0), 0);
  const data = options.filter((option) => FLAGS[option] === undefined && option !== 'rw').join(',');
  mount(source, target, type, flags, data === '' ? null : data);
}

/**
 * Removes every mount at `target`, detaching busy ones. May be repeated; a path that is no mount point or does not
 * exist is fine.
 */
export function removeMount(target: string): void {
  for (;;) {
    try {
      unmount(target, MNT_DETACH | UMOUNT_NOFOLLOW);
    } catch (error) {
      if (isErrno(error, 'EINVAL') || isErrno(error, 'ENOENT')) return;
      throw error;
    }
  }
}

export interface MountEntry {
  readonly root: string;
  readonly target: string;
  readonly options: readonly string[];
  /** Peer group tags: `shared:N`, `master:N`, ... */
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Parses /proc/PID/mountinfo. @see proc(5) */
export function parseMountinfo(text: string): MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const separator = fields.indexOf('-');
    if (separator < 6) continue;
    entries.push({
      root: unescape(fields[3] ?? ''),
      target: unescape(fields[4] ?? ''),
      options: (fields[5] ?? '').split(','),
      propagation: fields.slice(6, separator),
      type: fields[separator + 1] ?? '',
      source: unescape(fields[separator + 2] ?? ''),
      superOptions: (fields[separator + 3] ?? '').split(','),
    });
  }
  return entries;
}

/** All mounts the daemon sees, oldest first. */
export function listMounts(): MountEntry[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** The mount that holds `path`, among `entries`. */
export function mountOf(path: string, entries: readonly MountEntry[]): MountEntry | undefined {
  return entries.reduce<MountEntry | undefined>((best, entry) => {
    const inside = entry.target === '/' || path === entry.target || path.startsWith(`${entry.target}/`);
    return inside && entry.target.length >= (best?.target.length ?? 0) ? entry : best;
  }, undefined);
}
