// Connections to registries: one keep-alive pool per host and TLS setting, through a proxy where the environment says so.
import { rootCertificates } from 'node:tls';
import { Agent, hasProxy, makeProxyAgent, type Dispatcher } from './http.ts';
import { isLoopback, type RegistryHost, type TlsOptions } from './host.ts';
import type { RegistryTimeouts } from './limits.ts';

const KEEP_ALIVE_MS = 10_000;

/** Makes and keeps the agents. */
export class AgentPool {
  readonly #timeouts: RegistryTimeouts;
  readonly #maxConnections: number;
  readonly #agents = new Map<string, Dispatcher>();

  /** @param maxConnections to one host */
  constructor(timeouts: RegistryTimeouts, maxConnections: number) {
    this.#timeouts = timeouts;
    this.#maxConnections = maxConnections;
  }

  /**
   * The agent for a host; the same one as long as the host's TLS settings stay the same. HTTP_PROXY, HTTPS_PROXY and
   * NO_PROXY are heeded, except for this machine itself. Plain HTTP is forwarded, not tunnelled: many proxies refuse that.
   */
  agentFor(host: RegistryHost): Dispatcher {
    const key = JSON.stringify([host.url.origin, host.tls, host.dialTimeoutMs]);
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const tls = toConnectOptions(host.tls);
    const options = {
      connections: this.#maxConnections,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: this.#timeouts.headersMs,
      bodyTimeout: this.#timeouts.bodyMs,
      connect: { timeout: host.dialTimeoutMs ?? this.#timeouts.connectMs, ...tls },
    };
    const isDirect = isLoopback(host.url.host) || !hasProxy();
    const agent = isDirect ? new Agent(options) : makeProxyAgent({ ...options, requestTls: tls, proxyTunnel: false });
    this.#agents.set(key, agent);
    return agent;
  }
}

function toConnectOptions(tls: TlsOptions): Record<string, unknown> {
  const pair = tls.clients[0];
  return {
    ...(tls.ca.length === 0 ? {} : { ca: [...rootCertificates, ...tls.ca] }),
    ...(pair === undefined ? {} : { cert: pair.cert, key: pair.key }),
    ...(tls.skipVerify ? { rejectUnauthorized: false } : {}),
  };
}
