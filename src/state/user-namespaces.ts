// Which user namespace a pod has: what the CRI allows, and how the parts of a pod see it.
import { invalidArgument } from '../errors.ts';
import type { IDMapping } from '../gen/runtime/v1/IDMapping.ts';
import type { PodSandboxConfig } from '../gen/runtime/v1/PodSandboxConfig.ts';
import type { UserNamespace } from '../gen/runtime/v1/UserNamespace.ts';

/** The mappings of a pod's own user namespace. */
export interface UserMappings {
  readonly uids: readonly [IDMapping];
  readonly gids: readonly [IDMapping];
}

const MAX_ID = 0xffffffff;

/**
 * What a pod asks for; undefined for the node's user namespace.
 * @throws invalid-argument for a mode or mapping the CRI does not allow @see CRI UserNamespace
 */
export function userMappings(config: PodSandboxConfig): UserMappings | undefined {
  return mappingsOf(config.linux?.securityContext?.namespaceOptions?.usernsOptions ?? null);
}

function mappingsOf(options: UserNamespace | null): UserMappings | undefined {
  if (options === null || options.mode === 'NODE') return undefined;
  if (options.mode !== 'POD') {
    throw invalidArgument(`user namespace mode ${options.mode} is not allowed: use POD or NODE`);
  }
  return { uids: oneMapping('uid', options.uids), gids: oneMapping('gid', options.gids) };
}

function oneMapping(what: string, [mapping, ...more]: readonly IDMapping[]): readonly [IDMapping] {
  if (mapping === undefined || more.length > 0) {
    throw invalidArgument(`a user namespace needs exactly one ${what} mapping`);
  }
  const { containerId, hostId, length } = mapping;
  if (containerId !== 0) throw invalidArgument(`the ${what} mapping does not map id 0 of the container`);
  if (length === 0 || hostId + length > MAX_ID) {
    throw invalidArgument(`the ${what} mapping of ${length} ids from ${hostId} on is empty or out of range`);
  }
  return [mapping];
}

/**
 * Checks that a container asks for the user namespace of its pod.
 * @throws invalid-argument when it asks for another
 */
export function checkSameUserNamespace(pod: PodSandboxConfig, container: UserNamespace | null): void {
  const [own, asked] = [userMappings(pod), mappingsOf(container)];
  if (JSON.stringify(own) === JSON.stringify(asked)) return;
  throw invalidArgument('the user namespace options of the container differ from those of its pod sandbox');
}
