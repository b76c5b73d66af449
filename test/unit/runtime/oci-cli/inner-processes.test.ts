import { describe, expect, it } from '@jest/globals';
import { descendants, killInnerTree, parseProcessTable } from '../../../../src/runtime/oci-cli/inner-processes.ts';

const TABLE = `UID       PID       PPID      C         TTY       STIME     TIME      CMD
0         1         0         0         ?         17:17     0s        httpd
0         5         0         0         ?         17:18     0s        sh
0         6         5         0         ?         17:18     0s        sleep
0         7         6         0         ?         17:18     0s        sleep
`;

describe('parseProcessTable()', () => {
  it('reads the parent of each process', () => {
    const parents = { 1: 0, 5: 0, 6: 5, 7: 6 };
    expect(Object.fromEntries(parseProcessTable(TABLE))).toEqual(parents);
  });

  it.each([{ output: '' }, { output: 'no table at all' }])('finds nothing in "$output"', ({ output }) => {
    expect(parseProcessTable(output).size).toBe(0);
  });
});

describe('descendants()', () => {
  it('finds the children of children, whatever the order, and survives a circle', () => {
    expect([...descendants(parseProcessTable(TABLE), 5)].toSorted()).toEqual([5, 6, 7]);
    const circle = new Map([
      [7, 6],
      [6, 5],
      [5, 7],
    ]);
    expect([...descendants(circle, 5)].toSorted()).toEqual([5, 6, 7]);
  });
});

describe('killInnerTree()', () => {
  it('kills a process and what is below it, and nothing else, also what was started at the last moment', async () => {
    const parents = new Map(parseProcessTable(TABLE));
    const stopped = new Set<number>();
    const killed: number[] = [];

    await killInnerTree(
      {
        processes: () => {
          // What runs still starts another.
          for (const pid of [...parents.keys()])
            if (pid > 1 && pid < 8 && !stopped.has(pid)) parents.set(pid + 10, pid);
          return Promise.resolve(parents);
        },
        killInner: (_id, pid, signal) => {
          if (signal === 19) stopped.add(pid);
          else killed.push(pid);
          return Promise.resolve();
        },
      },
      'c',
      5,
    );

    expect(killed.toSorted((a, b) => a - b)).toEqual([5, 6, 7, 16, 17]);
    expect([...stopped].toSorted((a, b) => a - b)).toEqual(killed.toSorted((a, b) => a - b));
  });
});
