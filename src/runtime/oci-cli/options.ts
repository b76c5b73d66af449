// What is needed to drive one OCI runtime binary.
import type { Spec } from '../../oci/types.ts';

/** Milliseconds each call may take before its process is killed. */
export interface RuntimeTimeouts {
  readonly createMs: number;
  readonly startMs: number;
  /** kill, state and update. */
  readonly controlMs: number;
  readonly deleteMs: number;
}

export const DEFAULT_TIMEOUTS: RuntimeTimeouts = {
  createMs: 60_000,
  startMs: 30_000,
  controlMs: 15_000,
  deleteMs: 30_000,
};

/** One OCI runtime binary and how this handler wants it called. */
export interface OciRuntime {
  /** The handler's name, for messages. */
  readonly handler: string;
  /** Absolute path of the binary. */
  readonly path: string;
  /** Global flags, before the verb. */
  readonly args: readonly string[];
  /** Further ones for the containers of a pod on the host's network. */
  readonly hostNetworkArgs: readonly string[];
  /** Directory in which the runtime keeps its state. */
  readonly root: string;
  readonly systemdCgroup: boolean;
  /** A pod's later containers, and all programs in containers, run inside the sandbox's process. */
  readonly sandboxProcess: boolean;
  /** It makes the container's standard input its user's, also where that is the host's /dev/null. */
  readonly givesInputAway: boolean;
  /** The whole environment of the runtime and its monitors. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeouts: RuntimeTimeouts;
}

/** The arguments that come before every verb. */
export function globalArgs(runtime: OciRuntime): string[] {
  return [...runtime.args, '--root', runtime.root, ...(runtime.systemdCgroup ? ['--systemd-cgroup'] : [])];
}

/** The runtime as the containers of a spec want it called that decides on its network: to be created, and to be started. */
export function forNetworkOf(runtime: OciRuntime, { linux }: Pick<Spec, 'linux'>): OciRuntime {
  if (linux.namespaces.some(({ type }) => type === 'network')) return runtime;
  return { ...runtime, args: [...runtime.args, ...runtime.hostNetworkArgs] };
}
