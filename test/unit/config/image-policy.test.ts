import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkHost } from '../../../src/config/check-host.ts';
import { loadConfig } from '../../../src/config/load.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function load(policy: string) {
  const path = join(directory, 'config.toml');
  writeFileSync(path, `version = 1\n${policy}`);
  return loadConfig({ path });
}

describe('[images.policy]', () => {
  it('accepts everything when it is not there', () => {
    expect(load('').images.policy).toEqual({ fallback: 'accept', scopes: {} });
  });

  it('has a scope for each registry or repository', () => {
    const { policy } = load(`[images.policy]
default = "reject"
[images.policy.scopes."a.test:5000/team/app"]
keys = ["/k.pub"]
[images.policy.scopes."b.test"]
require = "accept"
`).images;

    expect(policy).toEqual({
      fallback: 'reject',
      scopes: {
        'a.test:5000/team/app': { require: 'signed', keys: ['/k.pub'] },
        'b.test': { require: 'accept', keys: [] },
      },
    });
  });

  it.each([
    { text: '[images.policy.scopes."a.test"]', says: 'asks for a signature but names no keys' },
    { text: '[images.policy.scopes."a.test"]\nrequire = "accept"\nkeys = ["/k"]', says: 'only require = "signed" has' },
    { text: '[images.policy.scopes."a.test/Team"]\nkeys = ["/k"]', says: 'a scope is HOST or HOST/PATH' },
    { text: '[images.policy.scopes."a.test"]\nkeys = ["k.pub"]', says: 'item 1 must be an absolute path' },
    { text: '[images.policy.scopes."a.test"]\nkey = ["/k"]', says: 'unknown key (nearest known key: "keys")' },
    { text: '[images.policy]\ndefault = "maybe"', says: 'must be one of "accept", "reject"' },
    { text: '[images.policy]\nscopes = 7', says: 'must be a table' },
    { text: '[images.limits]\nmax_layers = 0', says: 'must be a whole number from 1 to 100000' },
  ])('complains about $text', ({ text, says }) => {
    expect(() => load(text)).toThrow(says);
  });

  it('misses a key that is not on this host', () => {
    const findings = checkHost(load('[images.policy.scopes."a.test"]\nkeys = ["/none/k.pub"]'));

    expect(findings).toContainEqual({
      severity: 'error',
      key: 'images.policy.scopes."a.test".keys',
      message: 'there is no file "/none/k.pub"',
    });
  });
});
