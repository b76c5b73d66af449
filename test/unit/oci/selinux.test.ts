import { describe, expect, it } from '@jest/globals';
import type { SELinuxOption } from '../../../src/gen/runtime/v1/SELinuxOption.ts';
import { containerLabels, levelOf, podLabels, type SelinuxKind } from '../../../src/oci/selinux.ts';

const selinux = {
  process: 'system_u:system_r:container_t:s0',
  vmProcess: 'system_u:system_r:container_kvm_t:s0',
  file: 'system_u:object_r:container_file_t:s0',
};
const POD = { process: 'system_u:system_r:container_t:s0:c7,c9', mount: 'system_u:object_r:container_file_t:s0:c7,c9' };

function options(fields: Partial<SELinuxOption> = {}): SELinuxOption {
  return { user: '', role: '', type: '', level: '', ...fields };
}

const newLevel = () => 's0:c7,c9';

describe('podLabels()', () => {
  it.each<{ asked: SELinuxOption | null; process: string; mount: string }>([
    { asked: null, ...POD },
    { asked: options(), ...POD },
    {
      asked: options({ level: 's0:c1,c2' }),
      process: 'system_u:system_r:container_t:s0:c1,c2',
      mount: 'system_u:object_r:container_file_t:s0:c1,c2',
    },
    { asked: options({ type: 'spc_t' }), process: 'system_u:system_r:spc_t:s0:c7,c9', mount: POD.mount },
    {
      asked: options({ user: 'user_u', role: 'user_r', type: 'user_t', level: 's0' }),
      process: 'user_u:user_r:user_t:s0',
      mount: 'user_u:object_r:container_file_t:s0',
    },
  ])('makes $process of $asked', ({ asked, process, mount }) => {
    expect(podLabels({ selinux }, asked, newLevel)).toEqual({ process, mount });
  });

  it('is nothing without SELinux, whatever is asked for', () => {
    expect(podLabels({}, options({ level: 'nonsense' }), newLevel)).toBeUndefined();
  });

  it('allots no level where the pod names one, or the policy has none', () => {
    const never = () => {
      throw new Error('allotted');
    };
    const flat = { ...selinux, process: 'u:r:t', file: 'u:object_r:f' };

    expect(podLabels({ selinux }, options({ level: 's0' }), never)?.process).toBe('system_u:system_r:container_t:s0');
    expect(podLabels({ selinux: flat }, null, never)).toEqual({ process: 'u:r:t', mount: 'u:object_r:f' });
  });

  it.each(['s0', 's0:c1', 's0-s0', 's0:c0.c1023', 's0:c1,c5.c9', 's0-s15:c0.c1023', 's0:c1-s1:c1,c2'])(
    'takes level %s',
    (level) => {
      expect(podLabels({ selinux }, options({ level }), newLevel)?.mount).toContain(`_t:${level}`);
    },
  );

  it.each([
    { level: 's0,c1,c2' },
    { level: 's0:c1.c2.c3' },
    { level: 'c1,c2' },
    { level: 's0:c1,c2",nodev' },
    { level: 's0:c1\n' },
    { type: 'a:b' },
    { type: 'container_t"' },
    { role: 'a b' },
    { user: 'a,b' },
  ])('refuses $level$type$role$user', (fields) => {
    expect(() => podLabels({ selinux }, options(fields), newLevel)).toThrow(/^the SELinux (level|type|role|user) "/);
  });

  it('refuses a label that the policy does not have, and asks only about what pods ask for', () => {
    const facts = { selinux, isSelinuxLabelKnown: (label: string) => !label.includes('nowhere_t') && undefined };
    const asks: string[] = [];
    const counting = { selinux, isSelinuxLabelKnown: (label: string) => asks.push(label) > 0 };

    expect(() => podLabels(facts, options({ type: 'nowhere_t' }), newLevel)).toThrow(
      'has no label "system_u:system_r:nowhere_t:s0:c7,c9"',
    );
    expect(podLabels(facts, options({ type: 'other_t' }), newLevel)).toBeDefined();
    podLabels(counting, null, newLevel);
    expect(asks).toEqual([]);
  });
});

describe('containerLabels()', () => {
  const request = { pod: POD, options: null, privileged: false, kind: 'container' as SelinuxKind };

  it.each<{ name: string; fields: Partial<typeof request> | { options: SELinuxOption }; expected: unknown }>([
    { name: 'the labels of its pod', fields: {}, expected: { ...POD, relabels: true } },
    {
      name: 'a type of its own, at the level of the pod',
      fields: { options: options({ type: 'logreader_t' }) },
      expected: { process: 'system_u:system_r:logreader_t:s0:c7,c9', mount: POD.mount, relabels: true },
    },
    {
      name: 'a level of its own, for its files too',
      fields: { options: options({ level: 's0:c3' }) },
      expected: {
        process: 'system_u:system_r:container_t:s0:c3',
        mount: 'system_u:object_r:container_file_t:s0:c3',
        relabels: true,
      },
    },
    {
      name: 'no label for the process when it is privileged',
      fields: { privileged: true },
      expected: { mount: POD.mount, relabels: false },
    },
    {
      name: 'spc_t, and its volumes as they are',
      fields: { options: options({ type: 'spc_t' }) },
      expected: { process: 'system_u:system_r:spc_t:s0:c7,c9', mount: POD.mount, relabels: false },
    },
    {
      name: 'the type of virtual machines',
      fields: { kind: 'vm' },
      expected: { process: 'system_u:system_r:container_kvm_t:s0:c7,c9', mount: POD.mount, relabels: true },
    },
    {
      name: 'no label for the process with a runtime that refuses it',
      fields: { kind: 'none' },
      expected: { mount: POD.mount, relabels: true },
    },
  ])('gives $name', ({ fields, expected }) => {
    expect(containerLabels({ selinux }, { ...request, ...fields })).toEqual(expected);
  });

  it('labels in a pod without labels only who asks', () => {
    expect(containerLabels({ selinux }, { ...request, pod: undefined })).toBeUndefined();
    expect(containerLabels({ selinux }, { ...request, pod: undefined, options: options() })?.process).toBe(
      selinux.process,
    );
  });

  it('is nothing without SELinux', () => {
    expect(containerLabels({}, { ...request, options: options({ type: 'spc_t' }) })).toBeUndefined();
  });
});

describe('levelOf()', () => {
  it.each([
    { label: 'u:r:t:s0:c1,c2', level: 's0:c1,c2' },
    { label: 'u:r:t:s0-s0:c0.c1023', level: 's0-s0:c0.c1023' },
    { label: 'u:r:t', level: '' },
    { label: '', level: '' },
  ])('is "$level" of "$label"', ({ label, level }) => {
    expect(levelOf(label)).toBe(level);
  });
});
