import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.ts';
import { reportHost } from '../../../src/daemon/report-host.ts';

describe('reportHost()', () => {
  it('logs errors as errors and warnings as warnings, each with its key', () => {
    const lines: unknown[] = [];
    const log = {
      error: (line: object) => lines.push({ level: 'error', ...line }),
      warn: (line: object) => lines.push({ level: 'warn', ...line }),
    };
    const emptyHost = {
      findProgram: () => undefined,
      kindOf: () => 'absent' as const,
      hasGroup: () => false,
      hasSelinux: () => false,
    };
    const config = loadConfig({ standaloneDir: '/nowhere' });

    reportHost(config, log, { ...emptyHost, kindOf: (path) => (path === '/' ? 'directory' : 'absent') });

    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        key: 'runtimes.runc.path',
        reason: expect.stringContaining('install'),
      }),
      expect.objectContaining({ level: 'error', key: 'monitor.conmon' }),
      expect.objectContaining({ level: 'warn', key: 'network.bin_dirs' }),
    ]);
  });
});
