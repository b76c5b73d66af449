import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_SHIM_TIMEOUTS, type Shim } from '../../../../src/runtime/shim-v2/options.ts';
import { Protocol } from '../../../../src/runtime/shim-v2/protocol.ts';
import { ShimCommand } from '../../../../src/runtime/shim-v2/shim-command.ts';
import { Shims } from '../../../../src/runtime/shim-v2/shims.ts';

let bundle: string;
beforeEach(() => {
  bundle = mkdtempSync(join(tmpdir(), 'shims-'));
});
afterEach(() => rmSync(bundle, { recursive: true }));

/** The shims of a program that is this script; what they log is in `logged`. */
function shimsOf(script: string, timeouts: Partial<Shim['timeouts']> = {}): { shims: Shims; logged: unknown[] } {
  const path = join(bundle, 'containerd-shim-x-v2');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const protocol = new Protocol();
  const shim: Shim = {
    ...{ handler: 'x', path, version: '2.4.0', binary: undefined, configPath: undefined, root: bundle },
    ...{ systemdCgroup: false, env: { PATH: '/usr/bin:/bin' } },
    timeouts: { ...DEFAULT_SHIM_TIMEOUTS, ...timeouts },
  };
  const logged: unknown[] = [];
  const command = new ShimCommand(protocol, shim, join(bundle, 'events.sock'), undefined);
  const log = { warn: (fields: unknown) => void logged.push(fields) } as never;
  return {
    shims: new Shims({ protocol, command, orphans: { adopt: () => Promise.resolve(0) } as never, log }),
    logged,
  };
}

const WORDS = `echo 'level=error msg="the guest did not answer"' >log
echo 'level=debug msg="reading guest console" vmconsole="[ 0.5] Kernel panic"' >log`;

describe('Shims.start()', () => {
  it.each([
    { what: 'fails', script: `${WORDS}\nexit 1`, says: /start for "abc": the guest did not answer$/ },
    {
      what: 'hangs',
      script: `${WORDS}\nexec sleep 300`,
      says: /after 500 ms; its log says: the guest did not answer$/,
    },
  ])("logs the end of the log and of the guest's console of a shim that $what", async ({ script, says }) => {
    const { shims, logged } = shimsOf(script, { createMs: 500 });

    await expect(shims.start({ id: 'abc', bundle })).rejects.toThrow(says);

    expect(logged).toEqual([
      {
        containerId: 'abc',
        shimLog: ['level=error msg="the guest did not answer"'],
        guestConsole: ['[ 0.5] Kernel panic'],
      },
    ]);
  });

  it('logs nothing of a shim that has said nothing there', async () => {
    const { shims, logged } = shimsOf('echo "no KVM" >&2; exit 1');

    await expect(shims.start({ id: 'abc', bundle })).rejects.toThrow('no KVM');

    expect(logged).toEqual([]);
  });
});
