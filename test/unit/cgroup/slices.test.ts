import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stopSlice } from '../../../src/cgroup/slices.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slices-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function systemctl(script: string): void {
  writeFileSync(join(dir, 'systemctl'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, 'systemctl'), 0o755);
}

describe('stopSlice()', () => {
  it('asks systemd to stop the slice', async () => {
    systemctl(`echo "$@" >${dir}/args`);

    await stopSlice('crisol-pod42.slice', dir);

    expect(readFileSync(join(dir, 'args'), 'utf8')).toBe('stop crisol-pod42.slice\n');
  });

  it('takes a slice that systemd does not know for stopped', async () => {
    systemctl('echo "Unit a.slice not loaded." >&2; exit 5');

    await expect(stopSlice('a.slice', dir)).resolves.toBeUndefined();
  });

  it('fails with what systemctl says, and without one', async () => {
    await expect(stopSlice('a.slice', dir)).rejects.toThrow('systemctl is not installed');
    systemctl('echo "Failed to connect to bus" >&2; exit 1');
    await expect(stopSlice('a.slice', dir)).rejects.toThrow('systemctl stop "a.slice": Failed to connect to bus');
  });
});
