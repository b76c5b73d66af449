// What is known of shims and cannot be asked, by the name of the binary: data only.
import { basename } from 'node:path';
import type { SelinuxKind } from '../../oci/selinux.ts';
import type { PortForwardMode } from '../driver.ts';

export interface ShimTraits {
  /** The sandbox is a process (a VMM, a sentry) of its own, so the pod's first task must be it. */
  readonly sandboxProcess: boolean;
  /**
   * The tasks of a pod share the shim that was started in the pod's name; otherwise the shim is started for every task
   * and says itself at which address the task is served.
   */
  readonly onePerPod: boolean;
  /** The pids it tells are those of the processes themselves, on this host. */
  readonly hostPids: boolean;
  readonly containerCgroups: boolean;
  readonly portForward: PortForwardMode;
  /** It can have a pod on the host's network. */
  readonly hostNetwork: boolean;
  readonly obeysPathRules: boolean;
  readonly selinux: SelinuxKind;
  /** What is below a read-only mount is read-only too; where it depends on the runtime below the shim, that is asked. */
  readonly recursiveReadOnlyMounts?: true;
  /** Which message the options of a task are. */
  readonly options: 'runc' | 'config-path';
  /** Device files of the host that it cannot do without. */
  readonly devices: readonly string[];
  /** Goes with `config-path`: what kind of configuration that is, where the shim asks for it. */
  readonly configType: string;
}

const KNOWN: readonly { readonly name: RegExp; readonly traits: ShimTraits }[] = [
  {
    name: /^containerd-shim-runc-v\d+$/,
    traits: {
      sandboxProcess: false,
      onePerPod: true,
      hostPids: true,
      containerCgroups: true,
      portForward: 'netns',
      hostNetwork: true,
      obeysPathRules: true,
      selinux: 'container',
      options: 'runc',
      configType: '',
      devices: [],
    },
  },
  {
    name: /^containerd-shim-runsc-v\d+$/,
    traits: {
      sandboxProcess: true,
      onePerPod: false,
      hostPids: false,
      containerCgroups: false,
      portForward: 'pod-address',
      hostNetwork: false,
      obeysPathRules: false,
      selinux: 'none',
      recursiveReadOnlyMounts: true,
      options: 'config-path',
      configType: 'io.containerd.runsc.v1.options',
      devices: [],
    },
  },
  {
    name: /^containerd-shim-kata(-[a-z]+)?-v\d+$/,
    traits: {
      sandboxProcess: true,
      onePerPod: false,
      hostPids: false,
      containerCgroups: false,
      portForward: 'pod-address',
      hostNetwork: false,
      obeysPathRules: true,
      selinux: 'vm',
      options: 'config-path',
      configType: '',
      devices: ['/dev/kvm', '/dev/vhost-vsock'],
    },
  },
];

/** Shims that nobody told us of: a pod whose first task is the sandbox is right for every shim. */
const OTHERS: ShimTraits = {
  sandboxProcess: true,
  onePerPod: false,
  hostPids: false,
  containerCgroups: false,
  portForward: 'pod-address',
  hostNetwork: true,
  obeysPathRules: true,
  selinux: 'container',
  options: 'config-path',
  configType: '',
  devices: [],
};

export function shimTraits(path: string): ShimTraits {
  return KNOWN.find(({ name }) => name.test(basename(path)))?.traits ?? OTHERS;
}
