// The runtime handler a sandbox was made with, as it was then: a pod outlives its handler's configuration.
import { z } from 'zod';

export const HandlerSnapshot = z.strictObject({
  /** The configured name; never ''. */
  name: z.string(),
  kind: z.literal('oci'),
  /** Absolute path of the runtime binary. */
  path: z.string(),
  /** Global flags before the verb. */
  args: z.array(z.string()),
  /** Directory of the runtime's own state. */
  root: z.string(),
  /** Absolute path of conmon. */
  monitor: z.string(),
  systemdCgroup: z.boolean(),
  /** Milliseconds for one create. */
  createTimeoutMs: z.number(),
  /** Annotations that reach the runtime: patterns with `*`. */
  annotations: z.array(z.string()),
  privilegedWithoutHostDevices: z.boolean(),
  /** Absolute path of the profile behind RuntimeDefault; null: the built-in one. */
  seccompProfile: z.string().nullable(),
  /** The least memory limit a container may have; 0: any. */
  containerMinMemoryBytes: z.number(),
  features: z.strictObject({
    version: z.string(),
    source: z.enum(['reported', 'configured', 'unknown']),
    recursiveReadOnlyMounts: z.boolean(),
    userNamespaces: z.boolean(),
    sandboxProcess: z.boolean(),
  }),
});
export type HandlerSnapshot = z.infer<typeof HandlerSnapshot>;
