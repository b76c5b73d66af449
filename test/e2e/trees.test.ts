// Root file systems compared, file by file, with those containerd makes of the same images.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { TreeEntry } from '../../src/host/tree-listing.ts';
import { DockerRegistry } from '../support/docker-registry.ts';
import { writeLayout } from '../support/oci-layout.ts';
import { tar } from '../support/tar-builder.ts';
import { AWKWARD } from './awkward-images.ts';
import { Containerd } from './containerd.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { Pods } from './pods.ts';

async function listing(top: string): Promise<readonly TreeEntry[]> {
  const worker = new Worker(new URL('./listing-worker.js', import.meta.url), { workerData: { top } });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const TAG = '1';
const started = BigInt(Date.now()) * 1_000_000n;

/** One line for each path, so that a difference reads like one. What no layer gave a time has that of its unpacking. */
function lines(entries: readonly TreeEntry[]): Record<string, string> {
  return Object.fromEntries(
    entries.map(({ path, mtime, ...rest }) => {
      const isNow = BigInt(mtime) > started && BigInt(mtime) < started + 3_600_000_000_000n;
      return [path, JSON.stringify({ ...rest, mtime: isNow ? 'unpacked' : mtime })];
    }),
  );
}

/** Without the times of directories: umoci puts them back after each change inside, and the kernel does not. */
function timeless(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).map(([path, line]) => {
      const { mtime, ...rest } = JSON.parse(line) as { mtime: string; mode: string };
      return [path, JSON.stringify(rest.mode.startsWith('4') ? rest : { ...rest, mtime })];
    }),
  );
}

/** The paths at which two trees are not the same. */
function differences(one: Record<string, string>, other: Record<string, string>): string[] {
  const paths = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...paths].filter((path) => one[path] !== other[path]).sort();
}

describe('root file systems', () => {
  const daemon = new TestDaemon();
  const pods = new Pods(daemon);
  const containerd = new Containerd();
  const work = mkdtempSync(join(tmpdir(), 'crisol-trees-'));
  let registry: DockerRegistry;
  let pod = '';

  beforeAll(async () => {
    registry = await DockerRegistry.start(work);
    daemon.writeMirror('trees.test', `http://${registry.address}`);
    await Promise.all([daemon.start(), containerd.start()]);
    await daemon.client.call('PullImage', { image: { image: IMAGE } });
    pod = await pods.run('trees');
  }, 60_000);

  afterAll(async () => {
    await daemon.removePods();
    await daemon.destroy();
    await containerd.destroy();
    await registry.stop();
    rmSync(work, { recursive: true, force: true });
  });

  /** Where the daemon mounts an image when a container asks for it. */
  async function mountByCrisol(name: string): Promise<string> {
    const image = `trees.test/${name}:1`;
    await daemon.client.call('PullImage', { image: { image } });
    const mounts = [{ containerPath: '/image', image: { image }, readonly: true }];
    const container = await pods.create(pod, name, 'true', { mounts });
    const directory = join(daemon.run, 'volumes', container);
    return join(directory, readdirSync(directory)[0] ?? '');
  }

  /** Where umoci unpacks an image, layer upon layer. */
  async function unpackByUmoci(name: string): Promise<string> {
    const directory = join(work, `${name}.rootfs`);
    await execa('umoci', ['raw', 'unpack', '--image', `${join(work, name)}:${TAG}`, directory]);
    return directory;
  }

  it.each(AWKWARD)(
    'of $name are what containerd makes of it',
    async ({ name, layers, overlayfs, known }) => {
      writeLayout(
        join(work, name),
        layers.map((parts) => tar(parts)),
        TAG,
      );
      await registry.push(join(work, name), `${name}:1`);
      const reference = `${registry.address}/${name}:1`;

      const ours = lines(await listing(await mountByCrisol(name)));
      expect(Object.keys(ours).length).toBeGreaterThan(1);

      if (overlayfs?.differsAt === 'all') {
        await expect(containerd.mount(reference).then(listing)).rejects.toThrow();
      } else {
        const theirs = lines(await listing(await containerd.mount(reference)));
        if (overlayfs === undefined) expect(ours).toEqual(theirs);
        else expect(differences(ours, theirs)).toEqual(overlayfs.differsAt);
      }
      if (overlayfs !== undefined) {
        const measure = await listing(await unpackByUmoci(name));
        expect(differences(timeless(ours), timeless(lines(measure)))).toEqual(known?.differsAt ?? []);
      }
    },
    120_000,
  );
});
