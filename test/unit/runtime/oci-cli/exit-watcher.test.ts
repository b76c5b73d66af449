import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identifyProcess, type ProcessIdentity } from '../../../../src/host/procfs.ts';
import { createLogger } from '../../../../src/observe/logger.ts';
import { ExitWatcher } from '../../../../src/runtime/oci-cli/exit-watcher.ts';

describe('ExitWatcher', () => {
  const gone: ProcessIdentity = { pid: process.pid, startTicks: '1' };
  const never = new AbortController().signal;
  let dir: string;
  let exits: ExitWatcher;
  let self: ProcessIdentity;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'exits-'));
    exits = new ExitWatcher({ dir: join(dir, 'x'), log: createLogger('fatal'), pollMs: 20 });
    self = identifyProcess(process.pid) ?? gone;
  });

  afterEach(() => {
    exits.close();
    rmSync(dir, { recursive: true });
  });

  function record(id: string, text: string): void {
    writeFileSync(join(dir, 'temporary'), text);
    renameSync(join(dir, 'temporary'), join(dir, 'x', id));
  }

  it('wait() settles when the file appears though the monitor lives', async () => {
    const exit = exits.wait({ id: 'a', bundle: dir }, { init: self, monitor: self }, never);
    record('b', '1');
    record('a', '7');

    expect(await exit).toMatchObject({ exitCode: 7, known: true });
  });

  it('wait() survives that the directory is replaced', async () => {
    const exit = exits.wait({ id: 'a', bundle: dir }, { init: self, monitor: self }, never);
    rmSync(join(dir, 'x'), { recursive: true });
    mkdirSync(join(dir, 'x'));
    await new Promise((resolve) => setTimeout(resolve, 60));
    record('a', '0');

    expect(await exit).toMatchObject({ exitCode: 0 });
  });

  it('wait() falls back to the copy in the bundle and reports an OOM kill', async () => {
    writeFileSync(join(dir, 'exit'), '137');
    writeFileSync(join(dir, 'oom'), '');

    const exit = await exits.wait({ id: 'a', bundle: dir }, { init: gone, monitor: gone }, never);

    expect(exit).toMatchObject({ exitCode: 137, known: true, oomKilled: true });
  });

  it.each([{ text: '-1' }, { text: '' }, { text: 'rubbish' }])(
    'wait() takes "$text" for an unknown exit',
    async ({ text }) => {
      record('a', text);

      const exit = await exits.wait({ id: 'a', bundle: dir }, { init: gone, monitor: gone }, never);

      expect(exit).toMatchObject({ exitCode: 255, known: false });
    },
  );

  it('wait() keeps waiting for the init process when only the monitor is dead', async () => {
    let settled = false;
    const controller = new AbortController();
    const exit = exits.wait({ id: 'a', bundle: dir }, { init: self, monitor: gone }, controller.signal);
    exit.then(
      () => (settled = true),
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 60));

    expect(settled).toBe(false);
    controller.abort();
    await expect(exit).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('wait() gives an unknown exit when monitor and init are dead', async () => {
    const exit = await exits.wait({ id: 'a', bundle: dir }, { init: gone, monitor: gone }, never);

    expect(exit).toMatchObject({ exitCode: 255, known: false });
  });
});
