// Config: the whole tree, as the rest of the daemon sees it.
import { CRI_FIELDS, type CriConfig } from './cri.ts';
import { DAEMON_FIELDS, type DaemonKeys } from './daemon-keys.ts';
import type { Fields } from './field.ts';
import { IMAGE_LIMITS_FIELDS, type ImageLimitsConfig } from './image-limits.ts';
import { IMAGE_POLICY_FIELDS, type ImagePolicyConfig } from './image-policy.ts';
import { IMAGES_FIELDS, type ImagesConfig } from './images.ts';
import { MONITOR_FIELDS, type MonitorConfig } from './monitor.ts';
import { NETWORK_FIELDS, type NetworkConfig } from './network.ts';
import type { RuntimeHandlerConfig } from './runtime-handler.ts';
import { STREAMING_FIELDS, type StreamingConfig } from './streaming.ts';

/** Values are checked and complete: nothing below has to check or default them again. */
export interface Config extends DaemonKeys {
  readonly version: 1;
  /** Everything lies below one directory and pods get the embedded network. */
  readonly standalone: boolean;
  readonly cri: CriConfig;
  /** By handler name; holds `cri.defaultRuntime`. */
  readonly runtimes: Readonly<Record<string, RuntimeHandlerConfig>>;
  readonly images: ImagesConfig & { readonly limits: ImageLimitsConfig; readonly policy: ImagePolicyConfig };
  readonly network: NetworkConfig;
  readonly streaming: StreamingConfig;
  readonly monitor: MonitorConfig;
}

/** The tables with fixed keys, in the order in which they are printed. */
export const SECTIONS = {
  cri: { doc: 'The socket of the CRI, and defaults of pods and containers.', fields: CRI_FIELDS },
  images: { doc: 'Registries, credentials and pulls.', fields: IMAGES_FIELDS },
  'images.limits': { doc: 'What one image may cost, against decompression bombs.', fields: IMAGE_LIMITS_FIELDS },
  'images.policy': { doc: 'Which images are accepted, by where they come from.', fields: IMAGE_POLICY_FIELDS },
  network: { doc: 'CNI.', fields: NETWORK_FIELDS },
  streaming: { doc: 'The server behind exec, attach and port-forward.', fields: STREAMING_FIELDS },
  monitor: { doc: 'The supervisor of containers of kind "oci".', fields: MONITOR_FIELDS },
} as const satisfies Record<string, { readonly doc: string; readonly fields: Fields }>;

/** The dotted name of a key by this name in any fixed table, for people who put it into the wrong one. */
export function keyElsewhere(key: string): string | undefined {
  const isKey = (fields: Fields): boolean => Object.values(fields).some((field) => field.key === key);
  if (isKey(DAEMON_FIELDS)) return key;
  const section = Object.entries(SECTIONS).find(([, { fields }]) => isKey(fields));
  return section === undefined ? undefined : `${section[0]}.${key}`;
}
