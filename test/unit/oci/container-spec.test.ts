import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { buildContainerSpec } from '../../../src/oci/container-spec.ts';
import type { ContainerSpecInput } from '../../../src/oci/container-spec.ts';
import { buildPauseSpec } from '../../../src/oci/pause-spec.ts';
import type { Spec } from '../../../src/oci/types.ts';
import {
  HOST,
  container,
  mount,
  pauseInput,
  resources,
  sandbox,
  sandboxSecurity,
  security,
  specInput,
} from './configs.ts';

const RUNTIME_DEFAULT = { profileType: 'RuntimeDefault', localhostRef: '' } as const;
const NULL_DEVICE = { path: '/dev/fuse', type: 'c', major: 10, minor: 229, mode: 0o666, uid: 0, gid: 0 } as const;

function privileged(fields: Partial<ContainerSpecInput> = {}): ContainerSpecInput {
  return specInput({
    container: container({
      linux: {
        resources: null,
        securityContext: security({
          privileged: true,
          maskedPaths: ['/proc/kcore'],
          readonlyPaths: ['/proc/sys'],
          seccomp: RUNTIME_DEFAULT,
          apparmor: { profileType: 'Localhost', localhostRef: 'strict' },
        }),
      },
    }),
    sandbox: sandbox({
      linux: {
        cgroupParent: '/pods/one',
        securityContext: sandboxSecurity({ privileged: true }),
        sysctls: {},
        overhead: null,
        resources: null,
      },
    }),
    host: { ...HOST, hostDevices: [NULL_DEVICE] },
    ...fields,
  });
}

const RICH = specInput({
  container: container({
    command: ['/bin/sh', '-c'],
    args: ['sleep 1'],
    workingDir: '/work',
    envs: [{ key: 'LANG', value: Buffer.from('C.UTF-8') }],
    annotations: { 'dev.gvisor.x': 'y', secret: 'z' },
    tty: true,
    linux: {
      resources: resources({
        cpuShares: '512',
        cpuQuota: '50000',
        cpuPeriod: '100000',
        memoryLimitInBytes: '67108864',
        oomScoreAdj: '1000',
        hugepageLimits: [{ pageSize: '2MB', limit: '0' }],
        unified: { 'memory.high': '60000000' },
      }),
      securityContext: security({
        readonlyRootfs: true,
        noNewPrivs: true,
        capabilities: { addCapabilities: ['NET_ADMIN'], dropCapabilities: ['ALL'], addAmbientCapabilities: [] },
        maskedPaths: ['/proc/kcore'],
        readonlyPaths: ['/proc/sys'],
      }),
    },
  }),
  user: { uid: 1000, gid: 2000, additionalGids: [2000, 3000], username: 'web' },
  mounts: [
    { mount: mount({ containerPath: '/data/inner/deep' }), source: '/srv/deep' },
    { mount: mount({ containerPath: '/etc/hosts', readonly: true }), source: '/srv/hosts' },
    { mount: mount({ containerPath: '/data', propagation: 'PROPAGATION_HOST_TO_CONTAINER' }), source: '/srv/data' },
  ],
  devices: [{ device: NULL_DEVICE, access: 'rw' }],
  handler: { privilegedWithoutHostDevices: false, podAnnotations: [], containerAnnotations: ['dev.gvisor.*'] },
  defaults: { ulimits: [{ name: 'nofile', soft: 1024, hard: 4096 }], pidsLimit: 100, env: ['TZ=UTC'] },
});

const HOST_POD = specInput({
  namespaces: { network: 'host', ipc: 'host', uts: 'host', pid: 'host' },
  files: { resolvConf: undefined, hosts: undefined, hostname: undefined, shm: '/dev/shm' },
  hostname: 'node-1',
  host: { ...HOST, cgroupVersion: 'hybrid', canLowerOomScore: false, ownOomScoreAdj: 10 },
});

const USER_NAMESPACE = specInput({
  namespaces: {
    ...specInput().namespaces,
    user: {
      path: '/run/crisol/pods/one/user',
      uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
      gidMappings: [{ containerID: 0, hostID: 100000, size: 1 }],
    },
  },
});

describe('buildContainerSpec()', () => {
  it.each([
    { name: 'minimal', spec: (): Spec => buildContainerSpec(specInput()) },
    { name: 'rich', spec: (): Spec => buildContainerSpec(RICH) },
    { name: 'privileged', spec: (): Spec => buildContainerSpec(privileged()) },
    { name: 'host-pod', spec: (): Spec => buildContainerSpec(HOST_POD) },
    { name: 'user-namespace', spec: (): Spec => buildContainerSpec(USER_NAMESPACE) },
    { name: 'pause', spec: (): Spec => buildPauseSpec(pauseInput()) },
  ])('writes the golden config.json "$name"', ({ name, spec }) => {
    const golden: unknown = JSON.parse(readFileSync(`test/fixtures/oci/${name}.json`, 'utf8'));

    expect(JSON.parse(JSON.stringify(spec()))).toEqual(golden);
  });

  it('refuses a privileged container in a sandbox that is not', () => {
    expect(() => buildContainerSpec(privileged({ sandbox: sandbox() }))).toThrow('no privileged container allowed');
  });
});
