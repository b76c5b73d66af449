// State directories that are reached through symbolic links, as where /var/lib is moved to a larger disk.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);
const moved = [`${daemon.root}-moved`, `${daemon.run}-moved`] as const;

beforeAll(async () => {
  renameSync(daemon.root, moved[0]);
  mkdirSync(moved[1]);
  symlinkSync(moved[0], daemon.root);
  symlinkSync(moved[1], daemon.run);
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
}, 60_000);

afterAll(async () => {
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  for (const place of moved) rmSync(place, { recursive: true, force: true });
  expect(left).toEqual([]);
}, 60_000);

describe('a root and a run directory behind symbolic links', () => {
  it('serve a pod whose containers share a pid namespace, before and after a sudden death of the daemon', async () => {
    const pod = await pods.run('linked', {
      linux: { securityContext: { namespaceOptions: { pid: 'POD' } } },
    });
    const containerId = await pods.start(pod, 'main', 'sleep 86399');

    await daemon.kill();
    await daemon.start();

    const { stdout } = await client.call('ExecSync', { containerId, cmd: ['ps'], timeout: 10 });
    expect(String(stdout)).toContain('pause');
  });
});
