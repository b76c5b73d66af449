// One place that may serve an image: the registry itself or a mirror of it.

export interface ClientPair {
  readonly cert: string;
  readonly key: string;
}

export interface TlsOptions {
  /** PEM texts, trusted beside the public CAs. */
  readonly ca: readonly string[];
  readonly clients: readonly ClientPair[];
  readonly skipVerify: boolean;
}

/** `resolve` is name to digest, `pull` is content by digest. */
export type Capability = 'pull' | 'resolve';

export interface RegistryHost {
  /** Scheme, host, port and path up to and with `/v2`; no slash at the end. */
  readonly url: URL;
  /** Names under which credentials for this host may be filed. */
  readonly names: readonly string[];
  /** A mirror is told which registry is meant by the `ns` parameter. */
  readonly isMirror: boolean;
  readonly capabilities: readonly Capability[];
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  readonly dialTimeoutMs?: number | undefined;
}

export const PLAIN_TLS: TlsOptions = { ca: [], clients: [], skipVerify: false };

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Whether `host` (with or without a port) is this machine: such registries speak plain http. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** The registry that a reference's domain means, when nothing is configured for it. */
export function defaultHost(domain: string, tls: TlsOptions = PLAIN_TLS): RegistryHost {
  const isHub = domain === 'docker.io';
  const address = isHub ? 'registry-1.docker.io' : domain;
  const hasTls = tls !== PLAIN_TLS;
  const scheme = isLoopback(address) && !address.endsWith(':443') && !hasTls ? 'http' : 'https';
  return {
    url: new URL(`${scheme}://${address}/v2`),
    names: isHub ? [domain, 'index.docker.io', address] : [domain],
    isMirror: false,
    capabilities: ['pull', 'resolve'],
    headers: {},
    tls,
  };
}
