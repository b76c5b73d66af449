import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configChanges, withLiveKeys } from '../../../src/config/changes.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';

function config(text: string): Config {
  const directory = mkdtempSync(join(tmpdir(), 'changes-'));
  try {
    const path = join(directory, 'config.toml');
    writeFileSync(path, `version = 1\n${text}`);
    return loadConfig({ path });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('configChanges()', () => {
  it('finds nothing between equal configurations', () => {
    const text = '[runtimes.crun]\nkind = "oci"\n';
    expect(configChanges(config(text), config(text))).toEqual({
      handlers: { added: [], removed: [], changed: {} },
      live: [],
      restart: [],
    });
  });

  it('tells added, removed and changed handlers, with the keys', () => {
    const before = config('[runtimes.a]\nkind = "oci"\n[runtimes.b]\nkind = "oci"\n[runtimes.c]\nkind = "oci"\n');
    const after = config(
      '[runtimes.b]\nkind = "oci"\nargs = ["--debug"]\nseccomp_profile = "/p"\n[runtimes.b.features]\n' +
        'user_namespaces = true\n[runtimes.c]\nkind = "shim-v2"\npath = "/s"\n[runtimes.d]\nkind = "oci"\n',
    );
    expect(configChanges(before, after).handlers).toEqual({
      added: ['d'],
      removed: ['a'],
      changed: { b: ['args', 'seccomp_profile', 'features.user_namespaces'], c: ['kind'] },
    });
  });

  it('parts keys that count at once from those that need a restart', () => {
    const before = config('');
    const after = config(
      'log_level = "debug"\n[cri]\ncreate_timeout = "1m"\nshm_size = "1MiB"\n[monitor]\nconmon = "/c"\n' +
        '[network]\nplugin_timeout = "2m"\n[images.limits]\nmax_layers = 7\n',
    );
    expect(configChanges(before, after)).toMatchObject({
      live: ['cri.create_timeout', 'monitor.conmon'],
      restart: ['log_level', 'cri.shm_size', 'images.limits.max_layers', 'network.plugin_timeout'],
    });
  });
});

describe('withLiveKeys()', () => {
  it('takes over what counts at once and leaves the rest', () => {
    const before = config('');
    const after = config('[cri]\ndefault_runtime = "x"\nshm_size = "1MiB"\n[runtimes.x]\nkind = "oci"\n');
    const merged = withLiveKeys(before, after);
    expect(merged.cri.defaultRuntime).toBe('x');
    expect(merged.cri.shmSizeBytes).toBe(before.cri.shmSizeBytes);
    expect(Object.keys(merged.runtimes)).toEqual(['x']);
    // Nothing that counts at once is left to tell.
    expect(configChanges(merged, after)).toMatchObject({
      handlers: { added: [], removed: [], changed: {} },
      live: [],
      restart: ['cri.shm_size'],
    });
  });
});
