// The config.json of a container: one literal in the order of the file, each field made by a function of its own.
import { invalidArgument } from '../errors.ts';
import type { ContainerConfig } from '../gen/runtime/v1/ContainerConfig.ts';
import type { LinuxContainerSecurityContext } from '../gen/runtime/v1/LinuxContainerSecurityContext.ts';
import type { PodSandboxConfig } from '../gen/runtime/v1/PodSandboxConfig.ts';
import { allowedAnnotations, identityAnnotations } from './annotations.ts';
import { apparmorProfile } from './apparmor.ts';
import { processArgs } from './args.ts';
import { processCapabilities } from './capabilities.ts';
import { podMounts, systemMounts } from './default-mounts.ts';
import type { SandboxFiles } from './default-mounts.ts';
import { deviceNodes, deviceRules } from './devices.ts';
import type { DeviceGrant } from './devices.ts';
import { processEnv } from './env.ts';
import { rootfsPropagation, specMounts } from './mounts.ts';
import type { ResolvedMount } from './mounts.ts';
import { specNamespaces } from './namespaces.ts';
import type { NamespaceChoices } from './namespaces.ts';
import { clampOomScore } from './oom-score.ts';
import { toResources } from './resources.ts';
import { processRlimits } from './rlimits.ts';
import { requestedSeccomp, seccompFilter } from './seccomp/choose.ts';
import type { SeccompProfile } from './seccomp/profile.ts';
import type { ContainerLabels } from './selinux.ts';
import type { HandlerFacts, HostFacts, SpecDefaults } from './spec-input.ts';
import type { Linux, Process, Spec } from './types.ts';
import type { ResolvedUser } from './user.ts';

/** The parts of an image's config a container inherits; empty where the image says nothing. */
export interface ImageDefaults {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  readonly workingDir: string;
}

export interface ContainerSpecInput {
  readonly container: ContainerConfig;
  readonly sandbox: PodSandboxConfig;
  readonly sandboxId: string;
  readonly image: ImageDefaults;
  /** Absolute; mounted before the runtime reads the spec. */
  readonly rootfsPath: string;
  /** From `resolveUser`. */
  readonly user: ResolvedUser;
  /** What the container sees as its host name; '' leaves HOSTNAME unset. */
  readonly hostname: string;
  readonly namespaces: NamespaceChoices;
  /** From `CgroupHost.containerPath`. */
  readonly cgroupsPath: string;
  readonly files: SandboxFiles;
  readonly mounts: readonly ResolvedMount[];
  /** From `grantDevice`, for each device of the container. */
  readonly devices: readonly DeviceGrant[];
  /** From `SeccompSource`. */
  readonly seccompProfile?: SeccompProfile | undefined;
  /** From `containerLabels`. */
  readonly selinux?: ContainerLabels | undefined;
  readonly host: HostFacts;
  readonly handler: HandlerFacts;
  readonly defaults: SpecDefaults;
}

/**
 * The spec a runtime runs. Does no IO; the same input gives the same spec.
 * @throws invalid-argument for a config that contradicts itself, its pod, or the host
 */
export function buildContainerSpec(input: ContainerSpecInput): Spec {
  const security = input.container.linux?.securityContext ?? null;
  checkPrivilege(security, input.sandbox);
  const readonlyRootfs = security?.readonlyRootfs ?? false;
  return {
    ociVersion: '1.0.2',
    root: { path: input.rootfsPath, readonly: readonlyRootfs },
    // A joined UTS namespace already has the pod's name, and writing it again would undo later changes.
    ...(input.namespaces.uts === 'new' && input.hostname !== '' && { hostname: input.hostname }),
    process: specProcess(input, security),
    mounts: specMounts({
      system: systemMounts({
        privileged: security?.privileged ?? false,
        gidMappings: input.namespaces.user?.gidMappings,
        hostNetwork: input.namespaces.network === 'host',
        hostIpc: input.namespaces.ipc === 'host',
      }),
      pod: podMounts(input.files, readonlyRootfs),
      requested: input.mounts,
    }),
    annotations: specAnnotations(input),
    linux: specLinux(input, security),
  };
}

