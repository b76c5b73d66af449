import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPinnedNamespace } from '../../../src/host/pinned-namespace.ts';

describe('isPinnedNamespace()', () => {
  it('is true of a namespace, and false of a file where one was, and of nothing', () => {
    const directory = mkdtempSync(join(tmpdir(), 'crisol-pin-'));
    const file = join(directory, 'net');
    writeFileSync(file, '');

    expect(isPinnedNamespace('/proc/self/ns/net')).toBe(true);
    expect(isPinnedNamespace(file)).toBe(false);
    expect(isPinnedNamespace(join(directory, 'none'))).toBe(false);
    expect(isPinnedNamespace(join(file, 'below'))).toBe(false);

    rmSync(directory, { recursive: true });
  });
});
