// What runtimes do not report of themselves: facts by the name in the first line of their `--version`, data only.
import type { PortForwardMode, RuntimeFeatures } from './driver.ts';
import { flagValue } from './go-flags.ts';

export type RuntimeTraits = Pick<
  RuntimeFeatures,
  | 'sandboxProcess'
  | 'containerCgroups'
  | 'portForward'
  | 'ownArgs'
  | 'hostNetworkArgs'
  | 'givesInputAway'
  | 'obeysPathRules'
  | 'selinux'
> &
  Partial<Pick<RuntimeFeatures, 'userNamespaces' | 'recursiveReadOnlyMounts'>>;

interface Known {
  /** Matched against the output of `--version`. */
  readonly banner: RegExp;
  readonly sandboxProcess: boolean;
  readonly containerCgroups: boolean;
  /** False where it reports user namespaces and cannot join one: the kernel refuses that to a process with threads. */
  readonly userNamespaces: boolean;
  /** The verb that reaches a port inside; a release without it leaves the pod's address. */
  readonly portForwardVerb: string;
  /** The values of `--network` with which the pod's network stack is the host's, in the pod's network namespace. */
  readonly hostStacks: readonly string[];
  /** The value of `--network` for a pod on the host's network: without a namespace of the pod's it is the host's own. */
  readonly hostNetwork: string;
  /** Flags to be given, of those that the release has. */
  readonly ownFlags: readonly string[];
  /** What is below a read-only mount is read-only too. */
  readonly recursiveReadOnlyMounts: boolean;
  readonly givesInputAway: boolean;
  readonly obeysPathRules: boolean;
  readonly selinux: RuntimeFeatures['selinux'];
}

const KNOWN: readonly Known[] = [
  {
    banner: /^runsc version /m,
    sandboxProcess: true,
    containerCgroups: false,
    userNamespaces: false,
    portForwardVerb: 'port-forward',
    hostStacks: ['host', 'none'],
    hostNetwork: 'host',
    // Filters would be passed over in silence, and programs with the set-user-id bit keep their user.
    ownFlags: ['oci-seccomp', 'allow-suid'],
    recursiveReadOnlyMounts: true,
    // Releases of 2022 do.
    givesInputAway: true,
    obeysPathRules: false,
    // It refuses a spec with a label.
    selinux: 'none',
  },
];

/** Whether `help` has to be asked for the traits of a runtime with this banner. */
export function hasOwnSandbox(banner: string): boolean {
  return KNOWN.some((known) => known.banner.test(banner));
}

/**
 * The traits of a runtime that is known by its name; undefined for others, whose containers are processes of the host.
 * @param banner the output of `--version`
 * @param help the output of `help` and `flags`, which list the verbs and flags; '' when it was not asked for
 * @param args the handler's global flags
 */
export function findTraits(banner: string, help: string, args: readonly string[]): RuntimeTraits | undefined {
  const known = KNOWN.find((each) => each.banner.test(banner));
  if (known === undefined) return undefined;
  const { sandboxProcess, containerCgroups, userNamespaces, recursiveReadOnlyMounts } = known;
  const { givesInputAway, obeysPathRules, selinux } = known;
  const network = flagValue(args, 'network');
  return {
    ...{ sandboxProcess, containerCgroups, userNamespaces, recursiveReadOnlyMounts },
    ...{ givesInputAway, obeysPathRules, selinux },
    ownArgs: known.ownFlags.filter((flag) => new RegExp(`^\\s+-${flag}$`, 'm').test(help)).map((flag) => `--${flag}`),
    portForward: portForwardMode(known, help, network),
    hostNetworkArgs: hostNetworkArgs(known, network),
  };
}

// Whoever chose a network for the handler did so for all of its pods.
function hostNetworkArgs({ hostNetwork }: Known, network: string | undefined): readonly string[] | null {
  if (network === hostNetwork) return [];
  return network === undefined ? [`--network=${hostNetwork}`] : null;
}

function portForwardMode(known: Known, help: string, network: string | undefined): PortForwardMode {
  if (network !== undefined && known.hostStacks.includes(network)) return 'netns';
  return new RegExp(`^\\s+${known.portForwardVerb}\\s`, 'm').test(help) ? 'driver' : 'pod-address';
}
