// A runtime handler as configured, and what its preflight found out about it.
import type { RuntimeFeatures } from './driver.ts';
import type { FeatureSources, PartialFeatures } from './features.ts';

/** What the configuration says of a runtime where it cannot be asked; wins over what it reports. */
export type FeatureOverrides = PartialFeatures;

interface SharedSpec {
  /** What a RuntimeClass calls `handler`. */
  readonly name: string;
  /** The runtime or shim: an absolute path, or a name looked for in PATH. */
  readonly path: string;
  readonly systemdCgroup: boolean;
  /** The whole environment of runtime and monitor, PATH included. */
  readonly env: Readonly<Record<string, string>>;
  readonly features: FeatureOverrides;
  /** Milliseconds for all of the preflight. */
  readonly preflightTimeoutMs: number;
  /** What else has to hold, such as a readable profile; what it throws is the verdict's reason. Asked at each start. */
  readonly prerequisite?: (() => Promise<unknown>) | undefined;
}

/** A handler whose containers an OCI runtime makes, each below a monitor. */
export interface OciHandlerSpec extends SharedSpec {
  readonly kind?: 'oci';
  /** Global flags before the verb. */
  readonly args: readonly string[];
  /** The monitor (conmon): an absolute path, or a name looked for in PATH. */
  readonly monitor: string;
}

/** A handler whose containers a containerd shim makes. */
export interface ShimHandlerSpec extends SharedSpec {
  readonly kind: 'shim-v2';
  /** The OCI runtime of shims that run one; undefined: the shim's own choice. */
  readonly binary: string | undefined;
  /** Absolute path of the shim's configuration file, where it has one. */
  readonly configPath: string | undefined;
}

/** A runtime handler as configured. */
export type HandlerSpec = OciHandlerSpec | ShimHandlerSpec;

interface Found {
  /** The runtime binary, absolute when it was found, as configured otherwise. */
  readonly path: string;
  /** The monitor binary, likewise; '' for a shim, which is its own monitor. */
  readonly monitor: string;
  readonly features: RuntimeFeatures;
  readonly sources: FeatureSources;
}

/** What is wrong with a handler, in the same words wherever it is told. */
export interface HandlerFault {
  readonly reason: string;
  /** What to do about it; undefined when nothing is known to help. */
  readonly cure: string | undefined;
}

/** A handler is ready when it made and removed a container at load; a failed one says why. */
export type HandlerVerdict =
  ({ readonly state: 'ready' } & Found) | ({ readonly state: 'failed' } & HandlerFault & Found);
