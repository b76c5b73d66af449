// Which namespaces a pod has of its own, which it shares with the node, and where the pinned ones are.
import { invalidArgument } from '../errors.ts';
import type { PodSandboxConfig } from '../gen/runtime/v1/PodSandboxConfig.ts';
import type { NamespaceKind } from '../host/namespaces.ts';
import type { NamespaceChoices } from '../oci/namespaces.ts';
import { toIdMapping } from '../oci/mounts.ts';
import type { Layout } from './layout.ts';
import type { SandboxRecord } from './sandbox-record.ts';
import { userMappings } from './user-namespaces.ts';

/** The user namespace of a pod, and who is root in it. */
export interface PodOwner {
  /** Its pinned file. */
  readonly userns: string;
  /** Host ids. */
  readonly uid: number;
  readonly gid: number;
}

export interface NamespacePlan {
  /** Made and pinned for the pod. */
  readonly pinned: readonly NamespaceKind[];
  readonly hostNetwork: boolean;
  readonly hostIpc: boolean;
  /** The pod's containers share one pid namespace, which only a process can hold open. */
  readonly sharedPid: boolean;
}

/** @throws invalid-argument for modes the CRI does not allow in a pod */
export function planNamespaces(config: PodSandboxConfig): NamespacePlan {
  const options = config.linux?.securityContext?.namespaceOptions;
  const network = options?.network ?? 'POD';
  const ipc = options?.ipc ?? 'POD';
  const pid = options?.pid ?? 'POD';
  if (network !== 'POD' && network !== 'NODE') {
    throw invalidArgument(`network namespace mode ${network} is not for pods: use POD or NODE`);
  }
  if (ipc !== 'POD' && ipc !== 'NODE')
    throw invalidArgument(`ipc namespace mode ${ipc} is not for pods: use POD or NODE`);
  if (pid === 'TARGET') throw invalidArgument('pid namespace mode TARGET is for containers, not for pods');
  const hostNetwork = network === 'NODE';
  const hostIpc = ipc === 'NODE';
  return {
    // With the node's network the pod has the node's hostname, so it needs no UTS namespace of its own.
    pinned: [...(hostNetwork ? [] : (['net', 'uts'] as const)), ...(hostIpc ? [] : (['ipc'] as const))],
    hostNetwork,
    hostIpc,
    sharedPid: pid === 'POD',
  };
}

/** The path of a pod's network namespace; meaningless for a pod with the node's network. */
export function netnsPath(layout: Layout, sandboxId: string): string {
  return `${layout.namespaces(sandboxId)}/net`;
}

function usernsPath(layout: Layout, sandboxId: string): string {
  return `${layout.namespaces(sandboxId)}/user`;
}

/** The user namespace that the root file systems of a pod are made for, when it has one of its own. */
export function podOwner(layout: Layout, sandbox: Pick<SandboxRecord, 'id' | 'config'>): PodOwner | undefined {
  const user = userMappings(sandbox.config);
  if (user === undefined) return undefined;
  const [[uids], [gids]] = [user.uids, user.gids];
  return { userns: usernsPath(layout, sandbox.id), uid: uids.hostId, gid: gids.hostId };
}

/** The namespaces every container of the pod joins; the pid namespace is each container's own choice. */
export function podNamespaces(layout: Layout, sandbox: SandboxRecord): Omit<NamespaceChoices, 'pid'> {
  const plan = planNamespaces(sandbox.config);
  const directory = layout.namespaces(sandbox.id);
  const choice = (kind: NamespaceKind) => (plan.pinned.includes(kind) ? { path: `${directory}/${kind}` } : 'host');
  const user = userMappings(sandbox.config);
  return {
    network: choice('net'),
    uts: choice('uts'),
    ipc: choice('ipc'),
    user: user && {
      path: usernsPath(layout, sandbox.id),
      uidMappings: user.uids.map(toIdMapping),
      gidMappings: user.gids.map(toIdMapping),
    },
  };
}
