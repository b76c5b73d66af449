// Images as volumes, from crictl to the kernel: what the container sees, what is refused, and what stays behind.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crictl, crictlJson, IMAGE, killDaemon, lab, PodFiles, startDaemon } from './lab.ts';

const DATA = 'registry.k8s.io/e2e-test-images/nonewprivs:1.3';
const files = new PodFiles();
let pod = '';

function volume(more: object = {}) {
  return { container_path: '/data', image: { image: DATA }, readonly: true, ...more };
}

function create(name: string, ...mounts: object[]): Promise<string> {
  const config = files.container(name, 'while :; do sleep 0.1; done', {}, { mounts });
  return crictl('create', pod, config, files.pod('volumes'));
}

async function start(name: string, ...mounts: object[]): Promise<string> {
  const id = await create(name, ...mounts);
  await crictl('start', id);
  return id;
}

/** What is mounted on the host, by container. */
function volumes(): string[] {
  const directory = join(lab('LAB_DIR'), 'run/volumes');
  return existsSync(directory) ? readdirSync(directory) : [];
}

describe('image volumes', () => {
  beforeAll(async () => {
    await crictl('pull', IMAGE);
    await crictl('pull', DATA);
    pod = await crictl('runp', files.pod('volumes'));
  }, 60_000);

  afterAll(async () => {
    await crictl('rmp', '--force', pod);
    await crictl('rmi', IMAGE);
    files.remove();
  });

  it('shows the files of the image, read-only, and a part of it', async () => {
    const mounts = [volume(), volume({ container_path: '/part', image_sub_path: '/etc' })];
    const id = await start('reader', ...mounts);

    const seen = await crictl('exec', '-s', id, 'sh', '-c', 'ls /data | tr "\\n" " "; ls /part');
    expect(seen).toContain('etc');
    expect(seen).toContain('passwd');
    await expect(crictl('exec', '-s', id, 'touch', '/data/new')).rejects.toMatchObject({
      stderr: expect.stringContaining('Read-only file system'),
    });
    const line = await crictl('exec', '-s', id, 'sh', '-c', 'grep " /data " /proc/mounts');
    expect(line).toMatch(/ ro,nosuid,nodev,/);
    expect(volumes()).toContain(id);
  });

  it('tells in the status which image it is', async () => {
    const id = await create('told', volume());
    const { status } = await crictlJson<{ status: { mounts: { image: { image: string; imageRef: string } }[] } }>(
      'inspect',
      id,
    );
    expect(status.mounts[0]?.image).toMatchObject({ image: DATA, imageRef: expect.stringMatching(/^sha256:/) });
  });

  it.each([
    { name: 'writable', more: { readonly: false }, complaint: 'an image can only be mounted readonly' },
    { name: 'both', more: { host_path: '/tmp' }, complaint: 'both an image and host_path' },
    { name: 'part', more: { image_sub_path: 'none' }, complaint: 'ImageVolumeMountFailed: cannot create container' },
    { name: 'file', more: { image_sub_path: 'etc/passwd' }, complaint: 'has no directory' },
    { name: 'image', more: { image: { image: 'none:1' } }, complaint: 'ImageVolumeMountFailed: cannot create' },
  ])('refuses a wrong volume ($name) and leaves nothing mounted', async ({ name, more, complaint }) => {
    const before = volumes();

    await expect(create(`wrong-${name}`, volume(more))).rejects.toMatchObject({
      stderr: expect.stringContaining(complaint),
    });

    expect(volumes()).toEqual(before);
  });

  it('outlives a killed daemon, and the image its removal', async () => {
    const id = await start('lasting', volume());
    const before = volumes();
    await crictl('rmi', DATA);
    killDaemon();
    await startDaemon();

    expect(volumes()).toEqual(before);
    expect(await crictl('exec', '-s', id, 'ls', '/data/etc')).toContain('passwd');
    await crictl('rm', '--force', id);
    expect(volumes()).not.toContain(id);
  });

  it('is unmounted when its pod is removed', async () => {
    await crictl('rmp', '--force', pod);
    expect(volumes()).toEqual([]);
    pod = await crictl('runp', files.pod('volumes'));
  });
});
