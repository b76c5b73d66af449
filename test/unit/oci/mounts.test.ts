import { describe, expect, it } from '@jest/globals';
import { parseMountinfo } from '../../../src/host/mounts.ts';
import { checkMount, checkPropagation } from '../../../src/oci/check-mount.ts';
import { podMounts, systemMounts } from '../../../src/oci/default-mounts.ts';
import { rootfsPropagation, specMounts } from '../../../src/oci/mounts.ts';
import { mount } from './configs.ts';

const FEATURES = { recursiveReadOnlyMounts: true, idMappedMounts: true };
const IMAGE = { image: 'data:1', annotations: {}, userSpecifiedImage: '', runtimeHandler: '', imageRef: '' };
const FILES = { resolvConf: '/p/resolv.conf', hosts: '/p/hosts', hostname: undefined, shm: '/p/shm' };

function lists(requested: Parameters<typeof mount>[0][]) {
  return specMounts({
    system: systemMounts({ privileged: false, gidMappings: undefined, hostNetwork: false, hostIpc: false }),
    pod: podMounts(FILES, false),
    requested: requested.map((fields) => ({ mount: mount(fields), source: '/real' })),
  });
}

describe('specMounts()', () => {
  it.each([
    { paths: ['/dev'], dropped: ['/dev/pts', '/dev/mqueue'], kept: ['/dev', '/dev/shm', '/proc'] },
    { paths: ['/sys'], dropped: ['/sys/fs/cgroup'], kept: ['/sys', '/proc'] },
    { paths: ['/dev/shm', '/etc/hosts'], dropped: [], kept: ['/dev/shm', '/etc/hosts', '/etc/resolv.conf'] },
    { paths: ['//sys/fs/cgroup/'], dropped: [], kept: ['/sys', '/sys/fs/cgroup'] },
  ])('lets $paths replace defaults', ({ paths, dropped, kept }) => {
    const mounts = lists(paths.map((containerPath) => ({ containerPath })));

    const destinations = mounts.map(({ destination }) => destination);
    expect(dropped.filter((path) => destinations.includes(path))).toEqual([]);
    expect(kept.filter((path) => !destinations.includes(path))).toEqual([]);
    expect(new Set(destinations).size).toBe(destinations.length);
  });

  it('mounts parents first and keeps the order of equals', () => {
    const paths = ['/a/b/c', 'z', '/a', '/a/b', '/'];

    const mounts = lists(paths.map((containerPath) => ({ containerPath })));

    const own = mounts.filter(({ source }) => source === '/real').map(({ destination }) => destination);
    expect(own).toEqual(['/', '/z', '/a', '/a/b', '/a/b/c']);
  });

  it.each([
    { fields: {}, options: ['rbind', 'rprivate', 'rw'] },
    { fields: { readonly: true }, options: ['rbind', 'rprivate', 'ro'] },
    { fields: { readonly: true, recursiveReadOnly: true }, options: ['rbind', 'rprivate', 'rro'] },
    { fields: { propagation: 'PROPAGATION_BIDIRECTIONAL' }, options: ['rbind', 'rshared', 'rw'] },
    { fields: { mountOptions: ['noexec'] }, options: ['rbind', 'rprivate', 'rw', 'noexec'] },
  ] as const)('writes options for %j', ({ fields, options }) => {
    const mounts = lists([{ ...fields, mountOptions: [...('mountOptions' in fields ? fields.mountOptions : [])] }]);

    expect(mounts.find(({ destination }) => destination === '/data')?.options).toEqual(options);
  });

  it('writes id mappings', () => {
    const mapping = { hostId: 100000, containerId: 0, length: 65536 };

    const mounts = lists([{ uidMappings: [mapping], gidMappings: [mapping] }]);

    const expected = [{ hostID: 100000, containerID: 0, size: 65536 }];
    expect(mounts.find(({ destination }) => destination === '/data')).toMatchObject({
      uidMappings: expected,
      gidMappings: expected,
    });
  });
});

describe('systemMounts()', () => {
  it.each([
    { gidMappings: undefined, hostIpc: true, has: true },
    { gidMappings: [{ containerID: 0, hostID: 1, size: 6 }], hostIpc: false, has: true },
    { gidMappings: [{ containerID: 0, hostID: 1, size: 6 }], hostIpc: true, has: false },
  ])('mounts message queues where the kernel allows it: %j', ({ has, ...given }) => {
    const mounts = systemMounts({ privileged: false, hostNetwork: false, ...given });

    expect(mounts.some(({ type }) => type === 'mqueue')).toBe(has);
  });

  it('binds /sys when a user namespace meets the host network', () => {
    const mapped = [{ containerID: 0, hostID: 1, size: 6 }];

    const mounts = systemMounts({ privileged: false, gidMappings: mapped, hostNetwork: true, hostIpc: false });

    expect(mounts.find(({ destination }) => destination === '/sys')).toMatchObject({ type: 'bind', source: '/sys' });
    expect(mounts.find(({ destination }) => destination === '/dev/pts')?.options).toContain('gid=5');
  });
});

