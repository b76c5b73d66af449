import { describe, expect, it } from '@jest/globals';
import { nextStatus } from '../../../src/container/status-machine.ts';
import type { ContainerExit } from '../../../src/runtime/driver.ts';
import type { ContainerStatus } from '../../../src/state/container-record.ts';

const processes = { init: { pid: 10, startTicks: '1' }, monitor: { pid: 9, startTicks: '1' } };
const created: ContainerStatus = { phase: 'created', processes };
const running: ContainerStatus = { phase: 'running', processes, startedAt: '1000' };

function exit(change: Partial<ContainerExit>): ContainerExit {
  return { exitCode: 0, finishedAt: 2000n, oomKilled: false, known: true, ...change };
}

describe('nextStatus()', () => {
  it.each([
    { name: 'exit code 0', exit: exit({}), reason: 'Completed', exitCode: 0 },
    { name: 'another exit code', exit: exit({ exitCode: 7 }), reason: 'Error', exitCode: 7 },
    { name: 'an OOM kill', exit: exit({ exitCode: 137, oomKilled: true }), reason: 'OOMKilled', exitCode: 137 },
    {
      name: 'an OOM kill of a child only',
      exit: exit({ exitCode: 0, oomKilled: true }),
      reason: 'Completed',
      exitCode: 0,
    },
    { name: 'a lost exit', exit: exit({ exitCode: 255, known: false }), reason: 'Unknown', exitCode: 255 },
  ])('gives $name its reason', ({ exit: event, reason, exitCode }) => {
    expect(nextStatus(running, { type: 'exited', exit: event })).toMatchObject({ phase: 'exited', reason, exitCode });
  });

  it('never lets a container finish before it started', () => {
    const status = nextStatus(running, { type: 'exited', exit: exit({ finishedAt: 999n }) });

    expect(status).toMatchObject({ startedAt: '1000', finishedAt: '1000' });
  });

  it('keeps the first exit', () => {
    const first = nextStatus(running, { type: 'exited', exit: exit({ exitCode: 7 }) });

    expect(nextStatus(first, { type: 'exited', exit: exit({ exitCode: 9 }) })).toBe(first);
  });

  it('turns a failed start into exit 128 with the error', () => {
    expect(nextStatus(created, { type: 'start-failed', at: 5n, message: 'no such file' })).toEqual({
      phase: 'exited',
      startedAt: '0',
      finishedAt: '5',
      exitCode: 128,
      reason: 'StartError',
      message: 'no such file',
    });
  });

  it('refuses to start what is not created', () => {
    expect(() => nextStatus(running, { type: 'started', at: 1n })).toThrow('a container in state "running"');
  });
});
