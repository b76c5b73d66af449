// Clients that stand still (SIGSTOP) while there is something for them: the daemon waits for them, and does not grow.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const MAX_GROWTH_BYTES = 48 * 1024 * 1024;
const ROUNDS = 40;
/** Of the annotations in each event: with all events of this test kept, the daemon would grow by 160 MB. */
const FILLER_BYTES = 2_000_000;

const daemon = new TestDaemon();
const { client } = daemon;
const pods = new Pods(daemon);
const stopped: ChildProcess[] = [];
let pod = '';
let container = '';

beforeAll(async () => {
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
  pod = await pods.run('stuck', { annotations: { filler: 'x'.repeat(FILLER_BYTES) } });
  container = await pods.start(pod, 'main', 'sleep 86399');
}, 60_000);

afterAll(async () => {
  stopped.forEach((child) => child.kill('SIGKILL'));
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 60_000);

/** Memory of the daemon, its share of what is shared. */
function daemonBytes(): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.pid}/smaps_rollup`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

function crictl(...args: readonly string[]): ChildProcess {
  const child = spawn('crictl', ['-r', `unix://${daemon.socket}`, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  stopped.push(child);
  return child;
}

async function eventCounters(): Promise<{ listeners: number; dropped: number }> {
  const { info } = await client.call('Status', { verbose: true });
  return JSON.parse(info['events'] ?? '{}') as { listeners: number; dropped: number };
}

describe('a client that stands still', () => {
  it('holds up no container when it listens to events, and the daemon stays as small as it was', async () => {
    const listener = crictl('events');
    while ((await eventCounters()).listeners === 0) await sleep(50);
    listener.kill('SIGSTOP');
    const before = daemonBytes();
    for (let round = 0; round < ROUNDS; round += 1) {
      const containerId = await pods.create(pod, `round-${round}`, 'true');
      await client.call('RemoveContainer', { containerId });
    }
    expect(daemonBytes() - before).toBeLessThan(MAX_GROWTH_BYTES);
  }, 120_000);

  it.each(['spdy', 'websocket'])(
    'holds up its own program over %s, and the daemon does not collect the output',
    async (transport) => {
      const exec = crictl('exec', '-r', transport, container, 'yes', `stuck-${transport}`);
      await once(exec.stdout!, 'data');
      exec.kill('SIGSTOP');
      // What was under way fills the connection.
      await sleep(1000);
      const before = daemonBytes();
      const ran = await programTicks(`stuck-${transport}`);
      await sleep(3000);

      expect(daemonBytes() - before).toBeLessThan(MAX_GROWTH_BYTES);
      // It waits for its output to be taken, and so uses no processor.
      expect((await programTicks(`stuck-${transport}`)) - ran).toBeLessThanOrEqual(1);
    },
    60_000,
  );

  it('does not keep others from being served', async () => {
    expect(await pods.exec(container, 'echo', 'here')).toBe('here');
    expect((await client.call('ListContainers', {})).containers).toHaveLength(1);
  });
});

/** Clock ticks that the program with this argument has run. */
async function programTicks(argument: string): Promise<number> {
  const script = `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | grep -q '^yes ${argument}' && cat $p/stat; done; true`;
  const stat = await pods.exec(container, 'sh', '-c', script);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
