import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { killSession, killTree } from '../../../src/host/kill.ts';
import { OrphanReaper } from '../../../src/host/orphans.ts';
import { identifyProcess, isAlive, zombieChildren } from '../../../src/host/procfs.ts';
import { runCommand } from '../../../src/host/run-command.ts';
import { spawnProcess } from '../../../src/host/spawn.ts';
import { sleep } from '../../../src/async/timeout.ts';

describe('OrphanReaper', () => {
  let orphans: OrphanReaper;
  beforeAll(() => {
    orphans = new OrphanReaper(20);
  });
  afterAll(() => orphans.close());

  /** Runs a script in the background of a shell that leaves at once; the script's pid. */
  async function leaveOrphan(script: string): Promise<number> {
    const { stdout } = await runCommand({ file: '/bin/sh', args: ['-c', `(${script}) >/dev/null & echo $!`] });
    return Number(stdout.toString());
  }

  it('adopt() gives the exit of an orphan', async () => {
    expect(await orphans.adopt(await leaveOrphan('sleep 0.05; exit 5'))).toMatchObject({ exitCode: 5 });
    expect(await orphans.adopt(await leaveOrphan('kill -9 $(sh -c "echo \\$PPID")'))).toMatchObject({ signal: 9 });
  });

  it('adopt() gives nothing for a stranger', async () => {
    expect(await orphans.adopt(1)).toBeUndefined();
  });

  it('reaps orphans nobody asks for', async () => {
    await leaveOrphan('exit 1');
    await leaveOrphan('exit 2');
    await sleep(200);

    expect(zombieChildren()).toEqual([]);
  });
});

describe('killTree() and killSession()', () => {
  it.each([
    { name: 'killTree()', kill: killTree },
    { name: 'killSession()', kill: killSession },
  ])('$name ends a process and its children', async ({ kill }) => {
    const child = spawnProcess({ file: '/bin/sleep', args: ['60'], env: {}, stdio: [null, null, null] });
    const shell = spawnProcess({
      file: '/bin/sh',
      args: ['-c', 'sleep 4715 & sleep 4715'],
      env: { PATH: '/usr/bin:/bin' },
      stdio: [null, null, null],
      newSession: true,
    });
    const bystander = identifyProcess(child.pid) ?? { pid: 0, startTicks: '' };
    await sleep(50);

    kill(shell.pid);

    expect(await shell.exited).toMatchObject({ signal: 9 });
    expect(isAlive(bystander)).toBe(true);
    killTree(child.pid);
    expect(await child.exited).toMatchObject({ signal: 9 });
  });
});
