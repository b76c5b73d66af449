import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isAlive } from '../../../src/host/procfs.ts';
import type { CreatedContainer, CreateRequest } from '../../../src/runtime/driver.ts';
import { Lab } from './lab.ts';

const RUNC = '/usr/sbin/runc';

interface Handover {
  readonly dir: string;
  readonly request: CreateRequest;
  readonly created: CreatedContainer;
}

/** Starts a container in a process of its own and kills that with its whole group once the container runs. */
async function startAndDie(script: string): Promise<Handover> {
  const module = new URL('lab.js', import.meta.url).href;
  const daemon = `import { Lab } from ${JSON.stringify(module)};
    const lab = new Lab();
    const driver = lab.driver(${JSON.stringify(RUNC)});
    const request = lab.request(${JSON.stringify(script)});
    const created = await driver.create(request);
    await driver.start(request);
    void driver.wait(request, created, new AbortController().signal);
    process.stdout.write(JSON.stringify({ dir: lab.dir, request, created }) + '\\n');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', daemon], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await once(child, 'close');
  return JSON.parse(text) as Handover;
}

describe('OciCliDriver after the daemon was killed', () => {
  it('finds log and exit complete', async () => {
    const script = 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo line $i; sleep 0.02; done; exit 7';
    const { dir, request, created } = await startAndDie(script);
    const lab = new Lab(dir);
    const driver = lab.driver(RUNC);
    expect(isAlive(created.monitor)).toBe(true);

    const exit = await driver.wait(request, created, new AbortController().signal);

    expect(exit).toMatchObject({ exitCode: 7, known: true });
    expect(lab.logLines(request.logPath ?? '')).toEqual(Array.from({ length: 50 }, (_, index) => `line ${index + 1}`));
    await driver.delete(request);
    expect(lab.leftovers()).toEqual([]);
    lab.close();
  });

  it('goes on with a container that still runs', async () => {
    const { dir, request, created } = await startAndDie('exec sleep 300');
    const lab = new Lab(dir);
    const driver = lab.driver(RUNC);
    const options = {
      command: ['echo', 'hi'],
      timeoutMs: 5000,
      signal: new AbortController().signal,
      maxOutputBytes: 9,
    };

    const { stdout } = await driver.execSync(request, request.spec.process, options);

    expect([stdout.toString(), isAlive(created.init)]).toEqual(['hi\n', true]);
    await driver.delete(request);
    expect(lab.leftovers()).toEqual([]);
    lab.close();
  });
});