function checkPrivilege(security: LinuxContainerSecurityContext | null, sandbox: PodSandboxConfig): void {
  if (security?.privileged === true && sandbox.linux?.securityContext?.privileged !== true) {
    throw invalidArgument('no privileged container allowed in a sandbox that is not privileged');
  }
}

function specProcess(input: ContainerSpecInput, security: LinuxContainerSecurityContext | null): Process {
  const { container, image, user, selinux, host, defaults } = input;
  const rlimits = processRlimits(defaults.ulimits);
  const apparmor = apparmorProfile(security, host);
  return {
    terminal: container.tty,
    user: { uid: user.uid, gid: user.gid, additionalGids: [...user.additionalGids] },
    args: processArgs(container, image),
    env: processEnv({
      tty: container.tty,
      hostname: input.hostname,
      defaults: defaults.env,
      image: image.env,
      pod: container.envs,
    }),
    cwd: container.workingDir || image.workingDir || '/',
    capabilities: capabilities(input, security),
    ...(rlimits.length > 0 && { rlimits }),
    noNewPrivileges: security?.noNewPrivs ?? false,
    ...(apparmor !== undefined && { apparmorProfile: apparmor }),
    oomScoreAdj: clampOomScore(Number(container.linux?.resources?.oomScoreAdj ?? 0), host).value,
    ...(selinux?.process !== undefined && { selinuxLabel: selinux.process }),
  };
}

function capabilities({ host }: ContainerSpecInput, security: LinuxContainerSecurityContext | null) {
  return processCapabilities({
    request: security?.capabilities ?? null,
    privileged: security?.privileged ?? false,
    bounding: host.boundingCapabilities,
  });
}

function specAnnotations({ container, sandbox, sandboxId, handler }: ContainerSpecInput): Record<string, string> {
  const { name = '', namespace = '', uid = '' } = sandbox.metadata ?? {};
  const { userSpecifiedImage = '', image = '' } = container.image ?? {};
  return {
    ...allowedAnnotations({ annotations: sandbox.annotations, allowed: handler.podAnnotations }),
    ...allowedAnnotations({ annotations: container.annotations, allowed: handler.containerAnnotations }),
    ...identityAnnotations({
      sandboxId,
      sandbox: { name, namespace, uid, logDirectory: sandbox.logDirectory },
      container: { name: container.metadata?.name ?? '', imageName: userSpecifiedImage || image },
    }),
  };
}

function specLinux(input: ContainerSpecInput, security: LinuxContainerSecurityContext | null): Linux {
  const { container, namespaces, selinux, host, handler, defaults } = input;
  const privileged = security?.privileged ?? false;
  const { user } = namespaces;
  const devices = {
    grants: input.devices,
    allHostDevices: privileged && !handler.privilegedWithoutHostDevices,
    hostDevices: host.hostDevices,
  };
  const nodes = deviceNodes(devices);
  const limits = container.linux?.resources;
  const propagation = rootfsPropagation(input.mounts);
  const seccomp = seccompFilter(requestedSeccomp(security), input.seccompProfile, {
    arch: host.arch,
    kernelRelease: host.kernelRelease,
    capabilities: capabilities(input, security).bounding,
  });
  return {
    namespaces: specNamespaces(namespaces, { cgroupVersion: host.cgroupVersion, privileged }),
    ...(user && { uidMappings: [...user.uidMappings], gidMappings: [...user.gidMappings] }),
    ...(nodes.length > 0 && { devices: nodes }),
    cgroupsPath: input.cgroupsPath,
    resources: {
      devices: deviceRules(devices),
      ...(limits && toResources(limits, host)),
      ...(defaults.pidsLimit !== undefined && defaults.pidsLimit > 0 && { pids: { limit: defaults.pidsLimit } }),
    },
    ...(propagation !== undefined && { rootfsPropagation: propagation }),
    ...(seccomp && { seccomp }),
    maskedPaths: privileged ? [] : (security?.maskedPaths ?? []),
    readonlyPaths: privileged ? [] : (security?.readonlyPaths ?? []),
    ...(selinux && { mountLabel: selinux.mount }),
  };
}
