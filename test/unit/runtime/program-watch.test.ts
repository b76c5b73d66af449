import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeFeatures } from '../../../src/runtime/features.ts';
import type { HandlerVerdict } from '../../../src/runtime/handler.ts';
import { ProgramWatch } from '../../../src/runtime/program-watch.ts';

let dir = '';
let path = '';
let watch: ProgramWatch;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'watch-'));
  path = join(dir, 'runtime');
  watch = new ProgramWatch(dir);
});
afterEach(() => rmSync(dir, { recursive: true }));

function install(text = '#!/bin/sh\n'): void {
  writeFileSync(`${path}.new`, text, { mode: 0o755 });
  renameSync(`${path}.new`, path);
}

function remember(program: string): void {
  const verdict: HandlerVerdict = {
    state: 'ready',
    path: program,
    monitor: '/bin/sh',
    ...mergeFeatures('', undefined, {}),
  };
  watch.remember([{ name: 'x', verdict }]);
}

describe('ProgramWatch', () => {
  it('misses nothing while the programs are there', () => {
    install();
    remember(path);
    expect(watch.missing('x')).toBeUndefined();
    expect(watch.haveChanged('x')).toBe(false);
  });

  it('says what is wrong with a program that has gone, with the cure', () => {
    install();
    remember(path);
    rmSync(path);
    expect(watch.missing('x')).toEqual({
      reason: `program "${path}" does not exist`,
      cure: 'install it or correct the path',
    });
  });

  it('says that a program cannot be executed any more', () => {
    install();
    remember(path);
    chmodSync(path, 0o644);
    expect(watch.missing('x')?.reason).toContain('is not executable');
  });

  it.each([
    { what: 'that came', before: () => undefined, change: install },
    { what: 'that was replaced', before: install, change: () => install('#!/bin/sh\n# other\n') },
    { what: 'that went', before: install, change: () => rmSync(path) },
    { what: 'whose mode changed', before: install, change: () => chmodSync(path, 0o700) },
  ])('sees a program $what', ({ before, change }) => {
    before();
    remember(path);
    expect(watch.haveChanged('x')).toBe(false);
    change();
    expect(watch.haveChanged('x')).toBe(true);
  });

  it('sees a program come that is known by name only', () => {
    remember('runtime');
    install();
    expect(watch.haveChanged('x')).toBe(true);
  });

  it('knows nothing of handlers it was not told of', () => {
    expect([watch.missing('y'), watch.haveChanged('y')]).toEqual([undefined, false]);
  });
});
