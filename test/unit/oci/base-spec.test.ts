import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseSpecSource } from '../../../src/oci/base-spec-source.ts';
import { loadBaseSpec, overBase } from '../../../src/oci/base-spec.ts';
import type { Spec } from '../../../src/oci/types.ts';

let path = '';
beforeAll(() => void (path = join(mkdtempSync(join(tmpdir(), 'base-')), 'base.json')));
afterAll(() => rmSync(join(path, '..'), { recursive: true }));

const rich = new URL('../../../../test/fixtures/oci/rich.json', import.meta.url);
const spec = JSON.parse(readFileSync(rich, 'utf8')) as Spec;

async function over(base: object): Promise<Spec> {
  writeFileSync(path, JSON.stringify(base));
  return overBase(spec, await loadBaseSpec(path));
}

describe('overBase()', () => {
  it('changes nothing for an empty base', async () => {
    expect(await over({})).toEqual({ ...spec, process: { ...spec.process, rlimits: spec.process.rlimits ?? [] } });
  });

  it('adds what only the base has', async () => {
    const mount = { destination: '/from-base', type: 'tmpfs', source: 'tmpfs' };
    const hook = { path: '/bin/hook', args: ['hook'], timeout: 2 };
    const merged = await over({
      process: { env: ['FROM_BASE=1'], rlimits: [{ type: 'RLIMIT_CORE', hard: 1, soft: 0 }] },
      mounts: [mount],
      annotations: { 'from.base': 'yes' },
      hooks: { createRuntime: [hook] },
      linux: { resources: { unified: { 'memory.low': '1' } } },
    });
    expect(merged.process.env).toEqual(['FROM_BASE=1', ...spec.process.env]);
    expect(merged.process.rlimits).toContainEqual({ type: 'RLIMIT_CORE', hard: 1, soft: 0 });
    expect(merged.mounts).toEqual([mount, ...spec.mounts]);
    expect(merged.annotations['from.base']).toBe('yes');
    expect(merged.hooks?.createRuntime).toEqual([hook]);
    const unified = { 'memory.low': '1', ...spec.linux.resources.unified };
    expect(merged.linux.resources).toEqual({ ...spec.linux.resources, unified });
  });

  it('lets what the container has win', async () => {
    const [first = ''] = spec.process.env;
    const name = first.split('=')[0] ?? '';
    const destination = spec.mounts[0]?.destination ?? '';
    const merged = await over({
      process: { env: [`${name}=base`] },
      mounts: [{ destination, type: 'bind', source: '/etc' }],
      linux: { resources: { memory: { limit: 1 } } },
    });
    expect(merged.process.env).toEqual(spec.process.env);
    expect(merged.mounts).toEqual(spec.mounts);
    expect(merged.linux.resources.memory).toEqual(spec.linux.resources.memory);
  });

  it('takes nothing that says who the process is, what it may do, or where it runs', async () => {
    const all = ['CAP_SYS_ADMIN'];
    const merged = await over({
      root: { path: '/' },
      hostname: 'base',
      process: {
        args: ['/evil'],
        cwd: '/x',
        user: { uid: 0 },
        capabilities: { bounding: all },
        noNewPrivileges: false,
      },
      linux: { namespaces: [], cgroupsPath: '/x', maskedPaths: [], seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } },
    });
    expect(merged).toEqual(await over({}));
  });
});

describe('loadBaseSpec()', () => {
  it.each([
    { what: 'no JSON', text: '{', says: 'cannot read base spec' },
    { what: 'a list', text: '[]', says: 'expected object' },
    { what: 'a wrong variable', text: '{"process":{"env":[1]}}', says: 'process.env.0: ' },
    { what: 'an unknown hook', text: '{"hooks":{"before":[]}}', says: 'hooks' },
    { what: 'a mount without destination', text: '{"mounts":[{}]}', says: 'mounts.0.destination: ' },
  ])('refuses $what, and names file and key', async ({ text, says }) => {
    writeFileSync(path, text);
    await expect(loadBaseSpec(path)).rejects.toThrow(says);
    await expect(loadBaseSpec(path)).rejects.toThrow(path);
  });
});

describe('BaseSpecSource', () => {
  it('keeps what it read until it is told to read again, also when that fails', async () => {
    const source = new BaseSpecSource();
    writeFileSync(path, '{"annotations":{"a":"1"}}');
    expect((await source.of(path)).annotations).toEqual({ a: '1' });
    writeFileSync(path, '{');
    await expect(source.reread(path)).rejects.toThrow('cannot read base spec');
    expect((await source.of(path)).annotations).toEqual({ a: '1' });
  });
});
