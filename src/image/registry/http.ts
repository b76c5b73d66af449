// What registries need of undici: pools of connections and requests. Its index loads four times as much, from WebSockets
// to caches, into every thread that talks to a registry, and a pull waits for that.
import { createRequire } from 'node:module';
import Agent from 'undici/lib/dispatcher/agent.js';
import send from 'undici/lib/api/api-request.js';
import type * as Undici from 'undici';
import type { Dispatcher } from 'undici';

export { Agent };
export type { Dispatcher };

export interface RequestOptions extends Partial<Omit<Dispatcher.RequestOptions, 'origin' | 'path'>> {
  readonly dispatcher: Dispatcher;
}

/** Settles when the head of the answer is here. @throws what undici throws: no connection, a time-out, an abort */
export function request(url: URL, { dispatcher, ...options }: RequestOptions): Promise<Dispatcher.ResponseData> {
  return send.call(dispatcher, { method: 'GET', ...options, origin: url.origin, path: url.pathname + url.search });
}

/** Whether the environment names a proxy for anything. */
export function hasProxy(env: NodeJS.ProcessEnv = process.env): boolean {
  return ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => (env[name] ?? '') !== '');
}

/** An agent that heeds the proxies of the environment. It takes all of undici, which few nodes need. */
export function makeProxyAgent(options: Undici.EnvHttpProxyAgent.Options): Dispatcher {
  const undici = createRequire(import.meta.url)('undici') as typeof Undici;
  return new undici.EnvHttpProxyAgent(options);
}
