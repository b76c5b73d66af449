import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../../src/cli/cli.ts';
import { handlersText } from '../../../src/cli/handlers.ts';
import type { ListedHandler } from '../../../src/cli/listed-handler.ts';

const runc: ListedHandler = {
  name: 'runc',
  kind: 'oci',
  path: '/usr/sbin/runc',
  version: '1.3.6',
  monitor: '/usr/bin/conmon',
  isDefault: true,
  state: 'ready',
  reason: '',
  cure: '',
  features: [
    { name: 'user_namespaces', value: true, source: 'reported' },
    { name: 'sandbox_process', value: false, source: 'unknown' },
  ],
};
const gone: ListedHandler = {
  ...runc,
  name: 'gone',
  isDefault: false,
  state: 'failed',
  version: '',
  path: '/opt/gone',
  reason: 'program "/opt/gone" does not exist',
  cure: 'install it or correct the path',
};

describe('handlersText()', () => {
  it('shows handlers, features with their sources, and faults with their cures', () => {
    expect(handlersText([runc, gone])).toBe(
      [
        'HANDLER         KIND  STATE   VERSION  PATH',
        'runc (default)  oci   ready   1.3.6    /usr/sbin/runc',
        'gone            oci   failed  unknown  /opt/gone',
        '',
        'FEATURE          runc',
        'user_namespaces  yes (reported)',
        'sandbox_process  no (unknown)',
        '',
        'gone: program "/opt/gone" does not exist',
        '  cure: install it or correct the path',
        '',
      ].join('\n'),
    );
  });

  it('shows no features when no handler is ready, and no empty cure', () => {
    const text = handlersText([{ ...gone, cure: '' }]);
    expect(text).not.toContain('FEATURE');
    expect(text).not.toContain('cure:');
  });
});

describe('crisol handlers --check', () => {
  async function check(handlers: readonly ListedHandler[], ...args: string[]): Promise<{ code: number; out: string }> {
    const directory = mkdtempSync(join(tmpdir(), 'crisol-cli-'));
    try {
      writeFileSync(join(directory, 'config.toml'), 'version = 1\n');
      let out = '';
      const argv = ['handlers', '--check', '--config', join(directory, 'config.toml'), ...args];
      const code = await runCli(argv, {
        output: { out: (text) => (out += text), err: (text) => (out += text), terminal: undefined },
        runDaemon: () => Promise.reject(new RangeError('no daemon')),
        checkHandlers: ({ runtimes }) => Promise.resolve('runc' in runtimes ? handlers : []),
        readStdin: () => Promise.resolve(''),
      });
      return { code, out };
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  it('exits with 1 when a handler does not work, with 0 when all do', async () => {
    expect((await check([runc, gone])).code).toBe(1);
    expect((await check([runc])).code).toBe(0);
  });

  it('prints JSON with reason and cure apart, and features by name', async () => {
    const { out } = await check([gone], '--json');
    expect(JSON.parse(out)).toEqual([
      {
        name: 'gone',
        kind: 'oci',
        path: '/opt/gone',
        version: '',
        monitor: '/usr/bin/conmon',
        default: false,
        state: 'failed',
        reason: 'program "/opt/gone" does not exist',
        cure: 'install it or correct the path',
        features: {
          user_namespaces: { value: true, source: 'reported' },
          sandbox_process: { value: false, source: 'unknown' },
        },
      },
    ]);
  });
});
