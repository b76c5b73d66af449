// Complete CRI messages and spec inputs for tests: what the loader would give for an empty request.
import type { ContainerConfig } from '../../../src/gen/runtime/v1/ContainerConfig.ts';
import type { LinuxContainerResources } from '../../../src/gen/runtime/v1/LinuxContainerResources.ts';
import type { LinuxContainerSecurityContext } from '../../../src/gen/runtime/v1/LinuxContainerSecurityContext.ts';
import type { LinuxSandboxSecurityContext } from '../../../src/gen/runtime/v1/LinuxSandboxSecurityContext.ts';
import type { Mount } from '../../../src/gen/runtime/v1/Mount.ts';
import type { PodSandboxConfig } from '../../../src/gen/runtime/v1/PodSandboxConfig.ts';
import type { ContainerSpecInput } from '../../../src/oci/container-spec.ts';
import type { PauseSpecInput } from '../../../src/oci/pause-spec.ts';
import type { HostFacts } from '../../../src/oci/spec-input.ts';

export function resources(fields: Partial<LinuxContainerResources> = {}): LinuxContainerResources {
  return {
    cpuPeriod: '0',
    cpuQuota: '0',
    cpuShares: '0',
    memoryLimitInBytes: '0',
    oomScoreAdj: '0',
    cpusetCpus: '',
    cpusetMems: '',
    hugepageLimits: [],
    unified: {},
    memorySwapLimitInBytes: '0',
    ...fields,
  };
}

export function security(fields: Partial<LinuxContainerSecurityContext> = {}): LinuxContainerSecurityContext {
  return {
    capabilities: null,
    privileged: false,
    namespaceOptions: null,
    selinuxOptions: null,
    runAsUser: null,
    runAsUsername: '',
    readonlyRootfs: false,
    supplementalGroups: [],
    apparmorProfile: '',
    seccompProfilePath: '',
    noNewPrivs: false,
    runAsGroup: null,
    maskedPaths: [],
    readonlyPaths: [],
    seccomp: null,
    apparmor: null,
    supplementalGroupsPolicy: 'Merge',
    ...fields,
  };
}

export function sandboxSecurity(fields: Partial<LinuxSandboxSecurityContext> = {}): LinuxSandboxSecurityContext {
  return {
    namespaceOptions: null,
    selinuxOptions: null,
    runAsUser: null,
    readonlyRootfs: false,
    supplementalGroups: [],
    privileged: false,
    seccompProfilePath: '',
    runAsGroup: null,
    seccomp: null,
    apparmor: null,
    supplementalGroupsPolicy: 'Merge',
    ...fields,
  };
}

export function mount(fields: Partial<Mount> = {}): Mount {
  return {
    containerPath: '/data',
    hostPath: '/srv/data',
    readonly: false,
    selinuxRelabel: false,
    propagation: 'PROPAGATION_PRIVATE',
    uidMappings: [],
    gidMappings: [],
    recursiveReadOnly: false,
    image: null,
    imageSubPath: '',
    mountOptions: [],
    ...fields,
  };
}

export function container(fields: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    metadata: { name: 'web', attempt: 0 },
    image: {
      image: 'sha256:1111',
      annotations: {},
      userSpecifiedImage: 'example.com/web:1',
      runtimeHandler: '',
      imageRef: '',
    },
    command: [],
    args: [],
    workingDir: '',
    envs: [],
    mounts: [],
    devices: [],
    labels: {},
    annotations: {},
    logPath: '',
    stdin: false,
    stdinOnce: false,
    tty: false,
    linux: { resources: resources(), securityContext: security() },
    windows: null,
    CDIDevices: [],
    stopSignal: 'SIGNAL_RUNTIME_DEFAULT',
    ...fields,
  };
}

export function sandbox(fields: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  return {
    metadata: { name: 'pod', uid: 'u-1', namespace: 'ns', attempt: 0 },
    hostname: 'pod-one',
    logDirectory: '',
    dnsConfig: null,
    portMappings: [],
    labels: {},
    annotations: {},
    linux: {
      cgroupParent: '/pods/one',
      securityContext: sandboxSecurity(),
      sysctls: {},
      overhead: null,
      resources: null,
    },
    windows: null,
    ...fields,
  };
}

export const HOST: HostFacts = {
  boundingCapabilities: 0x1ffffffffffn,
  ownOomScoreAdj: 0,
  canLowerOomScore: true,
  cgroupVersion: 'v2',
  swapAccounting: true,
  hugetlb: true,
  apparmorEnabled: false,
  selinuxEnabled: false,
  arch: 'amd64',
  kernelRelease: '6.12.5',
  hostDevices: [],
};

const POD_NAMESPACES = {
  network: { path: '/run/crisol/pods/one/net' },
  ipc: { path: '/run/crisol/pods/one/ipc' },
  uts: { path: '/run/crisol/pods/one/uts' },
} as const;

const POD_FILES = {
  resolvConf: '/run/crisol/pods/one/resolv.conf',
  hosts: '/run/crisol/pods/one/hosts',
  hostname: '/run/crisol/pods/one/hostname',
  shm: '/run/crisol/pods/one/shm',
};

export function specInput(fields: Partial<ContainerSpecInput> = {}): ContainerSpecInput {
  return {
    container: container(),
    sandbox: sandbox(),
    sandboxId: 's'.repeat(64),
    image: { entrypoint: ['/bin/web'], cmd: ['--listen', ':80'], env: ['LANG=C'], workingDir: '' },
    rootfsPath: '/run/crisol/containers/web/rootfs',
    user: { uid: 0, gid: 0, additionalGids: [0], username: 'root' },
    hostname: 'pod-one',
    namespaces: { ...POD_NAMESPACES, pid: 'new' },
    cgroupsPath: '/pods/one/web',
    files: POD_FILES,
    mounts: [],
    devices: [],
    host: HOST,
    handler: { privilegedWithoutHostDevices: false, podAnnotations: [], containerAnnotations: [] },
    defaults: { ulimits: [], pidsLimit: undefined, env: [] },
    ...fields,
  };
}

export function pauseInput(fields: Partial<PauseSpecInput> = {}): PauseSpecInput {
  return {
    sandbox: sandbox(),
    sandboxId: 's'.repeat(64),
    rootfsPath: '/usr/lib/crisol/pause',
    args: ['/pause'],
    hostname: 'pod-one',
    namespaces: { ...POD_NAMESPACES, pid: 'new' },
    cgroupsPath: '/pods/one/pause',
    user: { uid: 65535, gid: 65535, additionalGids: [65535], username: '' },
    files: POD_FILES,
    host: HOST,
    handler: { podAnnotations: [], sandboxProcess: false },
    ...fields,
  };
}
