// What is remembered of a pod sandbox, and its states.
import { z } from 'zod';
import type { LinuxContainerResources } from '../gen/runtime/v1/LinuxContainerResources.ts';
import type { PodSandboxConfig } from '../gen/runtime/v1/PodSandboxConfig.ts';
import { HandlerSnapshot } from './handler-snapshot.ts';

const ProcessIdentity = z.strictObject({ pid: z.number(), startTicks: z.string() });

/** The pid and start time of a container's first process and of its monitor. */
export const RuntimeProcesses = z.strictObject({ init: ProcessIdentity, monitor: ProcessIdentity });

// The CRI message is stored as received; only what naming needs is checked again.
const StoredConfig = z
  .looseObject({ metadata: z.looseObject({ name: z.string(), namespace: z.string(), uid: z.string() }) })
  .transform((config) => config as unknown as PodSandboxConfig);

const StoredResources = z.looseObject({}).transform((value) => value as unknown as LinuxContainerResources);

/**
 * The states of a pod sandbox.
 *
 * ```
 *  creating ──► ready ──► not-ready ──► (removed)
 *      └──────────────────────▲
 * ```
 * `creating` is written before the first side effect. A record found in it at start was cut off and is undone.
 */
export const SandboxStatus = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('creating') }),
  z.strictObject({ phase: z.literal('ready') }),
  z.strictObject({ phase: z.literal('not-ready'), reason: z.string() }),
]);
export type SandboxStatus = z.infer<typeof SandboxStatus>;

export const SandboxRecord = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{64}$/),
  /** The handler's name as the RuntimeClass gave it; '' is the default handler. */
  runtimeHandler: z.string(),
  /** The resolved handler, kept so that a pod can be removed after its handler has gone from the configuration. */
  handler: HandlerSnapshot,
  config: StoredConfig,
  /** Nanoseconds since the epoch. */
  createdAt: z.string(),
  /** The boot during which it ran: after a reboot its processes and namespaces are gone. */
  bootId: z.string(),
  status: SandboxStatus,
  /** cgroupfs path of the pod, absolute; its containers live below it. */
  cgroupParent: z.string(),
  /** The pod's cgroup was made by us, so we remove it. */
  ownsCgroup: z.boolean(),
  /** Addresses, the primary first; empty with the node's network or none. */
  ips: z.array(z.string()),
  /** The network was asked for and has not been given back. */
  networkAttached: z.boolean(),
  /** The process that holds the pod's pid namespace or is the sandbox, where there is one. */
  pause: RuntimeProcesses.nullable(),
  /** Id of the image whose files that process has; null: crisol's own. */
  pauseImageId: z.string().nullable(),
  /** SELinux labels that its containers share; absent where the host has none, and in records from before there were any. */
  selinux: z.strictObject({ process: z.string(), mount: z.string() }).optional(),
  /** What the kubelet told after it resized the pod; null, as in records of versions that did not ask, when never. */
  updatedResources: z
    .strictObject({ overhead: StoredResources.nullable(), resources: StoredResources.nullable() })
    .nullable()
    .default(null),
});
export type SandboxRecord = z.infer<typeof SandboxRecord>;

/** The name no two sandboxes share. @see CRI PodSandboxMetadata */
export function sandboxName(config: PodSandboxConfig): string {
  const { name, namespace, uid, attempt } = config.metadata ?? { name: '', namespace: '', uid: '', attempt: 0 };
  return `${name}_${namespace}_${uid}_${attempt}`;
}
