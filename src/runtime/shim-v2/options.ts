// What is needed to drive one containerd shim.

/** Milliseconds each call may take. */
export interface ShimTimeouts {
  /** The shim's start, and separately the task's create. */
  readonly createMs: number;
  readonly startMs: number;
  /** Kill, state, update and the like. */
  readonly controlMs: number;
  readonly deleteMs: number;
}

export const DEFAULT_SHIM_TIMEOUTS: ShimTimeouts = {
  createMs: 120_000,
  startMs: 60_000,
  controlMs: 15_000,
  deleteMs: 30_000,
};

/** One shim binary and how this handler wants it used. */
export interface Shim {
  /** The handler's name, for messages. */
  readonly handler: string;
  /** Absolute path of the shim's binary. */
  readonly path: string;
  /** As the shim tells it; decides in which form it is started. */
  readonly version: string;
  /** The OCI runtime of shims that run one: a path, or a name in PATH; undefined: the shim's own choice. */
  readonly binary: string | undefined;
  /** Absolute path of the configuration file of shims that have one. */
  readonly configPath: string | undefined;
  /** The OCI runtime's state directory, of shims that run one. */
  readonly root: string;
  readonly systemdCgroup: boolean;
  /** The whole environment of the shim, apart from what the protocol adds. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeouts: ShimTimeouts;
}
