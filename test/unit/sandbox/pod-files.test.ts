import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { resolvConf } from '../../../src/sandbox/pod-files.ts';

describe('resolvConf()', () => {
  it('writes searches, servers and options', () => {
    const text = resolvConf({ servers: ['10.0.0.10', '::1'], searches: ['a.svc', 'svc'], options: ['ndots:5'] });

    expect(text).toBe('search a.svc svc\nnameserver 10.0.0.10\nnameserver ::1\noptions ndots:5\n');
  });

  it("is the node's own without a DNS config, and empty for an empty one", () => {
    expect(resolvConf(null)).toBe(readFileSync('/etc/resolv.conf', 'utf8'));
    expect(resolvConf({ servers: [], searches: [], options: [] })).toBe('');
  });
});
