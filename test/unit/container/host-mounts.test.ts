import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveMounts } from '../../../src/container/host-mounts.ts';
import { invalidArgument } from '../../../src/errors.ts';
import type { ContainerRecord } from '../../../src/state/container-record.ts';
import { container, mount } from '../oci/configs.ts';

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'crisol-mounts-')));
});
afterEach(() => rmSync(dir, { recursive: true }));

const features = { recursiveReadOnlyMounts: true, idMappedMounts: true };
const LABELS = { process: 'u:r:t:s0:c1,c2', mount: 'u:object_r:f:s0:c1,c2', relabels: true };
const imageVolumes = { mount: () => Promise.reject(new Error('no image')), release: () => Promise.resolve() };

function recordOf(...mounts: ReturnType<typeof mount>[]): ContainerRecord {
  return { id: 'c1', imageVolumes: [], config: container({ mounts }) } as unknown as ContainerRecord;
}

describe('resolveMounts()', () => {
  it.each([
    { name: 'those that ask for it, where they really are', labels: LABELS, expected: ['real', 'missing'] },
    { name: 'none for a container that is not confined', labels: { ...LABELS, relabels: false }, expected: [] },
    { name: 'none without labels', labels: undefined, expected: [] },
  ])('relabels $name', async ({ labels, expected }) => {
    mkdirSync(join(dir, 'real'));
    symlinkSync('real', join(dir, 'link'));
    const record = recordOf(
      mount({ hostPath: join(dir, 'link'), selinuxRelabel: true, readonly: true, recursiveReadOnly: true }),
      mount({ hostPath: join(dir, 'missing'), selinuxRelabel: true, containerPath: '/made' }),
      mount({ hostPath: join(dir, 'as-it-is'), containerPath: '/other' }),
    );
    const done: string[] = [];
    const volumes = {
      relabel: (path: string, label: string) => {
        done.push(`${path} ${label}`);
        return Promise.resolve();
      },
    };

    const resolved = await resolveMounts({ imageVolumes, volumes }, record, features, { owner: undefined, labels });

    expect(resolved.map(({ source }) => source)).toEqual(
      ['real', 'missing', 'as-it-is'].map((name) => join(dir, name)),
    );
    expect(done).toEqual(expected.map((name) => `${join(dir, name)} ${LABELS.mount}`));
  });

  it('names the mount that cannot be relabelled', async () => {
    const volumes = { relabel: () => Promise.reject(invalidArgument('"/usr" belongs to the system')) };
    const record = recordOf(mount({ hostPath: '/usr', selinuxRelabel: true }));

    await expect(
      resolveMounts({ imageVolumes, volumes }, record, features, { owner: undefined, labels: LABELS }),
    ).rejects.toMatchObject({ code: 'invalid-argument', message: expect.stringContaining('cannot relabel "/usr": ') });
  });
});
