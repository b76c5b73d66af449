// Pods with a user namespace of their own: what their processes are on the host, and whose files they see.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chownSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crictl, crictlJson, IMAGE, killDaemon, PodFiles, startDaemon } from './lab.ts';

const HANDLER = 'runc-current';
const FIRST = 200_000;
const MAPPING = [{ container_id: 0, host_id: FIRST, length: 65_536 }];
const USERNS = { mode: 0, uids: MAPPING, gids: MAPPING };
const SLEEP = 'while :; do sleep 0.1; done';
const files = new PodFiles();

function podConfig(name: string, options: object = {}, more: object = {}): string {
  const linux = { security_context: { namespace_options: { userns_options: USERNS, ...options } }, ...more };
  return files.pod(name, { linux });
}

function runPod(name: string, options: object = {}, more: object = {}): Promise<string> {
  return crictl('runp', '--runtime', HANDLER, podConfig(name, options, more));
}

async function start(pod: string, podName: string, name: string, options: object = {}, more: object = {}) {
  const linux = { security_context: { namespace_options: { userns_options: USERNS, ...options } } };
  const id = await crictl('create', pod, files.container(name, SLEEP, linux, more), podConfig(podName, options));
  await crictl('start', id);
  return id;
}

async function hostPid(container: string): Promise<number> {
  return (await crictlJson<{ info: { pid: number } }>('inspect', container)).info.pid;
}

function sh(id: string, script: string): Promise<string> {
  return crictl('exec', '-s', id, 'sh', '-c', script);
}

describe('user namespaces', () => {
  let pod = '';
  let main = '';
  const volume = join(files.directory, 'volume');

  beforeAll(async () => {
    mkdirSync(volume);
    writeFileSync(join(volume, 'mine'), 'x');
    chownSync(join(volume, 'mine'), 1000, 1000);
    await crictl('pull', IMAGE);
    pod = await runPod('userns', {}, { sysctls: { 'net.core.somaxconn': '77', 'kernel.shm_rmid_forced': '1' } });
    const mounts = [
      { container_path: '/vol', host_path: volume, uidMappings: MAPPING, gidMappings: MAPPING },
      { container_path: '/image', image: { image: IMAGE }, readonly: true, uidMappings: MAPPING, gidMappings: MAPPING },
    ];
    main = await start(pod, 'userns', 'main', {}, { mounts });
  }, 60_000);

  afterAll(async () => {
    await crictl('rmp', '--all', '--force');
    await crictl('rmi', IMAGE);
    files.remove();
  });

  it('are told of by the handlers that have them, and by no other', async () => {
    const { runtimeHandlers } = JSON.parse(await crictl('info')) as {
      runtimeHandlers: { name: string; features: { user_namespaces?: boolean } }[];
    };
    const able = runtimeHandlers.filter(({ features }) => features.user_namespaces === true).map(({ name }) => name);
    expect(able.toSorted()).toEqual(['crun', HANDLER]);
    await expect(crictl('runp', podConfig('unable'))).rejects.toMatchObject({
      stderr: expect.stringContaining('does not support user namespaces'),
    });
  });

  it('make root of the container somebody else on the host', async () => {
    expect(await sh(main, 'id -u; cat /proc/self/uid_map')).toMatch(/^0\n\s*0\s+200000\s+65536$/);
    const status = readFileSync(`/proc/${await hostPid(main)}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\t200000\t/m);
    expect(status).toMatch(/^Gid:\t200000\t/m);
  });

  it("show the image's files as the image has them, and let root write", async () => {
    const script =
      'stat -c %u:%g /bin/busybox /tmp / /etc/hosts /dev/shm; echo x >/new; echo 1 x >>/etc/hosts; stat -c %u /new';
    expect((await sh(main, script)).split('\n')).toEqual(['0:0', '0:0', '0:0', '0:0', '0:0', '0']);
  });

  it('map volumes and images as asked', async () => {
    expect(await sh(main, 'stat -c %u /vol/mine /image/bin/busybox; touch /vol/new')).toBe('1000\n0');
    expect(lstatSync(join(volume, 'new')).uid).toBe(0);
  });

  it('own the other namespaces of the pod', async () => {
    expect(await sh(main, 'cat /proc/sys/net/core/somaxconn')).toBe('77');
    expect(await sh(main, 'cat /proc/sys/kernel/shm_rmid_forced')).toBe('1');
    expect(await sh(main, 'hostname')).not.toBe('');
    const ns = (kind: string) => sh(main, `readlink /proc/self/ns/${kind}`);
    const second = await start(pod, 'userns', 'second');
    for (const kind of ['user', 'net', 'ipc', 'uts', 'pid']) {
      expect(await sh(second, `readlink /proc/self/ns/${kind}`)).toBe(await ns(kind));
    }
    expect(await sh(second, 'ip addr show eth0')).toContain('10.88.');
  });

  it('must be the same for pod and container', async () => {
    const other = [{ container_id: 0, host_id: 300_000, length: 65_536 }];
    for (const userns of [{ mode: 2 }, { mode: 0, uids: other, gids: other }]) {
      await expect(start(pod, 'userns', 'other', { userns_options: userns })).rejects.toMatchObject({
        stderr: expect.stringContaining('differ from those of its pod sandbox'),
      });
    }
  });

  it('outlive a killed daemon', async () => {
    killDaemon();
    await startDaemon();

    expect(await sh(main, 'stat -c %u /bin/busybox')).toBe('0');
    expect(await crictl('exec', '-s', await start(pod, 'userns', 'later'), 'id', '-u')).toBe('0');
  });

  it.each([
    { name: 'node-net', options: { network: 2 } },
    { name: 'node-ipc', options: { ipc: 2 } },
    { name: 'own-pid', options: { pid: 1 } },
  ])('go with other namespaces of the node or the container: $name', async ({ name, options }) => {
    const id = await start(await runPod(name, options), name, name, options);

    expect(await sh(id, 'cat /proc/self/uid_map')).toMatch(/\s200000\s/);
    expect(await sh(id, 'stat -c %u /bin/busybox; ls /sys/class/net')).toMatch(/^0\n/);
  });
});
