import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { apparmorEnabled, isProfileLoaded, loadProfile } from '../../../src/host/apparmor.ts';
import { DEFAULT_PROFILE, DEFAULT_PROFILE_TEXT } from '../../../src/oci/apparmor-profile.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'apparmor-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function write(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

describe('apparmorEnabled()', () => {
  it('believes the kernel', () => {
    expect(apparmorEnabled(write('enabled', 'Y\n'))).toBe(true);
    expect(apparmorEnabled(write('enabled', 'N\n'))).toBe(false);
    expect(apparmorEnabled(join(dir, 'missing'))).toBe(false);
  });
});

describe('isProfileLoaded()', () => {
  it.each([
    { name: 'strict', expected: true },
    { name: 'with (parentheses)', expected: true },
    { name: 'stric', expected: false },
    { name: 'strict (enforce)', expected: false },
  ])('is $expected for "$name"', ({ name, expected }) => {
    const list = write('profiles', 'strict (enforce)\nwith (parentheses) (complain)\n');

    expect(isProfileLoaded(name, list)).toBe(expected);
  });

  it('does not know where the kernel does not say', () => {
    expect(isProfileLoaded('strict', join(dir, 'missing'))).toBeUndefined();
  });
});

describe('loadProfile()', () => {
  function parser(script: string): void {
    chmodSync(write('apparmor_parser', `#!/bin/sh\n${script}\n`), 0o755);
  }

  it('gives the profile to the parser', async () => {
    parser(`/bin/cat >${dir}/stdin; echo "$@" >${dir}/args`);

    expect(await loadProfile(DEFAULT_PROFILE_TEXT, dir)).toBeUndefined();
    expect(readFileSync(join(dir, 'stdin'), 'utf8')).toContain(`profile ${DEFAULT_PROFILE} `);
    expect(readFileSync(join(dir, 'args'), 'utf8')).toContain('--replace');
  });

  it('tells what the parser says, and that there is none', async () => {
    expect(await loadProfile('profile x {', dir)).toContain('not installed');
    parser('echo "syntax error" >&2; exit 1');
    expect(await loadProfile('profile x {', dir)).toBe('syntax error');
  });
});
