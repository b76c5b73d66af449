import { describe, expect, it } from '@jest/globals';
import { mergeFeatures, parseFeatures, parseVersion } from '../../../src/runtime/features.ts';

describe('parseFeatures()', () => {
  it('reads what the runtime reports', () => {
    const linux = { namespaces: ['user', 'pid'], mountExtensions: { idmap: { enabled: true } } };
    const output = JSON.stringify({ mountOptions: ['ro', 'rro'], linux, extra: 1 });

    expect(parseFeatures(output)).toEqual({ recursiveReadOnlyMounts: true, userNamespaces: true });
  });

  it('takes what is absent for absent', () => {
    const unmapped = { linux: { namespaces: ['user'], mountExtensions: { idmap: { enabled: false } } } };
    expect(parseFeatures(JSON.stringify(unmapped))?.userNamespaces).toBe(false);
    expect(parseFeatures('{"linux":{"namespaces":["user"]}}')?.userNamespaces).toBe(false);
    expect(parseFeatures('{"linux":null}')).toEqual({ recursiveReadOnlyMounts: false, userNamespaces: false });
  });

  it.each([{ output: '' }, { output: 'unknown command features' }, { output: '[]' }])(
    'refuses "$output"',
    ({ output }) => {
      expect(parseFeatures(output)).toBeUndefined();
    },
  );
});

describe('parseVersion()', () => {
  it.each([
    { output: 'runc version 1.1.5+ds1\ncommit: x\n', version: '1.1.5+ds1' },
    { output: 'crun version 1.8.1\n', version: '1.8.1' },
    { output: 'runsc version release-20240729.0\nspec: 1.1', version: 'release-20240729.0' },
    { output: '\u0000rubbish', version: 'unknown' },
  ])('finds $version', ({ output, version }) => {
    expect(parseVersion(output)).toBe(version);
  });
});

describe('mergeFeatures()', () => {
  it('lets the configuration win, and tells for each feature where it is from', () => {
    const reported = { recursiveReadOnlyMounts: true, userNamespaces: true };

    const { features, sources } = mergeFeatures('1', reported, { userNamespaces: false }, { sandboxProcess: true });

    expect(features).toMatchObject({ recursiveReadOnlyMounts: true, userNamespaces: false, sandboxProcess: true });
    expect(sources).toEqual({
      recursiveReadOnlyMounts: 'reported',
      userNamespaces: 'configured',
      sandboxProcess: 'probed',
    });
  });

  it('takes what nobody knows for absent, and says so', () => {
    const { features, sources } = mergeFeatures('1', undefined, { userNamespaces: undefined });

    expect(features).toMatchObject({
      source: 'unknown',
      userNamespaces: false,
      sandboxProcess: false,
      selinux: 'container',
    });
    expect(new Set(Object.values(sources))).toEqual(new Set(['unknown']));
  });

  it('calls a sandbox only configured by its address, and takes traits only of one that is a sandbox', () => {
    const probed = { sandboxProcess: true, containerCgroups: false, portForward: 'driver' } as const;

    expect(mergeFeatures('1', undefined, {}, probed).features).toMatchObject(probed);
    expect(mergeFeatures('1', undefined, { sandboxProcess: false }, probed).features).toMatchObject({
      containerCgroups: true,
      portForward: 'netns',
    });
    expect(mergeFeatures('1', undefined, { sandboxProcess: true }).features).toMatchObject({
      sandboxProcess: true,
      portForward: 'pod-address',
    });
  });
});
