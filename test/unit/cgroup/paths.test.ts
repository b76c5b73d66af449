import { describe, expect, it } from '@jest/globals';
import { checkParent, containerPath, podParent, podPath } from '../../../src/cgroup/paths.ts';

describe('containerPath() and podPath()', () => {
  it.each([
    { driver: 'cgroupfs', parent: '/kubepods/podX', pod: '/kubepods/podX', oci: '/kubepods/podX/c1', path: undefined },
    { driver: 'cgroupfs', parent: 'relative/', pod: '/relative', oci: '/relative/c1', path: undefined },
    {
      driver: 'systemd',
      parent: 'kubepods-burstable-podX.slice',
      pod: '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podX.slice',
      oci: 'kubepods-burstable-podX.slice:crisol:c1',
      path: '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podX.slice/crisol-c1.scope',
    },
    {
      driver: 'systemd',
      parent: '/kubepods.slice/kubepods-podX.slice',
      pod: '/kubepods.slice/kubepods-podX.slice',
      oci: 'kubepods-podX.slice:crisol:c1',
      path: '/kubepods.slice/kubepods-podX.slice/crisol-c1.scope',
    },
  ] as const)('place "$parent" for $driver', ({ driver, parent, pod, oci, path }) => {
    expect(podPath(driver, parent)).toBe(pod);
    expect(containerPath(driver, parent, 'c1')).toEqual({ ociPath: oci, path: path ?? oci });
  });
});

describe('podParent()', () => {
  it('makes a parent of the pod’s own, in the driver’s style, when the CRI names none', () => {
    expect(podParent('cgroupfs', '/given', 's1')).toBe('/given');
    expect(podParent('cgroupfs', '', 's1')).toBe('/crisol/pods1');
    expect(podPath('systemd', podParent('systemd', '', 's1'))).toBe('/crisol.slice/crisol-pods1.slice');
  });
});

describe('checkParent()', () => {
  it.each([
    { driver: 'cgroupfs', parent: '/kubepods/podX' },
    { driver: 'systemd', parent: 'kubepods-podX.slice' },
    { driver: 'systemd', parent: '/kubepods.slice/kubepods-podX.slice' },
    { driver: 'systemd', parent: 'system.slice' },
  ] as const)('accepts "$parent" for $driver', ({ driver, parent }) => {
    expect(() => checkParent(driver, parent)).not.toThrow();
  });

  it.each([
    { driver: 'cgroupfs', parent: '/kubepods-podX.slice', message: 'is a systemd slice' },
    { driver: 'cgroupfs', parent: '/a/../../b', message: 'leaves its place' },
    { driver: 'cgroupfs', parent: '/', message: 'is the root' },
    { driver: 'cgroupfs', parent: 'a\0b', message: 'leaves its place' },
    { driver: 'systemd', parent: '/kubepods/podX', message: 'is no systemd slice' },
    { driver: 'systemd', parent: 'a--b.slice', message: 'is no systemd slice' },
    { driver: 'systemd', parent: '-.slice', message: 'is no systemd slice' },
    { driver: 'systemd', parent: 'x/../y.slice', message: 'leaves its place' },
  ] as const)('refuses "$parent" for $driver', ({ driver, parent, message }) => {
    expect(() => checkParent(driver, parent)).toThrow(message);
  });
});
