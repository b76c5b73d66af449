// What the spec builders are told: facts of the host, of the handler, and the daemon's defaults.
import type { HostDevice } from './devices.ts';
import type { OomScoreFacts } from './oom-score.ts';
import type { ResourceFacts } from './resources.ts';
import type { Ulimit } from './rlimits.ts';
import type { Arch } from './seccomp/resolve.ts';
import type { SelinuxFacts } from './selinux.ts';

/** Read once at start; `hostDevices` when a privileged container is made. */
export interface HostFacts extends OomScoreFacts, ResourceFacts, SelinuxFacts {
  /** The daemon's bounding set, bit n for capability n: no container gets more. */
  readonly boundingCapabilities: bigint;
  readonly apparmorEnabled: boolean;
  /** A loaded AppArmor profile that RuntimeDefault means. */
  readonly apparmorDefault?: string | undefined;
  /** undefined: the kernel does not say. Asked when a container wants a profile by name. */
  readonly isApparmorProfileLoaded?: (name: string) => boolean | undefined;
  /** Whether the host has it; labels are given where `selinux` is there. */
  readonly selinuxEnabled: boolean;
  readonly arch: Arch;
  /** As uname prints it. */
  readonly kernelRelease: string;
  /** Devices a privileged container gets; without terminals, /dev/shm and the like. */
  readonly hostDevices: readonly HostDevice[];
}

/** From the config of the runtime handler. */
export interface HandlerFacts {
  /** Privileged containers get no devices of the host. */
  readonly privilegedWithoutHostDevices: boolean;
  /** Which annotations reach the runtime: patterns with `*`. */
  readonly podAnnotations: readonly string[];
  readonly containerAnnotations: readonly string[];
}

/** From the daemon's config. */
export interface SpecDefaults {
  readonly ulimits: readonly Ulimit[];
  /** Processes per container; undefined or -1: no limit. */
  readonly pidsLimit: number | undefined;
  /** `NAME=value` lines below the image's. */
  readonly env: readonly string[];
}
