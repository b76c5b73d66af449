import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coverPaths } from '../../../src/container/cover-paths.ts';
import { buildContainerSpec } from '../../../src/oci/container-spec.ts';
import type { SpecMount } from '../../../src/oci/types.ts';
import { specInput } from '../oci/configs.ts';

describe('coverPaths()', () => {
  let dir: string;
  const at = (path: string) => join(dir, path);

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'crisol-cover-'));
    for (const path of ['rootfs/bin', 'rootfs/etc/secrets', 'volume/deep', 'bundle']) {
      mkdirSync(at(path), { recursive: true });
    }
    writeFileSync(at('rootfs/bin/ls'), '');
    symlinkSync('/etc/secrets', at('rootfs/hidden'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function added(paths: { maskedPaths?: string[]; readonlyPaths?: string[] }): SpecMount[] {
    const spec = buildContainerSpec(specInput({ rootfsPath: at('rootfs') }));
    const mounts = [...spec.mounts, { destination: '/data', type: 'bind', source: at('volume'), options: ['rbind'] }];
    const whole = { ...spec, mounts, linux: { ...spec.linux, ...paths } };
    return coverPaths(whole, at('bundle'), []).mounts.slice(mounts.length);
  }

  it('shows an empty file without permissions in place of a masked one', () => {
    const [mount] = added({ maskedPaths: ['/bin/ls'] });

    expect(mount).toMatchObject({ destination: '/bin/ls', type: 'bind', source: at('bundle/masked') });
    expect(mount?.options).toContain('ro');
    const { size, mode } = statSync(at('bundle/masked'));
    expect([size, mode & 0o777]).toEqual([0, 0]);
  });

  it('shows an empty directory in place of a masked one, where its symlink leads inside the container', () => {
    expect(added({ maskedPaths: ['/hidden'] })).toMatchObject([{ destination: '/etc/secrets', type: 'tmpfs' }]);
  });

  it.each([
    { path: '/bin', mount: { destination: '/bin', source: 'rootfs/bin' } },
    { path: '/data', mount: { destination: '/data', source: 'volume' } },
    { path: '/data/deep', mount: { destination: '/data/deep', source: 'volume/deep' } },
  ])('binds the read-only path $path onto itself', ({ path, mount }) => {
    const expected = { destination: mount.destination, source: at(mount.source), type: 'bind' };

    expect(added({ readonlyPaths: [path] })).toEqual([{ ...expected, options: ['rbind', 'rprivate', 'ro'] }]);
  });

  it('asks for a plain read-only mount where all of it is to be read-only', () => {
    const spec = buildContainerSpec(specInput({ rootfsPath: at('rootfs') }));
    const data = { destination: '/data', type: 'bind', source: at('volume'), options: ['rbind', 'rro'] };

    const { mounts } = coverPaths({ ...spec, mounts: [...spec.mounts, data] }, at('bundle'), [at('volume/deep')]);

    expect(mounts).toEqual([...spec.mounts, { ...data, options: ['rbind', 'ro'] }]);
  });

  it('keeps what is mounted below a read-only mount writable, where that is not to be read-only too', () => {
    const spec = buildContainerSpec(specInput({ rootfsPath: at('rootfs') }));
    const data = { destination: '/data', type: 'bind', source: at('volume'), options: ['rbind', 'ro'] };
    const hostMounts = [at('volume'), at('volume/deep'), at('volume-of-another')];

    const { mounts } = coverPaths({ ...spec, mounts: [...spec.mounts, data] }, at('bundle'), hostMounts);

    const deep = { destination: '/data/deep', type: 'bind', source: at('volume/deep'), options: ['rbind', 'rw'] };
    expect(mounts).toEqual([...spec.mounts, data, deep]);
  });

  it.each(['/nothing/here', '/bin/ls/below', '/proc/sys', '/proc', '/sys/firmware', '/dev/shm', '/../proc/kcore'])(
    'leaves "%s" alone',
    (path) => {
      expect(added({ maskedPaths: [path], readonlyPaths: [path] })).toEqual([]);
    },
  );
});
