import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlockDevices } from '../../../../src/stats/metrics/block-devices.ts';

describe('BlockDevices', () => {
  let directory = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'crisol-block-'));
    for (const numbers of ['8:0', '8:1']) mkdirSync(join(directory, numbers));
    writeFileSync(join(directory, '8:0', 'uevent'), 'MAJOR=8\nMINOR=0\nDEVNAME=sda\nDEVTYPE=disk\n');
    writeFileSync(join(directory, '8:1', 'uevent'), 'MAJOR=8\n');
  });

  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it.each([
    { major: 8, minor: 0, name: '/dev/sda' },
    { major: 8, minor: 1, name: '8:1' },
    { major: 9, minor: 9, name: '9:9' },
  ])('names $major:$minor $name', ({ major, minor, name }) => {
    expect(new BlockDevices(directory).name(major, minor)).toBe(name);
  });
});
