import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seccompFilter } from '../../../src/oci/seccomp/choose.ts';
import { SeccompSource } from '../../../src/oci/seccomp/source.ts';
import { security } from './configs.ts';

const CONTEXT = { arch: 'amd64', kernelRelease: '6.12.5-amd64', capabilities: [] } as const;
const runtimeDefault = security({ seccomp: { profileType: 'RuntimeDefault', localhostRef: '' } });

describe('SeccompSource', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'crisol-seccomp-'));
    path = join(dir, 'profile.json');
    writeFileSync(path, '{"defaultAction":"SCMP_ACT_LOG"}');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("loads the handler's profile for RuntimeDefault, and the filter is made of it", async () => {
    const loaded = await new SeccompSource().load(runtimeDefault, path);

    expect(seccompFilter({ kind: 'runtime-default' }, loaded, CONTEXT)).toMatchObject({
      defaultAction: 'SCMP_ACT_LOG',
    });
  });

  it('loads nothing for RuntimeDefault of a handler without a profile, and the filter is the built-in one', async () => {
    const loaded = await new SeccompSource().load(runtimeDefault, null);

    expect(loaded).toBeUndefined();
    expect(seccompFilter({ kind: 'runtime-default' }, loaded, CONTEXT)).toMatchObject({
      defaultAction: 'SCMP_ACT_ERRNO',
    });
  });

  it('keeps the profile of a handler as it was first read, and reads that of a pod each time', async () => {
    const source = new SeccompSource();
    const localhost = security({ seccomp: { profileType: 'Localhost', localhostRef: path } });
    await source.ofHandler(path);
    await source.load(localhost, null);

    writeFileSync(path, '{"defaultAction":"SCMP_ACT_KILL"}');

    expect(await source.load(runtimeDefault, path)).toMatchObject({ defaultAction: 'SCMP_ACT_LOG' });
    expect(await source.load(localhost, path)).toMatchObject({ defaultAction: 'SCMP_ACT_KILL' });
  });

  it('reads no file for a container that is not confined', async () => {
    const unconfined = security({ seccomp: { profileType: 'Unconfined', localhostRef: '' } });

    expect(await new SeccompSource().load(unconfined, join(dir, 'absent'))).toBeUndefined();
  });

  it('names a bad file, and tries it again when it was mended', async () => {
    const source = new SeccompSource();
    writeFileSync(path, '{}');
    await expect(source.ofHandler(path)).rejects.toThrow(`seccomp profile "${path}": defaultAction`);

    writeFileSync(path, '{"defaultAction":"SCMP_ACT_LOG"}');

    await expect(source.ofHandler(path)).resolves.toBeDefined();
  });
});
