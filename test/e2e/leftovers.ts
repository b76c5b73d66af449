// What a daemon's pods left on the host: everything that must be gone when the last pod is.
import { execaSync } from 'execa';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from '../../src/errors.ts';
import { readIfThere } from '../support/read-if-there.ts';
import type { TestDaemon } from './daemon.ts';

const KERNEL_INTERFACES = /^(lo|crisol0|tunl0|sit0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6tnl0|ip6gre0)$/;

/**
 * One line for each process, mount, interface, lease, rule, cgroup and directory; empty when all is as before.
 * Waits up to 10 s for what is removed in the background.
 * @param before lines that count for nothing, of an earlier `snapshot`
 */
export async function leftovers(daemon: TestDaemon, before: readonly string[] = []): Promise<readonly string[]> {
  for (let tries = 0; ; tries += 1) {
    const found = snapshot(daemon).filter((line) => !before.some((known) => isSame(known, line)));
    if (found.length === 0 || tries === 100) return found;
    await sleep(100);
  }
}

// A process that was just started may not have become its program yet when it is first seen.
function isSame(known: string, line: string): boolean {
  const [kind, pid] = known.split(' ');
  return known === line || (kind === 'process' && line.startsWith(`process ${pid ?? ''} `));
}

/** What `leftovers` would find now. */
export function snapshot(daemon: TestDaemon): string[] {
  return [
    ...processesOf(daemon).map((text) => `process ${text}`),
    ...mountsBelow(daemon.directory, daemon.root).map((path) => `mount ${path}`),
    ...interfaces().map((name) => `interface ${name}`),
    ...filesIn(join(daemon.leases, 'crisol-e2e'), /^\d+\./).map((path) => `lease ${path}`),
    ...portRules().map((rule) => `rule ${rule}`),
    ...cgroupsBelow(daemon.cgroupParent).map((path) => `cgroup ${path}`),
    ...stateOf(daemon).map((path) => `state ${path}`),
  ];
}

// Ours by what they were told, or by the cgroup they are in.
function processesOf({ pid, directory, root, cgroupParent }: TestDaemon): string[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry) || Number(entry) === pid) return [];
    const command = readIfThere(`/proc/${entry}/cmdline`).replaceAll('\0', ' ');
    if (command.includes('main.js serve')) return [];
    const ours = [directory, root].some((path) => command.includes(path));
    return ours || readIfThere(`/proc/${entry}/cgroup`).includes(cgroupParent) ? [`${entry} ${command}`] : [];
  });
}

function mountsBelow(...directories: readonly string[]): string[] {
  const targets = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return targets.filter((target) => directories.some((directory) => target.startsWith(`${directory}/`)));
}

function interfaces(): string[] {
  const links = JSON.parse(execaSync('ip', ['-j', 'link']).stdout) as { readonly ifname: string }[];
  return links.map(({ ifname }) => ifname).filter((name) => !KERNEL_INTERFACES.test(name));
}

function portRules(): string[] {
  return execaSync('iptables-save', ['-t', 'nat'])
    .stdout.split('\n')
    .filter((line) => /^-A (CNI-DN|CNI-[0-9a-f])/.test(line));
}

function filesIn(directory: string, pattern: RegExp): string[] {
  return existsSync(directory) ? readdirSync(directory).filter((name) => pattern.test(name)) : [];
}

// Directories that hold one entry per pod or container.
function stateOf({ run, root }: TestDaemon): string[] {
  const perPod = ['sandboxes', 'ns', 'c', 'exits', 'persist', 'a', 'rootfs', 'rt/runc', 'rt/crun'].map((name) =>
    join(run, name),
  );
  const records = ['sandboxes', 'containers', 'cni', 'quarantine', 'rootfs'].map((name) => join(root, name));
  return [...perPod, ...records].flatMap((directory) => filesIn(directory, /./).map((name) => join(directory, name)));
}

function cgroupsBelow(parent: string): string[] {
  return cgroupRoots().flatMap((root) => directoriesBelow(join(root, parent)));
}

function cgroupRoots(): string[] {
  const roots = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4]!);
  return [...new Set(roots)];
}

// Deepest first, as rmdir wants them.
function directoriesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(directory, name))
    .flatMap((path) => [...directoriesBelow(path), path]);
}

/** Ends what a failed test left running in a cgroup, and removes it with what is below it from every hierarchy. */
export async function removeCgroups(parent: string): Promise<void> {
  const all = [...cgroupsBelow(parent), ...cgroupRoots().map((root) => join(root, parent))];
  const pids = new Set(all.flatMap((path) => readIfThere(join(path, 'cgroup.procs')).split('\n')));
  for (const pid of pids) if (pid !== '') killIfThere(Number(pid));
  if (pids.size > 1) await sleep(500);
  for (const path of all) if (existsSync(path)) rmdirSync(path);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/** Unmounts what a failed test left, so that its directories can be removed. */
export function unmountBelow(...directories: readonly string[]): void {
  for (const target of mountsBelow(...directories).toReversed()) execaSync('umount', ['-l', target], { reject: false });
}
