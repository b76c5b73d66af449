// Execs that go wrong, or that leave something behind, on every OCI handler: prompt, told correctly, nothing left running.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import grpc from '@grpc/grpc-js';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { ProtoGrpcType } from '../../src/gen/api.ts';
import { loadProtocols } from '../../src/rpc/load-proto.ts';
import { eventually } from '../support/eventually.ts';
import { readIfThere } from '../support/read-if-there.ts';
import { CriClient } from './cri-client.ts';
import { crictl, IMAGE, lab, PodFiles } from './lab.ts';

const PROMPT_MS = 8000;
const files = new PodFiles();
const client = new CriClient(lab('CONTAINER_RUNTIME_ENDPOINT').replace('unix://', ''));

/** Whether a process of this command line runs anywhere here. */
function runs(command: string): boolean {
  return readdirSync('/proc').some(
    (pid) => readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() === command,
  );
}

async function url(containerId: string, cmd: string[]): Promise<string> {
  return (await client.call('Exec', { containerId, cmd, stdout: true })).url;
}

/** What a client of the URL is told: its output, and the status in the end. */
async function exec(href: string): Promise<{ out: string; status: string }> {
  const socket = new WebSocket(href.replace('http:', 'ws:'), ['v5.channel.k8s.io']);
  const texts = ['', '', '', ''];
  socket.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0;
    texts[channel] = (texts[channel] ?? '') + message.toString('latin1', 1);
  });
  await once(socket, 'close');
  return { out: texts[1] ?? '', status: texts[3] ?? '' };
}

beforeAll(async () => {
  await crictl('pull', IMAGE);
}, 60_000);

afterAll(() => {
  client.close();
  files.remove();
});

describe.each(['runc', 'crun', 'runc-current'])('exec on %s', (handler) => {
  let pod = '';
  let main = '';

  async function start(name: string, script: string): Promise<string> {
    const id = await crictl('create', pod, files.container(name, script), files.pod(`edges-${handler}`));
    await crictl('start', id);
    return id;
  }

  /** The directories of execs that are under way. */
  const underWay = (id: string) =>
    readdirSync(join(lab('LAB_DIR'), 'run/c', id)).filter((name) => name.startsWith('exec-'));
  const sync = (cmd: string[], timeout = 0) => client.call('ExecSync', { containerId: main, cmd, timeout });

  beforeAll(async () => {
    pod = await crictl('runp', '--runtime', handler, files.pod(`edges-${handler}`));
    main = await start(`main-${handler}`, 'while :; do sleep 1; done');
  }, 60_000);

  afterAll(() => crictl('rmp', '--force', pod), 60_000);

  it('of a missing program names it, by both ways', async () => {
    const failure = await client.failure('ExecSync', { containerId: main, cmd: ['nosuch'] });
    expect(failure.details).toMatch(/nosuch.*(not found|No such file)/i);
    const { status } = await exec(await url(main, ['nosuch']));
    expect(status).toMatch(/"status":"Failure".*nosuch/);
    expect(underWay(main)).toEqual([]);
  });

  it('in a container that has stopped is refused, also for a client that comes with a URL from before', async () => {
    const gone = await start(`gone-${handler}`, 'while :; do sleep 1; done');
    const early = await url(gone, ['echo', 'late']);
    await crictl('stop', '--timeout', '0', gone);
    const refused = { code: 'FAILED_PRECONDITION', details: expect.stringContaining('exited') };
    expect(await client.failure('ExecSync', { containerId: gone, cmd: ['true'] })).toEqual(refused);
    expect(await client.failure('Exec', { containerId: gone, cmd: ['true'], stdout: true })).toEqual(refused);
    expect((await exec(early)).status).toMatch(/"status":"Failure".*exited/);
  });

  it('that runs out of time ends with everything it started', async () => {
    const started = performance.now();
    const cmd = ['sh', '-c', 'sleep 8101 & sleep 8102'];
    expect((await client.failure('ExecSync', { containerId: main, cmd, timeout: 1 })).code).toBe('DEADLINE_EXCEEDED');
    expect(performance.now() - started).toBeLessThan(PROMPT_MS);
    await eventually(() => !runs('sleep 8101') && !runs('sleep 8102'));
    expect(underWay(main)).toEqual([]);
  });

  it.each([
    { name: 'while it runs', afterMs: 1500 },
    { name: 'while it starts', afterMs: 15 },
  ])('whose caller gives up $name ends with everything it started', async ({ afterMs }) => {
    const { runtime } = loadProtocols() as unknown as ProtoGrpcType;
    const raw = new runtime.v1.RuntimeService(lab('CONTAINER_RUNTIME_ENDPOINT'), grpc.credentials.createInsecure());
    const code = await new Promise((resolve) => {
      const request = { containerId: main, cmd: ['sh', '-c', 'sleep 8201 & sleep 8202'] };
      const call = raw.ExecSync(request, (error) => resolve(error?.code));
      setTimeout(() => call.cancel(), afterMs);
    });
    raw.close();
    expect(code).toBe(grpc.status.CANCELLED);
    await eventually(() => !runs('sleep 8201') && !runs('sleep 8202') && underWay(main).length === 0);
    expect((await sync(['echo', 'next'])).stdout.toString()).toBe('next\n');
  });

  it('with a background child that holds the pipe ends when the program does, by both ways', async () => {
    const started = performance.now();
    const cmd = ['sh', '-c', 'sleep 20 & echo done; exit 4'];
    expect(await sync(cmd)).toMatchObject({ exitCode: 4, stdout: Buffer.from('done\n') });
    const { out, status } = await exec(await url(main, cmd));
    expect({ out, status }).toEqual({ out: 'done\n', status: expect.stringMatching(/"message":"4"/) });
    expect(performance.now() - started).toBeLessThan(2 * PROMPT_MS);
    expect(underWay(main)).toEqual([]);
  });
});
