import { beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';
import { reloadConfig } from '../../../src/daemon/reload.ts';

let logged: string[] = [];
let followed: Config[] = [];
let networks: (readonly string[])[] = [];
beforeEach(() => {
  networks = [];
  logged = [];
  followed = [];
});

const write = (level: string) => (fields: unknown, text?: string) =>
  void logged.push(`${level} ${text ?? ''} ${JSON.stringify(fields)}`);
const log = { info: write('info'), warn: write('warn'), error: write('error') } as never;

/** Reloads from one file's text to another's; returns the path of the file. */
async function reload(before: string, after: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'reload-'));
  const path = join(directory, 'config.toml');
  const load = (text: string): Config => {
    writeFileSync(path, `version = 1\n${text}`);
    return loadConfig({ path });
  };
  try {
    const config = load(before);
    const follow = (next: Config) => Promise.resolve(void followed.push(next));
    const network = { follow: (dirs: readonly string[]) => Promise.resolve(void networks.push(dirs)) };
    await reloadConfig({ load: () => load(after), handlers: { config, follow }, network, log });
    return path;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('reloadConfig()', () => {
  it('follows the new handlers, and logs what is different', async () => {
    await reload('', '[runtimes.crun]\nkind = "oci"\n');
    expect(followed.map(({ runtimes }) => Object.keys(runtimes))).toEqual([['runc', 'crun']]);
    expect(logged).toEqual([expect.stringMatching(/^info .*"added":\["crun"\],"removed":\[\],"changed":\{\}/)]);
  });

  it("follows the directories of handlers' own networks", async () => {
    await reload('', '[runtimes.a]\nkind = "oci"\ncni_conf_dir = "/a.d"\n[runtimes.b]\nkind = "oci"\n');
    expect(networks).toEqual([['/a.d']]);
  });

  it('names each key that needs a restart', async () => {
    await reload('', 'root = "/r"\n[streaming]\nport = 1\n');
    expect(logged.slice(0, -1)).toEqual([
      expect.stringMatching(/^warn .*next start.*"root"/),
      expect.stringMatching(/^warn .*"streaming.port"/),
    ]);
  });

  it('changes nothing when anything is wrong, and complains with file and line', async () => {
    const path = await reload(
      '',
      '[runtimes.crun]\nkind = "oci"\n[runtimes.bad]\nkind = "ocl"\n[cri]\nscoket = "/s"\n',
    );
    expect([followed, networks]).toEqual([[], []]);
    expect(logged).toEqual([
      expect.stringContaining(`{"file":"${path}","line":5,"key":"runtimes.bad.kind"`),
      expect.stringContaining(`{"file":"${path}","line":7,"key":"cri.scoket"`),
      expect.stringMatching(/^error the new configuration is refused; nothing has changed.*"problems":2/),
    ]);
  });
});
