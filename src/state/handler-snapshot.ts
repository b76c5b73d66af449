// The runtime handler a sandbox was made with, as it was then: a pod outlives its handler's configuration.
import { z } from 'zod';

const Shared = z.strictObject({
  /** The configured name; never ''. */
  name: z.string(),
  /** Absolute path of the runtime or shim binary. */
  path: z.string(),
  /** Directory of the runtime's own state. */
  root: z.string(),
  systemdCgroup: z.boolean(),
  /** Milliseconds for one create. */
  createTimeoutMs: z.number(),
  /** Annotations that reach the runtime: patterns with `*`. */
  annotations: z.array(z.string()),
  privilegedWithoutHostDevices: z.boolean(),
  /** Absolute path of the profile behind RuntimeDefault; null: the built-in one. */
  seccompProfile: z.string().nullable(),
  /** Absolute path of the base spec; null: none. Records from before there were any have none. */
  baseSpec: z.string().nullable().default(null),
  /** Absolute path of the directory with its pods' network; null: the node's. Older records have none. */
  cniConfDir: z.string().nullable().default(null),
  /** The least memory limit a container may have; 0: any. */
  containerMinMemoryBytes: z.number(),
  features: z.strictObject({
    version: z.string(),
    source: z.enum(['reported', 'configured', 'unknown']),
    recursiveReadOnlyMounts: z.boolean(),
    userNamespaces: z.boolean(),
    sandboxProcess: z.boolean(),
    // Absent in records of daemons whose runtimes all had them so.
    containerCgroups: z.boolean().default(true),
    portForward: z.enum(['netns', 'pod-address', 'driver']).default('netns'),
    ownArgs: z.array(z.string()).readonly().default([]),
    hostNetworkArgs: z.array(z.string()).readonly().nullable().default([]),
    givesInputAway: z.boolean().default(false),
    obeysPathRules: z.boolean().default(true),
    selinux: z.enum(['container', 'vm', 'none']).default('container'),
  }),
});

const OciSnapshot = Shared.extend({
  kind: z.literal('oci'),
  /** Global flags before the verb. */
  args: z.array(z.string()),
  /** Absolute path of conmon. */
  monitor: z.string(),
});

const ShimSnapshot = Shared.extend({
  kind: z.literal('shim-v2'),
  /** The OCI runtime below the shim, and the shim's configuration file; null: its own choice. */
  binary: z.string().nullable(),
  configPath: z.string().nullable(),
});

export const HandlerSnapshot = z.discriminatedUnion('kind', [OciSnapshot, ShimSnapshot]);
export type HandlerSnapshot = z.infer<typeof HandlerSnapshot>;
