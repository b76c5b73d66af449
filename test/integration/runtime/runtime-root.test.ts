import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execaSync } from 'execa';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unmountIdleRoot } from '../../../src/runtime/runtime-root.ts';

let root: string;
const pinned = () => join(root, 'null-netns');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'crisol-rt-'));
  writeFileSync(pinned(), '');
  // gVisor may do so more than once when pods start side by side.
  for (let times = 0; times < 2; times += 1) execaSync('mount', ['--bind', '/proc/self/ns/net', pinned()]);
});

afterEach(() => {
  while (execaSync('umount', [pinned()], { reject: false }).exitCode === 0);
  rmSync(root, { recursive: true });
});

describe('unmountIdleRoot()', () => {
  it('removes mounts and the locks of containers that are gone', async () => {
    writeFileSync(join(root, 'gone_sandbox:pod.lock'), '');

    await unmountIdleRoot(root);

    expect(readdirSync(root)).toEqual([]);
  });

  it('leaves everything while the runtime knows a container', async () => {
    for (const suffix of ['lock', 'state']) writeFileSync(join(root, `here_sandbox:pod.${suffix}`), '{}');

    await unmountIdleRoot(root);

    expect(readdirSync(root)).toHaveLength(3);
    expect(execaSync('findmnt', ['-n', pinned()]).exitCode).toBe(0);
  });

  it('takes a directory that is gone for an idle one', async () => {
    await unmountIdleRoot(join(root, 'none'));

    expect(existsSync(join(root, 'none'))).toBe(false);
  });
});
