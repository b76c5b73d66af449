import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.ts';
import { printDefaultConfig } from '../../../src/config/print-default.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function load(text: string): unknown {
  const path = join(directory, 'config.toml');
  writeFileSync(path, text);
  return loadConfig({ path });
}

describe('printDefaultConfig()', () => {
  it('loads back to the defaults', () => {
    expect(load(printDefaultConfig())).toEqual(load('version = 1\n'));
  });

  it('shows only keys that exist, also where they are commented out', () => {
    // One "#" before a key or a table is a value to switch on; the doc lines are prose.
    const switchedOn = printDefaultConfig().replaceAll(/^# ([a-z_]+ = .*|\[[a-z."/]+\])$/gm, '$1');

    expect(load(switchedOn)).toMatchObject({
      cri: { socketGroup: 'kube' },
      runtimes: { runc: { path: '/usr/bin/runc', features: { userNamespaces: true } }, kata: { kind: 'shim-v2' } },
    });
  });

  it('says something about every key', () => {
    const lines = printDefaultConfig().split('\n');
    const undocumented = lines.filter(
      (line, index) => /^(# )?[a-z_]+ = /.test(line) && !/^##? .*\.$/.test(lines[index - 1] ?? ''),
    );

    expect(undocumented).toEqual(['version = 1', 'kind = "oci"', '# kind = "shim-v2"']);
  });
});
