// What a registry is granted: silence and connections. Apart from what connects, for threads that only pass them on.

/** Milliseconds; each is a limit on silence, not on the whole pull. */
export interface RegistryTimeouts {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
}

export const DEFAULT_TIMEOUTS: RegistryTimeouts = { connectMs: 10_000, headersMs: 30_000, bodyMs: 60_000 };
/** To one host. */
export const DEFAULT_MAX_CONNECTIONS = 6;
