// Builds the smallest root file system that the tests need, out of the host's busybox.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const APPLETS = [
  'cat',
  'dd',
  'echo',
  'false',
  'grep',
  'kill',
  'mkdir',
  'ps',
  'sh',
  'seq',
  'setsid',
  'sleep',
  'tail',
  'true',
];

/** Fails when busybox is not installed. */
export function buildRootfs(root: string): void {
  const busybox = execFileSync('/bin/sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  const libraries = execFileSync('/bin/sh', ['-c', `ldd ${busybox} || true`], { encoding: 'utf8' }).matchAll(/\/\S+/g);
  for (const dir of ['bin', 'proc', 'dev', 'tmp', 'etc']) mkdirSync(join(root, dir), { recursive: true });
  cpSync(busybox, join(root, 'bin/busybox'), { dereference: true });
  for (const [library] of libraries) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    cpSync(library, join(root, library), { dereference: true });
  }
  for (const applet of APPLETS) symlinkSync('busybox', join(root, 'bin', applet));
}
