// The daemon is killed in the middle of its work: pods, exits and logs must not notice.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { crictl, crictlJson, IMAGE, killDaemon, PodFiles, startDaemon } from './lab.ts';

interface Status {
  readonly status: {
    readonly state: string;
    readonly exitCode?: number;
    readonly finishedAt: string;
    readonly reason: string;
  };
}

const outageMs = 10_000;
const scripts = {
  'ends-with-7': 'sleep 4; exit 7',
  counts: 'i=0; while :; do echo $i; i=$((i + 1)); sleep 0.01; done',
  'sleeps-1': 'sleep 86399',
  'sleeps-2': 'sleep 86399',
  'sleeps-3': 'sleep 86399',
};

const files = new PodFiles();
const containers = new Map<string, string>();
let before = '';

async function listing(): Promise<string> {
  const ids = await crictl('pods', '--quiet', '--no-trunc');
  return ids.split('\n').sort().join('\n');
}

describe('a daemon killed with five pods running', () => {
  beforeAll(async () => {
    await crictl('pull', IMAGE);
    for (const [name, script] of Object.entries(scripts)) {
      const id = await crictl('run', '--no-pull', files.container(name, script), files.pod(name));
      containers.set(name, id);
    }
    before = await listing();
    killDaemon();
    await sleep(outageMs);
    await startDaemon();
  }, 120_000);

  afterAll(() => files.remove());

  it('knows the same pods', async () => {
    expect(before.split('\n')).toHaveLength(5);
    expect(await listing()).toBe(before);
  });

  it('knows the exit that happened meanwhile: code, reason and time', async () => {
    const { status } = await crictlJson<Status>('inspect', containers.get('ends-with-7')!);
    expect(status).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 7, reason: 'Error' });
    const age = Date.now() - Date.parse(status.finishedAt);
    expect(age).toBeGreaterThan(outageMs / 2);
    expect(age).toBeLessThan(outageMs * 6);
  });

  it('missed no line of the log', async () => {
    const numbers = files.log('counts').map(Number);
    expect(numbers.length).toBeGreaterThan(400);
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });

  it('still runs commands in the others', async () => {
    expect(await crictl('exec', '-s', containers.get('sleeps-1')!, 'echo', 'here')).toBe('here');
  });

  it('removes them all', async () => {
    await crictl('rmp', '--all', '--force');
    expect(await crictl('pods', '--quiet')).toBe('');
    expect(await crictl('ps', '--all', '--quiet')).toBe('');
  }, 60_000);
});
