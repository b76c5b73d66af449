// The config.json of a sandbox's own container: the init of a shared pid namespace, or the sandbox process of a VM-like
// runtime.
import type { PodSandboxConfig } from '../gen/runtime/v1/PodSandboxConfig.ts';
import { allowedAnnotations, identityAnnotations, sizingAnnotations } from './annotations.ts';
import { processArgs } from './args.ts';
import { processCapabilities } from './capabilities.ts';
import { podMounts, systemMounts } from './default-mounts.ts';
import type { SandboxFiles } from './default-mounts.ts';
import { deviceRules } from './devices.ts';
import { processEnv } from './env.ts';
import { specMounts } from './mounts.ts';
import { specNamespaces } from './namespaces.ts';
import type { NamespaceChoices } from './namespaces.ts';
import { clampOomScore } from './oom-score.ts';
import { requestedSeccomp, seccompFilter } from './seccomp/choose.ts';
import type { SeccompProfile } from './seccomp/profile.ts';
import type { ContainerLabels } from './selinux.ts';
import type { HandlerFacts, HostFacts } from './spec-input.ts';
import type { Linux, Process, Spec } from './types.ts';
import type { ResolvedUser } from './user.ts';

export interface PauseSpecInput {
  readonly sandbox: PodSandboxConfig;
  readonly sandboxId: string;
  /** Absolute. */
  readonly rootfsPath: string;
  readonly args: readonly string[];
  /** The pod's host name; written only into a UTS namespace made for this container. */
  readonly hostname: string;
  readonly namespaces: NamespaceChoices;
  readonly cgroupsPath: string;
  /** From `resolveUser` with the sandbox's security context. */
  readonly user: ResolvedUser;
  readonly files: SandboxFiles;
  /** For namespaces the runtime makes; pinned ones have them already. From `checkSysctls`. */
  readonly sysctls?: Readonly<Record<string, string>> | undefined;
  /** From `SeccompSource`. */
  readonly seccompProfile?: SeccompProfile | undefined;
  /** From `containerLabels`. */
  readonly selinux?: ContainerLabels | undefined;
  readonly host: HostFacts;
  readonly handler: Pick<HandlerFacts, 'podAnnotations'> & {
    /** The container is the sandbox, with a kernel of its own. */
    readonly sandboxProcess: boolean;
  };
}

// A pod dies with its pause container, so the kernel should choose it last; it needs next to no time of the CPU.
const OOM_SCORE = -998;
const CPU_SHARES = 2;

/**
 * The spec of the pause container: read-only rootfs, default capabilities, no devices of the host even for a privileged
 * sandbox, since it only waits.
 * @throws invalid-argument for a sandbox config that contradicts itself
 */
export function buildPauseSpec(input: PauseSpecInput): Spec {
  const { sandbox, sandboxId, namespaces, hostname } = input;
  const { name = '', namespace = '', uid = '' } = sandbox.metadata ?? {};
  return {
    ociVersion: '1.0.2',
    root: { path: input.rootfsPath, readonly: true },
    // A sandbox with a kernel of its own does not see the name in the namespace it is in.
    ...((namespaces.uts === 'new' || input.handler.sandboxProcess) && hostname !== '' && { hostname }),
    process: pauseProcess(input),
    mounts: specMounts({
      system: systemMounts({
        privileged: false,
        gidMappings: namespaces.user?.gidMappings,
        hostNetwork: namespaces.network === 'host',
        hostIpc: namespaces.ipc === 'host',
      }),
      pod: podMounts(input.files, true),
      requested: [],
    }),
    annotations: {
      ...allowedAnnotations({ annotations: sandbox.annotations, allowed: input.handler.podAnnotations }),
      ...sizingAnnotations(sandbox.linux?.resources ?? null),
      ...identityAnnotations({
        sandboxId,
        sandbox: { name, namespace, uid, logDirectory: sandbox.logDirectory },
        container: undefined,
      }),
    },
    linux: pauseLinux(input),
  };
}

function pauseProcess({ user, args, hostname, selinux, host }: PauseSpecInput): Process {
  return {
    terminal: false,
    user: { uid: user.uid, gid: user.gid, additionalGids: [...user.additionalGids] },
    args: processArgs({ command: args, args: [] }, { entrypoint: [], cmd: [] }),
    env: processEnv({ tty: false, hostname, defaults: [], image: [], pod: [] }),
    cwd: '/',
    capabilities: defaultCapabilities(host),
    noNewPrivileges: true,
    oomScoreAdj: clampOomScore(OOM_SCORE, host).value,
    ...(selinux?.process !== undefined && { selinuxLabel: selinux.process }),
  };
}

function defaultCapabilities({ boundingCapabilities }: HostFacts) {
  return processCapabilities({ request: null, privileged: false, bounding: boundingCapabilities });
}

function pauseLinux(input: PauseSpecInput): Linux {
  const { sandbox, namespaces, selinux, host, sysctls } = input;
  const { user } = namespaces;
  const security = sandbox.linux?.securityContext ?? null;
  const seccomp = seccompFilter(requestedSeccomp(security), input.seccompProfile, {
    arch: host.arch,
    kernelRelease: host.kernelRelease,
    capabilities: defaultCapabilities(host).bounding,
  });
  return {
    namespaces: specNamespaces(namespaces, { cgroupVersion: host.cgroupVersion, privileged: false }),
    ...(user && { uidMappings: [...user.uidMappings], gidMappings: [...user.gidMappings] }),
    cgroupsPath: input.cgroupsPath,
    resources: {
      devices: deviceRules({ grants: [], allHostDevices: false, hostDevices: [] }),
      cpu: { shares: CPU_SHARES },
    },
    ...(seccomp && { seccomp }),
    ...(sysctls && Object.keys(sysctls).length > 0 && { sysctl: { ...sysctls } }),
    maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
    readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    ...(selinux && { mountLabel: selinux.mount }),
  };
}
