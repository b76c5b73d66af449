import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readInRoot, resolveInRoot } from '../../../src/container/rootfs-path.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rootfs-'));
  mkdirSync(join(root, 'etc'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('resolveInRoot()', () => {
  it.each([
    { name: 'an absolute link', link: '/usr/etc/passwd', wanted: 'usr/etc/passwd' },
    { name: 'a relative link', link: 'real', wanted: 'etc/real' },
    { name: 'a link that climbs out', link: '../../../../etc/shadow', wanted: 'etc/shadow' },
  ])('keeps $name inside the root', ({ link, wanted }) => {
    symlinkSync(link, join(root, 'etc/passwd'));

    expect(resolveInRoot(root, '/etc/passwd')).toBe(join(root, wanted));
  });

  it('gives up on a loop', () => {
    symlinkSync('b', join(root, 'a'));
    symlinkSync('a', join(root, 'b'));

    expect(() => resolveInRoot(root, '/a')).toThrow('too many symlinks');
  });

  it('climbs no higher than the root', () => {
    expect(resolveInRoot(root, '/../../etc')).toBe(join(root, 'etc'));
  });
});

describe('readInRoot()', () => {
  it('reads a file and takes a missing one as empty', () => {
    writeFileSync(join(root, 'etc/group'), 'wheel:x:10:\n');

    expect(readInRoot(root, '/etc/group')).toBe('wheel:x:10:\n');
    expect(readInRoot(root, '/etc/passwd')).toBe('');
  });
});
