import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debugLogEnd } from '../../../../src/runtime/oci-cli/debug-log.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'debug-log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A file of the log that was written to at `at`, in milliseconds since the epoch. */
function write(name: string, text: string, at = Date.now()): void {
  writeFileSync(join(directory, name), text);
  utimesSync(join(directory, name), at / 1000, at / 1000);
}

const boot = (id: string) => `Args: [runsc-sandbox boot ${id}]\n${'.\n'.repeat(6000)}W urpc: failed\n`;

describe('debugLogEnd()', () => {
  it("has the end of each of the container's files, and of a sandbox's that names it last", async () => {
    write('runsc.log.20261128-193221.399812.boot.txt', boot('abc'));
    write('runsc.log.20261128-193220.000000.boot.txt', `${boot('pod')}W cannot start "abc"\n`);
    write('runsc.log.20261128-193221.399813.boot.txt', boot('other'));
    write('notes.txt', boot('abc'));

    const end = await debugLogEnd([`--debug-log=${directory}/`], 'abc', Date.now());

    expect(Object.keys(end).sort()).toEqual([
      'runsc.log.20261128-193220.000000.boot.txt',
      'runsc.log.20261128-193221.399812.boot.txt',
    ]);
    expect(end['runsc.log.20261128-193221.399812.boot.txt']?.at(-1)).toBe('W urpc: failed');
    expect(end['runsc.log.20261128-193221.399812.boot.txt']).toHaveLength(10);
  });

  it('leaves out what was written before the call', async () => {
    write('runsc.log.1.boot.txt', boot('abc'), Date.now() - 5000);

    expect(await debugLogEnd([`--debug-log=${directory}/`], 'abc', Date.now() - 1000)).toEqual({});
  });

  it.each([
    { what: 'a file', value: '/one+log', name: 'one+log' },
    { what: 'a name with placeholders', value: '/%COMMAND%.%ID%', name: 'boot.x' },
  ])('reads $what', async ({ value, name }) => {
    write(name, boot('abc'));
    write(name.replace(/[+.]/, 'x'), boot('abc'));

    expect(Object.keys(await debugLogEnd(['-debug-log', `${directory}${value}`], 'abc', 0))).toEqual([name]);
  });

  it.each([
    { what: 'no such flag', args: ['--debug'] },
    { what: 'a relative path', args: ['--debug-log=log/'] },
    { what: 'a placeholder in the directory', args: ['--debug-log=/tmp/%ID%/'] },
    { what: 'a directory that is not there', args: ['--debug-log=/nowhere/at/all/'] },
  ])('is empty for $what', async ({ args }) => {
    expect(await debugLogEnd(args, 'abc', 0)).toEqual({});
  });
});
