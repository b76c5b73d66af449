import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFifo, MS, mount, setXattr } from '../../../src/host/kernel.ts';
import { removeMount } from '../../../src/host/mounts.ts';
import { fileLabel, setFileLabel } from '../../../src/host/selinux.ts';
import { labelTree } from '../../../src/host/tree-labels.ts';

const LABEL = 'system_u:object_r:container_file_t:s0:c1,c2';
const OTHER = 'system_u:object_r:container_file_t:s0:c3,c4';

let base: string;
let volume: string;
beforeEach(() => {
  base = mkdtempSync('/var/tmp/crisol-labels-');
  volume = join(base, 'volume');
  mkdirSync(join(volume, 'a/b'), { recursive: true });
  mkdirSync(join(base, 'outside'));
  for (const file of ['volume/top', 'volume/a/one', 'volume/a/b/two', 'outside/secret']) {
    writeFileSync(join(base, file), file);
  }
});
afterEach(() => {
  removeMount(join(volume, 'mounted'));
  rmSync(base, { recursive: true, force: true });
});

function labels(...paths: string[]): (string | undefined)[] {
  return paths.map((path) => fileLabel(join(base, path)));
}

describe('labelTree()', () => {
  it('labels a tree with everything in it, whatever its names and kinds', () => {
    const odd = Buffer.concat([Buffer.from(`${volume}/a/`), Buffer.from([0xff, 0x0a, 0x20])]);
    writeFileSync(odd, '');
    makeFifo(join(volume, 'fifo'), 0o600);

    expect(labelTree(volume, LABEL)).toBe(true);

    expect(labels('volume', 'volume/top', 'volume/a', 'volume/a/one', 'volume/a/b/two', 'volume/fifo')).toEqual(
      Array(6).fill(LABEL),
    );
    expect(fileLabel(odd)).toBe(LABEL);
  });

  it('labels links themselves and nothing they lead to', () => {
    symlinkSync(join(base, 'outside'), join(volume, 'to-directory'));
    symlinkSync(join(base, 'outside/secret'), join(volume, 'a/to-file'));
    symlinkSync('/nowhere', join(volume, 'dangling'));

    labelTree(volume, LABEL);

    expect(labels('volume/to-directory', 'volume/a/to-file', 'volume/dangling')).toEqual(Array(3).fill(LABEL));
    expect(labels('outside', 'outside/secret', '.')).toEqual([undefined, undefined, undefined]);
  });

  it('labels a file of several names once for all of them', () => {
    linkSync(join(volume, 'a/one'), join(volume, 'again'));
    linkSync(join(volume, 'a/one'), join(base, 'outside/again'));

    labelTree(volume, LABEL);

    expect(labels('volume/again', 'volume/a/one', 'outside/again', 'outside/secret')).toEqual([
      ...Array<string>(3).fill(LABEL),
      undefined,
    ]);
  });

  it('takes a tree whose top is labelled for done, and does one whose top has another label', () => {
    setFileLabel(volume, LABEL);

    expect(labelTree(volume, LABEL)).toBe(false);
    expect(labels('volume/a', 'volume/top')).toEqual([undefined, undefined]);
    expect(labelTree(volume, OTHER)).toBe(true);
    expect(labels('volume', 'volume/a', 'volume/top')).toEqual([OTHER, OTHER, OTHER]);
  });

  it('takes a label that was written with its terminator for the same', () => {
    setFileLabel(volume, `${LABEL}\0`);

    expect(labelTree(volume, LABEL)).toBe(false);
  });

  it('labels a single file', () => {
    expect(labelTree(join(volume, 'top'), LABEL)).toBe(true);
    expect(labels('volume/top', 'volume')).toEqual([LABEL, undefined]);
  });

  it('passes over a file system that keeps no labels, and goes on behind it', () => {
    const mounted = join(volume, 'mounted');
    mkdirSync(mounted);
    mount('mqueue', mounted, 'mqueue', 0, null);
    expect(() => setXattr(mounted, 'security.selinux', Buffer.from(LABEL))).toThrow('EOPNOTSUPP');

    expect(labelTree(volume, LABEL)).toBe(true);

    expect(fileLabel(mounted)).toBeUndefined();
    expect(labels('volume/a/b/two', 'volume/top', 'volume')).toEqual([LABEL, LABEL, LABEL]);
  });

  it('names the file on a read-only file system, and is content with one that is labelled already', () => {
    labelTree(join(base, 'outside'), LABEL);
    const mounted = join(volume, 'mounted');
    mkdirSync(mounted);
    mount(join(base, 'outside'), mounted, null, MS.BIND, null);
    mount('', mounted, null, MS.BIND | MS.REMOUNT | MS.RDONLY, null);

    expect(() => labelTree(volume, OTHER)).toThrow(`"${mounted}" cannot have the label "${OTHER}": EROFS`);
    expect(fileLabel(volume)).toBeUndefined();
    expect(labelTree(volume, LABEL)).toBe(true);
  });

  it('refuses a tree too deep for its descriptors', () => {
    mkdirSync(join(volume, ...Array<string>(600).fill('d')), { recursive: true });

    expect(() => labelTree(volume, LABEL)).toThrow('is deeper than 512 directories');
    expect(fileLabel(volume)).toBeUndefined();
  });
});
