// Exec, attach and port-forward with crictl, over both transports: whole output, exit codes, terminals, and no leftovers.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crictl, daemonPid, IMAGE, PodFiles } from './lab.ts';

const MEGABYTES = 100;
const SERVE = `dd if=/dev/zero bs=1M count=${MEGABYTES} of=/big 2>/dev/null; httpd -p 127.0.0.1:8080 -h /; sleep 3600`;
const ZEROS = createHash('md5');
for (let count = 0; count < MEGABYTES; count += 1) ZEROS.update(Buffer.alloc(1 << 20));
const DIGEST = ZEROS.digest('hex');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a shell command with `input` on its standard input; crictl is on its PATH. */
async function shell(command: string, input = ''): Promise<Ended> {
  const child = spawn('timeout', ['60', 'sh', '-c', command]);
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...text };
}

const files = new PodFiles();
let pod = '';
let main = '';

async function run(name: string, config: object): Promise<string> {
  const path = join(files.directory, `${name}.json`);
  const metadata = { name, attempt: 0 };
  writeFileSync(
    path,
    JSON.stringify({ metadata, image: { image: IMAGE }, log_path: `${name}.log`, linux: {}, ...config }),
  );
  const id = await crictl('create', pod, path, files.pod('streams'));
  await crictl('start', id);
  return id;
}

beforeAll(async () => {
  await crictl('pull', IMAGE);
  pod = await crictl('runp', files.pod('streams'));
  main = await run('main', { command: ['sh', '-c', SERVE] });
  await sleep(2000);
}, 60_000);

afterAll(async () => {
  await crictl('rmp', '--force', pod);
  files.remove();
}, 60_000);

describe.each(['spdy', 'websocket'])('crictl over %s', (transport) => {
  const exec = (flags: string, command: string) => `crictl exec -r ${transport} ${flags} ${main} ${command}`;

  it('exec: keeps the outputs apart and tells the exit code', async () => {
    const { code, out, err } = await shell(exec('', `sh -c 'echo out; echo err >&2; exit 3'`));
    expect({ code, out }).toEqual({ code: 1, out: 'out\n' });
    expect(err).toMatch(/^err$[^]*exit code 3/m);
  });

  it('exec: says what the runtime said of a missing program', async () => {
    const { code, err } = await shell(exec('', 'nosuch'));
    expect(code).toBe(1);
    expect(err).toContain('executable file not found');
  });

  it(`exec: moves ${MEGABYTES} MB out, and in, and both`, async () => {
    expect((await shell(`${exec('', 'cat /big')} | md5sum`)).out).toContain(DIGEST);
    const zeros = `head -c ${MEGABYTES}M /dev/zero`;
    expect((await shell(`${zeros} | ${exec('-i', 'md5sum')}`)).out).toContain(DIGEST);
    expect((await shell(`${zeros} | ${exec('-i', 'cat')} | md5sum`)).out).toContain(DIGEST);
  }, 60_000);

  it('exec: leaves a client the time to read that comes to it long after the program has ended', async () => {
    const { out } = await shell(`${exec('', 'seq 1 200000')} | (sleep 12; cat) | tail -n 1`);
    expect(out).toBe('200000\n');
  }, 30_000);

  it('exec: does not wait for a background child that keeps the output', async () => {
    const started = Date.now();
    expect((await shell(exec('', `sh -c 'sleep 20 & echo done'`))).out).toBe('done\n');
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('exec -it: has a terminal of the size of the client, and its exit code', async () => {
    const command = exec('-it', `sh -c "tty; stty size; exit 7"`).replaceAll('"', '\\"');
    const { out } = await shell(`script -qec "stty rows 33 cols 99; ${command}" /dev/null`);
    expect(out).toContain('/dev/pts/');
    expect(out).toContain('33 99');
    expect(out).toContain('exit code 7');
  });

  it('attach: input reaches the container, and ends with its first client', async () => {
    const name = `cat-${transport}`;
    const id = await run(name, { command: ['sh', '-c', 'cat; echo end'], stdin: true, stdin_once: true });
    expect((await shell(`crictl attach -r ${transport} -i ${id}`, 'a line\n')).out).toBe('a line\nend\n');
    expect(files.log(name)).toEqual(['a line', 'end']);
  });

  it(`port-forward: moves ${MEGABYTES} MB from the pod's own loopback`, async () => {
    const port = transport === 'spdy' ? 18_080 : 18_081;
    const forward = spawn('crictl', ['port-forward', '-r', transport, pod, `${port}:8080`]);
    try {
      await once(forward.stdout, 'data');
      for (let count = 0; count < 2; count += 1) {
        const [response] = (await once(get(`http://127.0.0.1:${port}/big`), 'response')) as [IncomingMessage];
        const hash = createHash('md5');
        for await (const chunk of response as AsyncIterable<Buffer>) hash.update(chunk);
        expect(hash.digest('hex')).toBe(DIGEST);
      }
    } finally {
      forward.kill();
    }
  }, 60_000);

  it('clients that are killed leave no descriptor in the daemon and no program in the container', async () => {
    const descriptors = () => readdirSync(`/proc/${daemonPid()}/fd`).length;
    await sleep(1000);
    const before = descriptors();
    const commands = [exec('-i', 'cat'), exec('', 'yes'), `head -c 9M /dev/zero | ${exec('-i', 'tail -f /dev/null')}`];
    const clients = commands
      .flatMap((command) => [command, command, command])
      .map((command) => spawn('sh', ['-c', command], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] }));
    await sleep(1500);
    expect(descriptors()).toBeGreaterThan(before + clients.length);
    clients.forEach(({ pid }) => process.kill(-(pid ?? 0), 'SIGKILL'));
    // A client whose input is not taken is missed only after a few seconds.
    for (let tries = 0; tries < 100 && descriptors() > before; tries += 1) await sleep(100);
    expect(descriptors()).toBeLessThanOrEqual(before);
    expect((await shell(`crictl exec -s ${main} ps`)).out).not.toMatch(/ (cat|yes)$/m);
  }, 30_000);
});
