import { describe, expect, it } from '@jest/globals';
import { allowedAnnotations } from '../../../src/oci/annotations.ts';
import { apparmorProfile } from '../../../src/oci/apparmor.ts';
import { buildContainerSpec } from '../../../src/oci/container-spec.ts';
import { deviceNodes, deviceRules, grantDevice } from '../../../src/oci/devices.ts';
import type { HostDevice } from '../../../src/oci/devices.ts';
import { specNamespaces } from '../../../src/oci/namespaces.ts';
import { buildPauseSpec } from '../../../src/oci/pause-spec.ts';
import { checkSysctls } from '../../../src/oci/sysctl.ts';
import { HOST, container, pauseInput, sandbox, sandboxSecurity, security, specInput } from './configs.ts';

const localhost = (localhostRef: string) => ({ profileType: 'Localhost', localhostRef }) as const;
const RUNTIME_DEFAULT = { profileType: 'RuntimeDefault', localhostRef: '' } as const;

describe('checkSysctls()', () => {
  const own = { podNet: true, podIpc: true };
  const DEFAULTS = { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' };

  it.each([
    { name: 'nothing', sysctls: {}, expected: DEFAULTS },
    { name: 'net', sysctls: { 'net.core.somaxconn': '9' }, expected: { ...DEFAULTS, 'net.core.somaxconn': '9' } },
    {
      name: 'a default',
      sysctls: { 'net/ipv4/ip_unprivileged_port_start': '1024' },
      expected: { ...DEFAULTS, 'net.ipv4.ip_unprivileged_port_start': '1024' },
    },
    {
      name: 'a name with dots in parts',
      sysctls: { 'net/ipv4/conf/eth0.1/arp_ignore': '1' },
      expected: { ...DEFAULTS, 'net.ipv4.conf.eth0/1.arp_ignore': '1' },
    },
    {
      name: 'ipc',
      sysctls: { 'kernel.shmmax': '1', 'fs.mqueue.msg_max': '2', 'kernel.sem': '1 2 3 4' },
      expected: { ...DEFAULTS, 'kernel.shmmax': '1', 'fs.mqueue.msg_max': '2', 'kernel.sem': '1 2 3 4' },
    },
  ])('accepts $name', ({ sysctls, expected }) => {
    expect(checkSysctls(sysctls, own)).toEqual(expected);
  });

  it('adds no default on the host’s network', () => {
    expect(checkSysctls({ 'kernel.shmmax': '1' }, { podNet: false, podIpc: true })).toEqual({ 'kernel.shmmax': '1' });
  });

  it.each([
    { sysctl: 'vm.swappiness', namespaces: own, message: 'is not of a namespace' },
    { sysctl: 'kernel.hostname', namespaces: own, message: 'is not of a namespace' },
    { sysctl: 'kernel.shm_evil/../../x', namespaces: own, message: 'is not of a namespace' },
    { sysctl: 'net..x', namespaces: own, message: 'is not of a namespace' },
    { sysctl: '', namespaces: own, message: 'is not of a namespace' },
    { sysctl: 'net.a.b', namespaces: { podNet: false, podIpc: true }, message: 'needs a network namespace' },
    { sysctl: 'kernel.msgmax', namespaces: { podNet: true, podIpc: false }, message: 'needs an ipc namespace' },
  ])('refuses "$sysctl": $message', ({ sysctl, namespaces, message }) => {
    expect(() => checkSysctls({ [sysctl]: '1' }, namespaces)).toThrow(message);
  });
});

describe('apparmorProfile()', () => {
  const on = { apparmorEnabled: true, apparmorDefault: 'crisol-default' };
  const off = { apparmorEnabled: false };

  it.each([
    { fields: {}, facts: on, expected: 'crisol-default' },
    { fields: {}, facts: off, expected: undefined },
    { fields: { privileged: true }, facts: on, expected: undefined },
    { fields: { apparmor: RUNTIME_DEFAULT }, facts: on, expected: 'crisol-default' },
    { fields: { apparmor: RUNTIME_DEFAULT }, facts: { apparmorEnabled: true }, expected: undefined },
    { fields: { apparmor: RUNTIME_DEFAULT }, facts: off, expected: undefined },
    { fields: { apparmor: localhost('localhost/strict') }, facts: on, expected: 'strict' },
    { fields: { apparmorProfile: 'localhost/strict' }, facts: on, expected: 'strict' },
    { fields: { apparmorProfile: 'localhost/x', apparmor: RUNTIME_DEFAULT }, facts: on, expected: 'crisol-default' },
    { fields: { apparmorProfile: 'unconfined' }, facts: on, expected: undefined },
    { fields: { apparmor: localhost('x'), privileged: true }, facts: off, expected: undefined },
  ])('is $expected for %j', ({ fields, facts, expected }) => {
    expect(apparmorProfile(security(fields), facts)).toBe(expected);
  });

  it('refuses a named profile on a host without AppArmor', () => {
    expect(() => apparmorProfile(security({ apparmor: localhost('strict') }), off)).toThrow(
      'this host has no AppArmor',
    );
    expect(apparmorProfile(null, off)).toBeUndefined();
  });

  it('refuses a named profile that is not loaded, and leaves it to the runtime where nobody knows', () => {
    const named = security({ apparmor: localhost('strict') });

    expect(() => apparmorProfile(named, { ...on, isApparmorProfileLoaded: () => false })).toThrow(
      'profile "strict" is not loaded on this host: load it with apparmor_parser',
    );
    expect(apparmorProfile(named, { ...on, isApparmorProfileLoaded: () => undefined })).toBe('strict');
  });
});

describe('allowedAnnotations()', () => {
  it('copies what a pattern matches', () => {
    const annotations = { 'io.kata.a': '1', 'io.kata.b.c': '2', 'io-kata.x': '3', other: '4', 'x/y': '5' };

    const copied = allowedAnnotations({ annotations, allowed: ['io.kata.*', 'x?y'] });

    expect(copied).toEqual({ 'io.kata.a': '1', 'io.kata.b.c': '2', 'x/y': '5' });
    expect(allowedAnnotations({ annotations, allowed: [] })).toEqual({});
  });
});

describe('grantDevice()', () => {
  const node = (path: string): HostDevice => ({ path, type: 'c', major: 10, minor: 1, mode: 0o600, uid: 0, gid: 6 });

  it('renames one device and keeps its permissions', () => {
    const device = { hostPath: '/dev/link', containerPath: '/dev/x', permissions: 'rw' };

    expect(grantDevice(device, '/dev/real', [node('/dev/real')])).toEqual([{ device: node('/dev/x'), access: 'rw' }]);
  });

  it('expands a directory', () => {
    const device = { hostPath: '/dev/snd', containerPath: '', permissions: '' };

    const grants = grantDevice(device, '/dev/snd', [node('/dev/snd/a'), node('/dev/snd/by/b')]);

    expect(grants.map((grant) => [grant.device.path, grant.access])).toEqual([
      ['/dev/snd/a', 'rwm'],
      ['/dev/snd/by/b', 'rwm'],
    ]);
  });

  it.each([
    { permissions: 'rx', nodes: [node('/dev/a')], message: 'permissions "rx" may only hold' },
    { permissions: '', nodes: [], message: 'is no device and holds none' },
  ])('refuses: $message', ({ permissions, nodes, message }) => {
    expect(() => grantDevice({ hostPath: '/dev/a', containerPath: '', permissions }, '/dev/a', nodes)).toThrow(message);
  });

  it('adds fifos without a cgroup rule, and lets the pod’s own win over the host’s', () => {
    const fifo = { ...node('/dev/fifo'), type: 'p' } as const;
    const input = {
      grants: [
        { device: fifo, access: 'rwm' },
        { device: { ...node('/dev/a'), gid: 9 }, access: 'r' },
      ],
      allHostDevices: true,
      hostDevices: [node('/dev/a'), node('/dev/b')],
    };

    expect(deviceNodes(input).map(({ path, gid }) => [path, gid])).toEqual([
      ['/dev/a', 9],
      ['/dev/b', 6],
      ['/dev/fifo', 6],
    ]);
    expect(deviceNodes(input).at(-1)).toEqual({ type: 'p', path: '/dev/fifo', fileMode: 0o600, uid: 0, gid: 6 });
    expect(deviceRules(input)).toEqual([{ allow: true, access: 'rwm' }]);
    expect(deviceRules({ ...input, allHostDevices: false }).filter(({ type }) => type === 'p')).toEqual([]);
  });
});

describe('specNamespaces()', () => {
  it.each([
    { cgroupVersion: 'v2', privileged: false, own: true },
    { cgroupVersion: 'v2', privileged: true, own: false },
    { cgroupVersion: 'hybrid', privileged: false, own: false },
  ] as const)('makes a cgroup namespace: %j', ({ own, ...visibility }) => {
    const types = specNamespaces({ network: 'host', ipc: 'host', uts: 'host', pid: 'host' }, visibility);

    expect(types).toEqual(own ? [{ type: 'mount' }, { type: 'cgroup' }] : [{ type: 'mount' }]);
  });

  it('joins a target’s pid namespace, and refuses a relative path', () => {
    const pid = { path: '/proc/42/ns/pid' };
    const choices = { network: 'host', ipc: 'host', uts: 'host', pid } as const;
    const visibility = { cgroupVersion: 'v1', privileged: false } as const;

    expect(specNamespaces(choices, visibility)[0]).toEqual({ type: 'pid', path: '/proc/42/ns/pid' });
    expect(() => specNamespaces({ ...choices, pid: { path: 'ns/pid' } }, visibility)).toThrow('is not absolute');
  });
});

describe('buildContainerSpec()', () => {
  it('labels the process and the files of a container, and of a privileged one the files', () => {
    const labels = { mount: 'u:object_r:file_t:s0:c1,c2', relabels: true };
    const spec = buildContainerSpec(specInput({ selinux: { ...labels, process: 'u:r:t:s0:c1,c2' } }));
    const bare = buildContainerSpec(specInput({ selinux: labels }));

    expect(spec.process.selinuxLabel).toBe('u:r:t:s0:c1,c2');
    expect(spec.linux.mountLabel).toBe('u:object_r:file_t:s0:c1,c2');
    expect(bare.process).not.toHaveProperty('selinuxLabel');
    expect(bare.linux.mountLabel).toBe('u:object_r:file_t:s0:c1,c2');
    expect(buildContainerSpec(specInput()).linux).not.toHaveProperty('mountLabel');
  });

  it('labels a pause process and its files', () => {
    const spec = buildPauseSpec(pauseInput({ selinux: { process: 'u:r:t:s0', mount: 'u:r:f:s0', relabels: true } }));

    expect(spec.process.selinuxLabel).toBe('u:r:t:s0');
    expect(spec.linux.mountLabel).toBe('u:r:f:s0');
  });

  it('applies RuntimeDefault and an AppArmor profile', () => {
    const securityContext = security({ seccomp: RUNTIME_DEFAULT, apparmor: localhost('strict') });
    const config = container({ linux: { resources: null, securityContext } });

    const spec = buildContainerSpec(specInput({ container: config, host: { ...HOST, apparmorEnabled: true } }));

    expect(spec.process.apparmorProfile).toBe('strict');
    expect(spec.linux.seccomp?.syscalls?.some(({ names }) => names.includes('chroot'))).toBe(true);
  });

  it('works for a container without a linux part or metadata, and writes a new UTS namespace’s name', () => {
    const input = specInput({
      container: container({ linux: null, metadata: null, image: null }),
      sandbox: sandbox({ metadata: null }),
      namespaces: { network: 'new', ipc: 'new', uts: 'new', pid: 'new' },
    });

    const spec = buildContainerSpec(input);

    expect(spec.hostname).toBe('pod-one');
    expect(spec.process.noNewPrivileges).toBe(false);
    expect(spec.annotations['io.kubernetes.cri.sandbox-name']).toBe('');
  });
});

describe('buildPauseSpec()', () => {
  it('applies the sandbox’s seccomp, sysctls and annotations, and never privileges', () => {
    const securityContext = sandboxSecurity({ seccomp: RUNTIME_DEFAULT });
    const linux = { cgroupParent: '', securityContext, sysctls: {}, overhead: null, resources: null };

    const spec = buildPauseSpec(
      pauseInput({
        sandbox: sandbox({ linux, annotations: { 'dev.gvisor.a': '1', b: '2' }, metadata: null }),
        namespaces: {
          network: 'host',
          ipc: 'new',
          uts: 'new',
          pid: 'new',
          user: { path: '/u', uidMappings: [], gidMappings: [] },
        },
        sysctls: { 'net.core.somaxconn': '9' },
        handler: { podAnnotations: ['dev.gvisor.*'], sandboxProcess: false },
        host: { ...HOST, canLowerOomScore: false, ownOomScoreAdj: 5 },
      }),
    );

    expect(spec.hostname).toBe('pod-one');
    expect(spec.linux.sysctl).toEqual({ 'net.core.somaxconn': '9' });
    expect(spec.linux.seccomp).toBeDefined();
    expect(spec.annotations).toMatchObject({ 'dev.gvisor.a': '1', 'io.kubernetes.cri.container-type': 'sandbox' });
    expect(spec.process.oomScoreAdj).toBe(5);
  });

  it('names a sandbox with a kernel of its own, also in a namespace that has the name', () => {
    const namespaces = { ...pauseInput().namespaces, uts: { path: '/ns/uts' } };
    const hostnameOf = (sandboxProcess: boolean) =>
      buildPauseSpec(pauseInput({ namespaces, handler: { podAnnotations: [], sandboxProcess } })).hostname;

    expect(hostnameOf(true)).toBe('pod-one');
    expect(hostnameOf(false)).toBeUndefined();
  });
});
