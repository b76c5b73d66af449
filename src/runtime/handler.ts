// A runtime handler as configured, and what its preflight found out about it.
import type { RuntimeFeatures } from './driver.ts';

/** What the configuration says of a runtime where it cannot be asked; wins over what it reports. */
export type FeatureOverrides = Partial<
  Record<'recursiveReadOnlyMounts' | 'userNamespaces' | 'sandboxProcess', boolean | undefined>
>;

/** An OCI runtime handler as configured. */
export interface HandlerSpec {
  /** What a RuntimeClass calls `handler`. */
  readonly name: string;
  /** The runtime: an absolute path, or a name looked for in PATH. */
  readonly path: string;
  /** Global flags before the verb. */
  readonly args: readonly string[];
  /** The monitor (conmon): an absolute path, or a name looked for in PATH. */
  readonly monitor: string;
  readonly systemdCgroup: boolean;
  /** The whole environment of runtime and monitor, PATH included. */
  readonly env: Readonly<Record<string, string>>;
  readonly features: FeatureOverrides;
  /** Milliseconds for all of the preflight. */
  readonly preflightTimeoutMs: number;
  /** What else has to hold, such as a readable profile; what it throws is the verdict's reason. Asked at each start. */
  readonly prerequisite?: (() => Promise<unknown>) | undefined;
}

interface Found {
  /** The runtime binary, absolute when it was found, as configured otherwise. */
  readonly path: string;
  /** The monitor binary, likewise. */
  readonly monitor: string;
  readonly features: RuntimeFeatures;
}

/** A handler is ready when it made and removed a container at load; a failed one says why. */
export type HandlerVerdict =
  ({ readonly state: 'ready' } & Found) | ({ readonly state: 'failed'; readonly reason: string } & Found);
