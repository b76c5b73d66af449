import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAEMON_FIELDS } from '../../../src/config/daemon-keys.ts';
import { POLICY_SCOPE_FIELDS } from '../../../src/config/image-policy.ts';
import { fallbackOf, type Fields } from '../../../src/config/field.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { SYSTEM_PLACES } from '../../../src/config/places.ts';
import { toToml } from '../../../src/config/print-default.ts';
import { FEATURE_FIELDS, OCI_FIELDS, SHIM_FIELDS } from '../../../src/config/runtime-handler.ts';
import { SECTIONS } from '../../../src/config/schema.ts';
import { packageRoot } from '../../../src/package-root.ts';

const deploy = join(packageRoot(), 'deploy');
const dropIns = readdirSync(join(deploy, 'config.toml.d'));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-samples-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function switchedOn(file: string): string {
  const text = readFileSync(file, 'utf8');
  return text.replaceAll(/^# ([a-z_]+ = .*|\[[a-z.-]+\])$/gm, '$1');
}

function load(text: string): ReturnType<typeof loadConfig> {
  const path = join(directory, 'config.toml');
  writeFileSync(path, text);
  return loadConfig({ path });
}

describe('deploy/config.toml', () => {
  it('loads with its drop-ins, and means the defaults', () => {
    const { runtimes, ...rest } = loadConfig({ path: join(deploy, 'config.toml') });
    const defaults = load('version = 1\n');

    expect({ ...rest, runtimes }).toEqual(defaults);
  });

  it('loads with every commented key switched on', () => {
    expect(load(switchedOn(join(deploy, 'config.toml'))).cri.socketGroup).toBe('kube');
  });
});

describe('deploy/config.toml.d', () => {
  it.each(dropIns)('%s defines the handler of a RuntimeClass when switched on', (name) => {
    const { runtimes } = load(`version = 1\n${switchedOn(join(deploy, 'config.toml.d', name))}`);
    const [handler = ''] = Object.keys(runtimes).filter((each) => each !== 'runc');

    const runtimeClass = readFileSync(join(deploy, 'runtimeclass', `${handler}.yaml`), 'utf8');
    expect(runtimeClass).toContain(`\nhandler: ${handler}\n`);
  });
});

describe('docs/configuration.md', () => {
  const text = readFileSync(join(packageRoot(), 'docs/configuration.md'), 'utf8');
  const tables: Record<string, Fields> = {
    daemon: DAEMON_FIELDS,
    ...Object.fromEntries(Object.entries(SECTIONS).map(([name, { fields }]) => [name, fields])),
    scope: POLICY_SCOPE_FIELDS,
    oci: OCI_FIELDS,
    shim: SHIM_FIELDS,
    features: FEATURE_FIELDS,
  };

  it.each(Object.keys(tables))('has a row for every key of %s', (name) => {
    const rows = Object.values(tables[name] ?? {}).map((field) => {
      const value = fallbackOf(field, SYSTEM_PLACES);
      const shown = value === undefined ? '' : `\`${toToml(value)}\``;
      return ['', `\`${field.key}\``, shown, field.doc, ''].join('|').replaceAll(' ', '');
    });
    // Prettier aligns the columns.
    const written = text.split('\n').map((line) => line.replaceAll(' ', ''));

    expect(rows.filter((row) => !written.includes(row))).toEqual([]);
  });
});