describe('rootfsPropagation()', () => {
  it.each([
    { propagations: ['PROPAGATION_PRIVATE'], expected: undefined },
    { propagations: ['PROPAGATION_PRIVATE', 'PROPAGATION_HOST_TO_CONTAINER'], expected: 'rslave' },
    { propagations: ['PROPAGATION_BIDIRECTIONAL', 'PROPAGATION_HOST_TO_CONTAINER'], expected: 'rshared' },
  ] as const)('is $expected for $propagations', ({ propagations, expected }) => {
    const requested = propagations.map((propagation) => ({ mount: mount({ propagation }), source: '/x' }));

    expect(rootfsPropagation(requested)).toBe(expected);
  });
});

describe('checkMount()', () => {
  it.each([
    { name: 'a plain mount', fields: {} },
    { name: 'recursive read-only', fields: { readonly: true, recursiveReadOnly: true } },
    { name: 'safe options', fields: { mountOptions: ['noexec', 'nodev', 'nosuid'] } },
    { name: 'an image', fields: { hostPath: '', readonly: true, image: IMAGE, imageSubPath: 'a' } },
    { name: 'an empty image message', fields: { image: { ...IMAGE, image: '' } } },
  ])('accepts $name', ({ fields }) => {
    expect(() => checkMount(mount(fields), FEATURES)).not.toThrow();
  });

  it.each([
    { fields: { containerPath: '' }, message: 'a mount of "/srv/data" has no container_path' },
    { fields: { hostPath: '' }, message: 'has no host_path' },
    { fields: { hostPath: 'rel' }, message: 'host_path "rel" is not absolute' },
    { fields: { image: IMAGE, readonly: true }, message: 'has both an image and host_path' },
    { fields: { image: IMAGE, hostPath: '' }, message: 'can only be mounted readonly' },
    { fields: { imageSubPath: 'a' }, message: 'has an image_sub_path but no image' },
    { fields: { recursiveReadOnly: true }, message: 'recursive_read_only needs readonly' },
    {
      fields: { recursiveReadOnly: true, readonly: true, propagation: 'PROPAGATION_BIDIRECTIONAL' as const },
      message: 'needs private propagation',
    },
    { fields: { mountOptions: ['suid'] }, message: 'option "suid" is not one of' },
  ])('refuses: $message', ({ fields, message }) => {
    expect(() => checkMount(mount(fields), FEATURES)).toThrow(message);
  });

  it('starts with RROUnsupported when the handler lacks recursive read-only', () => {
    const fields = { readonly: true, recursiveReadOnly: true };

    expect(() => checkMount(mount(fields), { ...FEATURES, recursiveReadOnlyMounts: false })).toThrow(/^RROUnsupported/);
  });

  it('refuses id mappings a handler would ignore', () => {
    const fields = { uidMappings: [{ hostId: 1, containerId: 0, length: 1 }] };

    expect(() => checkMount(mount(fields), FEATURES)).not.toThrow();
    expect(() => checkMount(mount(fields), { ...FEATURES, idMappedMounts: false })).toThrow('cannot map user ids');
  });
});

describe('checkPropagation()', () => {
  const entries = parseMountinfo(
    [
      '1 0 8:1 / / rw - ext4 /dev/sda rw',
      '2 1 8:2 / /shared rw shared:5 - ext4 /dev/sdb rw',
      '3 1 8:3 / /slave rw master:5 - ext4 /dev/sdc rw',
    ].join('\n'),
  );

  it.each([
    { propagation: 'PROPAGATION_PRIVATE', source: '/data', fine: true },
    { propagation: 'PROPAGATION_HOST_TO_CONTAINER', source: '/shared/x', fine: true },
    { propagation: 'PROPAGATION_HOST_TO_CONTAINER', source: '/slave', fine: true },
    { propagation: 'PROPAGATION_HOST_TO_CONTAINER', source: '/data', fine: false },
    { propagation: 'PROPAGATION_BIDIRECTIONAL', source: '/shared', fine: true },
    { propagation: 'PROPAGATION_BIDIRECTIONAL', source: '/slave', fine: false },
    { propagation: 'PROPAGATION_BIDIRECTIONAL', source: '/sharedish', fine: false },
  ] as const)('judges $propagation of $source: $fine', ({ propagation, source, fine }) => {
    const check = (): void => checkPropagation(mount({ propagation }), source, entries);

    if (fine) expect(check).not.toThrow();
    else expect(check).toThrow(`"${source}" is on mount`);
  });

  it('names the root when no mount is known', () => {
    expect(() => checkPropagation(mount({ propagation: 'PROPAGATION_BIDIRECTIONAL' }), '/a', [])).toThrow('mount "/"');
  });
});
