// Where the files are that every container of a pod is given, and the name its processes see.
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { PodSandboxConfig } from '../gen/runtime/v1/PodSandboxConfig.ts';
import type { Layout } from './layout.ts';
import { planNamespaces } from './pod-namespaces.ts';

/** Absolute paths on the host. */
export interface PodFiles {
  readonly resolvConf: string;
  readonly hosts: string;
  readonly hostname: string;
  /** The directory mounted at /dev/shm; the host's own with the node's ipc namespace. */
  readonly shm: string;
}

export function podFiles(
  layout: Layout,
  sandbox: { readonly id: string; readonly config: PodSandboxConfig },
): PodFiles {
  const directory = layout.sandboxFiles(sandbox.id);
  return {
    resolvConf: join(directory, 'resolv.conf'),
    hosts: join(directory, 'hosts'),
    hostname: join(directory, 'hostname'),
    shm: planNamespaces(sandbox.config).hostIpc ? '/dev/shm' : join(directory, 'shm'),
  };
}

/** The name a pod's processes see: its own, or the node's with the node's network. */
export function podHostname(config: PodSandboxConfig): string {
  return planNamespaces(config).hostNetwork || config.hostname === '' ? hostname() : config.hostname;
}
