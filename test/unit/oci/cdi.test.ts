import { describe, expect, it } from '@jest/globals';
import { applyCdiEdits, type CdiNode, type ResolvedEdits } from '../../../src/oci/cdi/apply-edits.ts';
import { parseCdiSpec } from '../../../src/oci/cdi/cdi-spec.ts';
import { requestedCdiDevices } from '../../../src/oci/cdi/names.ts';
import { buildContainerSpec } from '../../../src/oci/container-spec.ts';
import { container, specInput } from './configs.ts';

describe('requestedCdiDevices()', () => {
  it('takes the field first, then annotations by name, each device once', () => {
    const config = container({
      CDIDevices: [{ name: 'acme.com/gpu=0' }],
      annotations: {
        'cdi.k8s.io/b': 'acme.com/gpu=2',
        'cdi.k8s.io/a': 'acme.com/gpu=1, acme.com/gpu=0',
        'example.com/cdi': 'x',
      },
    });

    expect(requestedCdiDevices(config)).toEqual(['acme.com/gpu=0', 'acme.com/gpu=1', 'acme.com/gpu=2']);
  });

  it.each(['', 'gpu', 'acme.com/gpu', 'acme.com/gpu=', 'gpu=0', 'acme.com/gpu=0=1', '/etc=0', 'a/b/c=0', 'a/b=../x'])(
    'refuses "%s"',
    (name) => {
      expect(() => requestedCdiDevices(container({ CDIDevices: [{ name }] }))).toThrow(
        expect.objectContaining({
          code: 'invalid-argument',
          message: `CDI device "${name}" is not of the form vendor/class=name`,
        }),
      );
    },
  );
});

describe('parseCdiSpec()', () => {
  const device = { name: '0', containerEdits: { deviceNodes: [{ path: '/dev/null' }] } };
  const spec = { cdiVersion: '0.6.0', kind: 'acme.com/gpu', devices: [device] };

  it('takes a spec, with null for nothing', async () => {
    const parsed = await parseCdiSpec(
      JSON.stringify({ ...spec, containerEdits: null, annotations: { a: 'b' } }),
      '/x.json',
    );

    expect(parsed.devices[0]?.containerEdits.deviceNodes).toEqual([{ path: '/dev/null' }]);
    expect(parsed.containerEdits).toBeUndefined();
  });

  it.each([
    { wrong: '{', complaint: /^CDI spec "\/x.json" is not JSON/ },
    { wrong: { ...spec, kind: 'gpu' }, complaint: /^CDI spec "\/x.json": kind: / },
    { wrong: { ...spec, devices: [] }, complaint: /devices: / },
    { wrong: { ...spec, devices: [{ ...device, name: 'a b' }] }, complaint: /devices\.0\.name: / },
    { wrong: { ...spec, containerEdits: { env: ['A'] } }, complaint: /containerEdits\.env\.0: / },
    { wrong: { ...spec, containerEdits: { intelRdt: {} } }, complaint: /containerEdits: .*intelRdt/ },
    { wrong: { ...spec, containerEdits: { hooks: [{ hookName: 'never', path: '/h' }] } }, complaint: /hookName/ },
    { wrong: { ...spec, containerEdits: { mounts: [{ hostPath: '/a', containerPath: 'b' }] } }, complaint: /mounts/ },
  ])('refuses $complaint', ({ wrong, complaint }) => {
    const text = typeof wrong === 'string' ? wrong : JSON.stringify(wrong);

    return expect(parseCdiSpec(text, '/x.json')).rejects.toThrow(complaint);
  });
});

async function edits(containerEdits: object, nodes: CdiNode[]): Promise<ResolvedEdits> {
  const devices = [{ name: '0', containerEdits }];
  const text = JSON.stringify({ cdiVersion: '0.6.0', kind: 'acme.com/gpu', devices });
  const { devices: parsed } = await parseCdiSpec(text, '/x.json');
  return { ...parsed[0]!.containerEdits, nodes };
}

describe('applyCdiEdits()', () => {
  const base = buildContainerSpec(specInput());

  it('leaves a spec without edits alone', () => {
    expect(applyCdiEdits(base, [])).toBe(base);
  });

  it('makes every edit, the later one winning', async () => {
    const first = {
      env: ['GPU=0', 'PATH=/vendor'],
      mounts: [{ hostPath: '/opt/lib', containerPath: '/lib/acme', options: ['ro', 'bind'] }],
      hooks: [{ hookName: 'createContainer', path: '/bin/hook', args: ['hook', 'ldcache'], timeout: 5 }],
      additionalGids: [0, 44],
    };
    const second = {
      env: ['GPU=all'],
      hooks: [{ hookName: 'createContainer', path: '/bin/second' }],
      additionalGids: [44],
    };
    const gpu = { device: { path: '/dev/gpu0', type: 'c', major: 195, minor: 0 }, permissions: 'rw' } as const;
    const fifo = { device: { path: '/dev/pipe', type: 'p' }, permissions: '' } as const;

    const spec = applyCdiEdits(base, [await edits(first, [gpu]), await edits(second, [fifo])]);

    expect(spec.process.env).toEqual(expect.arrayContaining(['GPU=all', 'PATH=/vendor']));
    expect(spec.process.env.filter((line) => /^(GPU|PATH)=/.test(line))).toHaveLength(2);
    expect(spec.process.user.additionalGids).toEqual([...base.process.user.additionalGids, 44]);
    expect(spec.mounts.at(-1)).toEqual({
      ...{ destination: '/lib/acme', source: '/opt/lib', type: 'bind', options: ['ro', 'bind'] },
    });
    expect(spec.hooks).toEqual({
      createContainer: [{ path: '/bin/hook', args: ['hook', 'ldcache'], timeout: 5 }, { path: '/bin/second' }],
    });
    expect(spec.linux.devices?.map(({ path }) => path)).toEqual(['/dev/gpu0', '/dev/pipe']);
    expect(spec.linux.resources.devices?.at(-1)).toEqual({
      ...{ allow: true, type: 'c', major: 195, minor: 0, access: 'rw' },
    });
    expect(spec.linux.resources.devices).toHaveLength((base.linux.resources.devices?.length ?? 0) + 1);
  });
});
