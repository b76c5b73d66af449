import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findSelinux } from '../../../src/daemon/find-selinux.ts';
import type { SelinuxPlaces } from '../../../src/host/selinux.ts';

let dir: string;
let places: SelinuxPlaces;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'crisol-selinux-'));
  mkdirSync(join(dir, 'fs'));
  writeFileSync(join(dir, 'fs/enforce'), '1');
  writeFileSync(join(dir, 'fs/context'), '');
  const [fs, self, config, policies, contexts] = ['fs', 'self', 'config', 'etc', 'contexts'].map((name) =>
    join(dir, name),
  ) as [string, string, string, string, string];
  places = { fs, self, config, policies, contexts };
});
afterEach(() => rmSync(dir, { recursive: true }));

const log = {
  warn: () => {
    throw new Error('nothing to warn of');
  },
};

describe('findSelinux()', () => {
  it.each([undefined, true])('has the labels of the policy where cri.selinux is %s and the host has it', (wanted) => {
    writeFileSync(join(dir, 'contexts'), 'process = "u:r:own_t:s0"\n');

    const { selinux, isSelinuxLabelKnown } = findSelinux(wanted, log, places);

    expect(selinux?.process).toBe('u:r:own_t:s0');
    expect(isSelinuxLabelKnown?.('u:r:t')).toBe(true);
  });

  it('has none where it is not wanted, and where the host has none', () => {
    expect(findSelinux(false, log, places)).toEqual({});
    rmSync(join(dir, 'fs'), { recursive: true });
    expect(findSelinux(undefined, log, places)).toEqual({});
    expect(findSelinux(true, log, places)).toEqual({});
  });
});
