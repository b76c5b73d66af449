import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHoldings } from '../../../src/daemon/holdings.ts';

describe('readHoldings()', () => {
  it('counts descriptors by kind', () => {
    const directory = mkdtempSync(join(tmpdir(), 'crisol-'));
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    const before = readHoldings().descriptors;
    const [fifo, file] = [openSync(join(directory, 'fifo'), 'r+'), openSync(directory, 'r')];
    const after = readHoldings().descriptors;
    [fifo, file].forEach(closeSync);
    rmSync(directory, { recursive: true });
    const of = (counts: typeof before, kind: string) => counts[kind] ?? 0;
    expect(of(after, 'fifo') - of(before, 'fifo')).toBe(1);
    expect(of(after, 'file') - of(before, 'file')).toBe(1);
    expect(of(before, 'eventpoll')).toBeGreaterThan(0);
  });

  it('counts timers', () => {
    const timers = () => readHoldings().resources['Timeout'] ?? 0;
    const before = timers();
    const added = [1, 2, 3].map(() => setTimeout(() => undefined, 60_000));
    expect(timers()).toBe(before + 3);
    added.forEach(clearTimeout);
    expect(timers()).toBe(before);
  });

  it('does not count garbage', () => {
    const before = readHoldings().heapUsedBytes;
    const garbage = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
    expect(garbage).toHaveLength(1_000_000);
    garbage.length = 0;
    expect(readHoldings().heapUsedBytes).toBeLessThan(before + 10_000_000);
  });
});
