// crictl on a real terminal whose size changes: what runs in the container sees each size, and the keys.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { readIfThere } from '../support/read-if-there.ts';
import { crictl, IMAGE, PodFiles } from './lab.ts';

const files = new PodFiles();
let pod = '';
let main = '';

/** A program on a terminal of its own, which `script` makes. */
class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #tty: string;
  output = '';

  constructor(name: string, command: string) {
    this.#tty = join(files.directory, `${name}.tty`);
    const script = `stty rows 30 cols 90; tty >${this.#tty}; exec ${command}`;
    this.#child = spawn('script', ['-qec', script, '/dev/null']);
    this.#child.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  /** Gives it another size, as a terminal emulator does when its window is drawn larger. */
  async resize(rows: number, columns: number): Promise<void> {
    await execa('stty', ['-F', readIfThere(this.#tty).trim(), 'rows', String(rows), 'cols', String(columns)]);
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Types until the answer is there: a shell that starts, or a size on its way, may miss the first time. */
  async answers(keys: string, answer: RegExp): Promise<void> {
    this.output = '';
    let tries = 0;
    await eventually(() => {
      if (tries++ % 50 === 0) this.type(keys);
      return answer.test(this.output);
    });
  }

  async ended(): Promise<number> {
    const [code] = (await once(this.#child, 'close')) as [number];
    return code;
  }

  end(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}

beforeAll(async () => {
  await crictl('pull', IMAGE);
  pod = await crictl('runp', files.pod('terminal'));
  const start = async (name: string, more: object) => {
    const id = await crictl('create', pod, files.container(name, 'exec sh', {}, more), files.pod('terminal'));
    await crictl('start', id);
    return id;
  };
  main = await start('main', { stdin: true, tty: true });
}, 60_000);

afterAll(async () => {
  await crictl('rmp', '--force', pod);
  files.remove();
}, 60_000);

describe.each(['spdy', 'websocket'])('crictl on a terminal, over %s', (transport) => {
  it('exec -it: sees every size, the interrupt key and the exit code', async () => {
    const terminal = new Terminal(`exec-${transport}`, `crictl exec -r ${transport} -it ${main} sh`);
    try {
      await terminal.answers('stty size\n', /^30 90\r$/m);
      await terminal.resize(41, 132);
      await terminal.answers('stty size\n', /^41 132\r$/m);
      await terminal.resize(10, 20);
      await terminal.answers('stty size\n', /^10 20\r$/m);
      terminal.type('sleep 3000\n');
      await terminal.answers('\x03', /\^C/);
      await terminal.answers('echo here $((1 + 1))\n', /^here 2\r$/m);
      terminal.type('exit 7\n');
      expect(await terminal.ended()).not.toBe(0);
      expect(terminal.output).toContain('exit code 7');
    } finally {
      terminal.end();
    }
  }, 60_000);

  it('attach -it: reaches the first process, and resizes its terminal', async () => {
    const terminal = new Terminal(`attach-${transport}`, `crictl attach -r ${transport} -it ${main}`);
    try {
      await terminal.answers('stty size\n', /^30 90\r$/m);
      await terminal.resize(42, 133);
      await terminal.answers('stty size\n', /^42 133\r$/m);
    } finally {
      terminal.end();
    }
  }, 60_000);
});
