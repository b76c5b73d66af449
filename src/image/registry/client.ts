// Sends one request to one host: authentication, redirects and retries included.
import { request, type Dispatcher } from './http.ts';
import type { DaemonError } from '../../errors.ts';
import type { AgentPool } from './agents.ts';
import { discard, readLimited } from './body.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { describeError } from './error-body.ts';
import { fromStatus, fromTransport, isRetryable, registryUnavailable } from './errors.ts';
import type { RegistryHost } from './host.ts';
import { isRetryableStatus, MAX_ATTEMPTS, pause, retryDelayMs } from './retry.ts';
import { authorize } from './token-auth.ts';

export interface RegistryRequest {
  /** Below the repository's own path, with a leading slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What is asked for, in messages. */
  readonly what: string;
  /** The caller watches over the body's pace itself. */
  readonly isPaced?: boolean;
  readonly signal: AbortSignal;
}

export interface RegistryClientOptions {
  readonly host: RegistryHost;
  /** The repository's path at its registry. */
  readonly repository: string;
  /** The registry that is meant; mirrors are told. */
  readonly domain: string;
  readonly credentials: Credentials;
  readonly agents: AgentPool;
}

const MAX_REDIRECTS = 5;
const MAX_ERROR_BYTES = 64 * 1024;

/** One host, one repository, one set of credentials. */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #dispatcher: Dispatcher;
  #authorization: string | undefined;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#dispatcher = options.agents.agentFor(options.host);
    this.#authorization = eagerAuthorization(options.credentials);
  }

  /** Host and port, for messages. */
  get name(): string {
    return this.#options.host.url.host;
  }

  get host(): RegistryHost {
    return this.#options.host;
  }

  /**
   * A successful answer; its body must be read or destroyed.
   *
   * Asks again, a few times, when the registry is busy or drops the connection, but not when it stays silent.
   * @throws unavailable, unauthenticated, permission-denied or not-found as the registry's answer says; abortError
   */
  async send(input: RegistryRequest): Promise<Dispatcher.ResponseData> {
    let triedAuth = false;
    for (let attempt = 1; ;) {
      let answer: Dispatcher.ResponseData;
      try {
        answer = await this.#follow(input);
      } catch (error) {
        if (!isRetryable(error) || attempt >= MAX_ATTEMPTS) throw fromTransport(this.name, error, input.signal);
        await pause(retryDelayMs(attempt) ?? 0, input.signal);
        attempt += 1;
        continue;
      }
      if (answer.statusCode < 300) return answer;
      if (answer.statusCode === 401 && !triedAuth && (await this.#authenticate(answer, input.signal))) {
        triedAuth = true;
        continue;
      }
      const delay = isRetryableStatus(answer.statusCode)
        ? retryDelayMs(attempt, headerOf(answer, 'retry-after'))
        : undefined;
      if (delay === undefined) throw await this.#toError(answer, input);
      await discard(answer.body);
      await pause(delay, input.signal);
      attempt += 1;
    }
  }

  async #follow(input: RegistryRequest): Promise<Dispatcher.ResponseData> {
    const { host, repository, domain } = this.#options;
    let url = new URL(`${host.url.href}/${repository}${input.path}`);
    if (host.isMirror) url.searchParams.set('ns', domain);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const isOwn = url.origin === host.url.origin;
      // What proves who we are is for this host only, not for the storage it may send us to.
      const secret = this.#authorization === undefined ? {} : { authorization: this.#authorization };
      const headers = { 'user-agent': 'crisol', ...input.headers, ...(isOwn ? { ...host.headers, ...secret } : {}) };
      const limit = input.isPaced === true ? { bodyTimeout: 0 } : {};
      const answer = await request(url, { headers, dispatcher: this.#dispatcher, signal: input.signal, ...limit });
      const location = headerOf(answer, 'location');
      if (answer.statusCode < 300 || answer.statusCode > 308 || answer.statusCode === 304 || location === undefined)
        return answer;
      await discard(answer.body);
      url = this.#redirect(url, location);
    }
    throw registryUnavailable(this.name, `more than ${MAX_REDIRECTS} redirects for ${input.what}`);
  }

  #redirect(from: URL, location: string): URL {
    if (!URL.canParse(location, from.href)) throw registryUnavailable(this.name, `it redirects to "${location}"`);
    const to = new URL(location, from);
    const isSafe = to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
    if (!isSafe) throw registryUnavailable(this.name, `it redirects to "${to.origin}", which has no TLS`);
    return to;
  }

  async #authenticate(answer: Dispatcher.ResponseData, signal: AbortSignal): Promise<boolean> {
    const { host, credentials, repository } = this.#options;
    const challenges = parseChallenges(headerOf(answer, 'www-authenticate') ?? '');
    const authorization = await authorize({
      host: this.name,
      isTls: host.url.protocol === 'https:',
      challenges,
      credentials,
      scope: `repository:${repository}:pull`,
      dispatcher: this.#dispatcher,
      signal,
    });
    if (authorization === undefined) return false;
    await discard(answer.body);
    this.#authorization = authorization;
    return true;
  }

  async #toError(answer: Dispatcher.ResponseData, input: RegistryRequest): Promise<DaemonError> {
    const text = await readLimited(answer.body, MAX_ERROR_BYTES, 'error').catch(() => Buffer.alloc(0));
    const hadCredentials = this.#options.credentials.kind !== 'anonymous';
    return fromStatus(this.name, answer.statusCode, input.what, describeError(text), hadCredentials);
  }
}

/** The Authorization header that can be sent before being asked; undefined when the challenge must be seen first. */
function eagerAuthorization(credentials: Credentials): string | undefined {
  return credentials.kind === 'registry-token' ? `Bearer ${credentials.token}` : undefined;
}

/** One header of an answer; the first one when it came several times. */
export function headerOf(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
