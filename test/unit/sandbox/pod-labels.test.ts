import { describe, expect, it } from '@jest/globals';
import { deferred } from '../../../src/async/deferred.ts';
import type { SelinuxLabels } from '../../../src/oci/selinux.ts';
import { PodLabels } from '../../../src/sandbox/pod-labels.ts';
import { LiveIndex } from '../../../src/state/live-index.ts';
import type { SandboxRecord } from '../../../src/state/sandbox-record.ts';
import { sandbox, sandboxSecurity } from '../oci/configs.ts';

const host = {
  selinux: {
    process: 'u:r:container_t:s0',
    vmProcess: 'u:r:container_kvm_t:s0',
    file: 'u:object_r:container_file_t:s0',
  },
};

function pods(): LiveIndex<SandboxRecord> {
  return new LiveIndex<SandboxRecord>('pod sandbox', ({ id }) => id);
}

function pod(id: string, selinux: SelinuxLabels | undefined): SandboxRecord {
  return { id, selinux } as SandboxRecord;
}

/** Random numbers out of a list, and then a loud end. */
function dice(...numbers: number[]): (below: number) => number {
  return () => {
    const next = numbers.shift();
    if (next === undefined) throw new Error('no more numbers');
    return next;
  };
}

const keep = (labels: SelinuxLabels | undefined) => Promise.resolve(labels?.mount);

describe('PodLabels', () => {
  it('allots two different categories, the lower first, in both labels', async () => {
    const labels = new PodLabels({ host, index: pods(), random: dice(5, 5, 900, 12) });

    await expect(labels.allot(sandbox(), (got) => Promise.resolve(got))).resolves.toEqual({
      process: 'u:r:container_t:s0:c12,c900',
      mount: 'u:object_r:container_file_t:s0:c12,c900',
    });
  });

  it('passes over what a pod has, also one of a former daemon, until that pod is removed', async () => {
    const index = pods();
    index.set(pod('old', { process: 'u:r:other_t:s0:c1,c2', mount: 'u:object_r:container_file_t:s0:c1,c2' }));
    index.set(pod('from before', undefined));
    const labels = new PodLabels({ host, index, random: dice(1, 2, 2, 1, 3, 4, 1, 2) });

    await expect(labels.allot(sandbox(), keep)).resolves.toBe('u:object_r:container_file_t:s0:c3,c4');
    index.delete('old');
    await expect(labels.allot(sandbox(), keep)).resolves.toBe('u:object_r:container_file_t:s0:c1,c2');
  });

  it('passes over what a pod is getting whose record is not written yet, and not over one that failed', async () => {
    const labels = new PodLabels({ host, index: pods(), random: dice(1, 2, 1, 2, 3, 4, 1, 2) });
    const writing = deferred<string>();
    const first = labels.allot(sandbox(), () => writing.promise);

    await expect(labels.allot(sandbox(), keep)).resolves.toContain(':s0:c3,c4');
    writing.reject(new Error('disk full'));
    await expect(first).rejects.toThrow('disk full');
    await expect(labels.allot(sandbox(), keep)).resolves.toContain(':s0:c1,c2');
  });

  it('never gives two of many pods the same', async () => {
    const index = pods();
    const labels = new PodLabels({ host, index });
    const ids = Array.from({ length: 2000 }, (_, id) => String(id));

    await Promise.all(ids.map((id) => labels.allot(sandbox(), async (got) => index.set(pod(id, got)))));

    expect(new Set(index.list().map(({ selinux }) => selinux?.mount)).size).toBe(2000);
  });

  it('lets pods choose one level together', async () => {
    const selinuxOptions = { user: '', role: '', type: '', level: 's0:c1,c2' };
    const config = sandbox();
    const linux = { ...config.linux!, securityContext: sandboxSecurity({ selinuxOptions }) };
    const labels = new PodLabels({ host, index: pods(), random: dice() });

    const both = [1, 2].map(() => labels.allot({ ...config, linux }, keep));

    await expect(Promise.all(both)).resolves.toEqual(Array(2).fill('u:object_r:container_file_t:s0:c1,c2'));
  });

  it('has none without SELinux', async () => {
    const labels = new PodLabels({ host: {}, index: pods(), random: dice() });

    await expect(labels.allot(sandbox(), keep)).resolves.toBeUndefined();
  });
});
