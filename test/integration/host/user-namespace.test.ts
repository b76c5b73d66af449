import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { removeMount } from '../../../src/host/mounts.ts';
import { pinUserNamespace, setSysctlsAsRoot } from '../../../src/host/user-namespace.ts';
import { ImageVolumes } from '../../../src/image/snapshot/image-volumes.ts';
import { RootfsStore } from '../../../src/image/snapshot/rootfs-store.ts';
import { createLogger } from '../../../src/observe/logger.ts';

const FIRST = 300_000;
const MAPPING = [{ containerId: 0, hostId: FIRST, length: 65_536 }];
const KINDS = ['net', 'ipc', 'uts'] as const;
let base: string;

function pin(): Promise<void> {
  return pinUserNamespace({ directory: `${base}/ns`, kinds: KINDS, uids: MAPPING, gids: MAPPING });
}

function inside(script: string): string {
  const enter = [`--user=${base}/ns/user`, `--ipc=${base}/ns/ipc`, '--setuid=0', '--', 'sh', '-c', script];
  return execFileSync('nsenter', enter, { encoding: 'utf8' }).trim();
}

beforeEach(() => {
  base = mkdtempSync('/var/tmp/crisol-userns-');
});

afterEach(() => {
  for (const kind of [...KINDS, 'user']) removeMount(`${base}/ns/${kind}`);
  rmSync(base, { recursive: true, force: true });
});

describe('pinUserNamespace()', () => {
  it('pins namespaces with the mappings, which outlive the process that made them', async () => {
    await pin();

    expect(readdirSync(`${base}/ns`).sort()).toEqual(['ipc', 'net', 'user', 'uts']);
    expect(inside('id -u; cat /proc/self/uid_map').split(/\s+/)).toEqual(['0', '0', String(FIRST), '65536']);
  });

  it('tells why the kernel refuses a mapping', async () => {
    const wrong = [{ containerId: 0, hostId: 0, length: 0 }];

    const call = pinUserNamespace({ directory: `${base}/ns`, kinds: [], uids: wrong, gids: wrong });

    await expect(call).rejects.toMatchObject({ code: 'EINVAL' });
    expect(existsSync(`${base}/ns/user`)).toBe(false);
  });
});

describe('setSysctlsAsRoot()', () => {
  it('sets parameters of the ipc namespace', async () => {
    await pin();

    await setSysctlsAsRoot(`${base}/ns`, [
      ['kernel.shm_rmid_forced', '1'],
      ['fs.mqueue.msg_max', '42'],
    ]);

    expect(inside('cat /proc/sys/kernel/shm_rmid_forced /proc/sys/fs/mqueue/msg_max')).toBe('1\n42');
  });

  it('names what the kernel refuses', async () => {
    await pin();

    const call = setSysctlsAsRoot(`${base}/ns`, [['kernel.shm_rmid_forced', 'many']]);

    await expect(call).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('sysctl "kernel.shm_rmid_forced" cannot be set'),
    });
  });
});

describe('RootfsStore, for a user namespace', () => {
  const layers = { directory: (chainId: string) => `${base}/layers/${chainId}` };

  function open(): Promise<RootfsStore> {
    return RootfsStore.open({ root: base, run: `${base}/run`, layers, log: createLogger('fatal') });
  }

  it('shifts the owners of layers, however many, and leaves the layers alone', async () => {
    await pin();
    const names = Array.from({ length: 60 }, (_, index) => `layer-${index}`);
    for (const name of names) {
      mkdirSync(`${base}/layers/${name}`, { recursive: true });
      writeFileSync(`${base}/layers/${name}/${name}`, '');
    }
    const owner = { userns: `${base}/ns/user`, uid: FIRST, gid: FIRST };
    const store = await open();
    const volumes = new ImageVolumes({ run: `${base}/run`, rootfs: store });

    const { path } = await store.prepare('c1', names, owner);
    const volume = await volumes.mount('c1', { id: 'sha256:aa', layers: names }, owner);

    expect(names.map((name) => statSync(`${path}/${name}`).uid)).toEqual(names.map(() => FIRST));
    expect(statSync(path).uid).toBe(FIRST);
    expect(statSync(`${volume}/layer-7`).gid).toBe(FIRST);
    expect(statSync(`${base}/layers/layer-7/layer-7`).uid).toBe(0);
    expect(readdirSync(`${base}/run/rootfs`)).toEqual(['c1']);
    await volumes.release('c1');
    await store.release('c1');
    await store.close();
  });

  it('sweeps the mapped layers of a killed daemon, and not what is in them', async () => {
    mkdirSync(`${base}/layers/one`, { recursive: true });
    writeFileSync(`${base}/layers/one/file`, '');
    const left = `${base}/run/rootfs/mapped-killed`;
    mkdirSync(`${left}/0`, { recursive: true });
    mkdirSync(`${left}/1`);
    execFileSync('mount', ['--bind', `${base}/layers/one`, `${left}/0`]);

    const store = await open();

    expect(existsSync(left)).toBe(false);
    expect(existsSync(`${base}/layers/one/file`)).toBe(true);
    expect(store.list()).toEqual([]);
    await store.close();
  });
});
