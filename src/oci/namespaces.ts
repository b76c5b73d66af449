// Which namespaces a container makes, joins, or shares with the host.
import { invalidArgument } from '../errors.ts';
import type { IdMapping, Linux, NamespaceType } from './types.ts';

/** `new`: made for this container; `host`: none; else the path of one that exists. */
export type NamespaceChoice = 'new' | 'host' | { readonly path: string };

export interface UserNamespaceChoice {
  readonly path: string;
  readonly uidMappings: readonly IdMapping[];
  readonly gidMappings: readonly IdMapping[];
}

export interface NamespaceChoices {
  readonly network: NamespaceChoice;
  readonly ipc: NamespaceChoice;
  readonly uts: NamespaceChoice;
  readonly pid: NamespaceChoice;
  /** The pod's user namespace, when it has one. */
  readonly user?: UserNamespaceChoice | undefined;
}

interface CgroupVisibility {
  readonly cgroupVersion: 'v1' | 'v2' | 'hybrid';
  readonly privileged: boolean;
}

/**
 * `linux.namespaces`. On cgroup v2 a container sees its own cgroup as the root, unless it is privileged; on v1 that is
 * left as Docker and containerd have it, since programs there look for the host's paths.
 */
export function specNamespaces(
  choices: NamespaceChoices,
  { cgroupVersion, privileged }: CgroupVisibility,
): Linux['namespaces'] {
  const { pid, network, ipc, uts, user } = choices;
  const chosen: { type: NamespaceType; choice: NamespaceChoice }[] = [
    { type: 'pid', choice: pid },
    { type: 'network', choice: network },
    { type: 'ipc', choice: ipc },
    { type: 'uts', choice: uts },
    { type: 'mount', choice: 'new' },
    { type: 'user', choice: user ?? 'host' },
    { type: 'cgroup', choice: cgroupVersion === 'v2' && !privileged ? 'new' : 'host' },
  ];
  return chosen.flatMap<Linux['namespaces'][number]>(({ type, choice }) => {
    if (choice === 'host') return [];
    if (choice === 'new') return [{ type }];
    if (!choice.path.startsWith('/')) throw invalidArgument(`namespace path "${choice.path}" is not absolute`);
    return [{ type, path: choice.path }];
  });
}
