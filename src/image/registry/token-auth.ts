// Answers a registry's challenge: a Basic header, or a bearer token fetched from the token server it names.
import { request, type Dispatcher } from './http.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { fromStatus, fromTransport, registryUnavailable } from './errors.ts';
import { readLimited } from './body.ts';

const MAX_TOKEN_BYTES = 1024 * 1024;
const CLIENT_ID = 'crisol';

export interface AuthorizeRequest {
  /** Host and port, for messages. */
  readonly host: string;
  readonly isTls: boolean;
  readonly challenges: readonly Challenge[];
  readonly credentials: Credentials;
  /** `repository:<path>:pull` */
  readonly scope: string;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
}

/**
 * The Authorization header for a challenge; undefined when we have nothing that would answer it.
 * @throws unavailable or unauthenticated when the token server fails or refuses
 * @see distribution spec, token authentication
 */
export async function authorize(input: AuthorizeRequest): Promise<string | undefined> {
  const bearer = input.challenges.find((challenge) => challenge.scheme === 'bearer');
  if (bearer !== undefined && input.credentials.kind !== 'registry-token') return fetchToken(bearer, input);
  const acceptsBasic = input.challenges.some((challenge) => challenge.scheme === 'basic');
  return acceptsBasic && input.credentials.kind === 'password' ? basic(input.credentials) : undefined;
}

function basic(credentials: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}

async function fetchToken(challenge: Challenge, input: AuthorizeRequest): Promise<string> {
  const realm = parseRealm(challenge.parameters['realm'] ?? '', input);
  const service = challenge.parameters['service'] ?? '';
  const scope = challenge.parameters['scope'] ?? input.scope;
  const { credentials, dispatcher, signal } = input;
  let answer: Dispatcher.ResponseData;
  try {
    if (credentials.kind === 'identity-token') {
      const form = {
        grant_type: 'refresh_token',
        refresh_token: credentials.token,
        service,
        scope,
        client_id: CLIENT_ID,
      };
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const body = new URLSearchParams(form).toString();
      answer = await request(realm, { method: 'POST', headers, body, dispatcher, signal });
    } else {
      if (service !== '') realm.searchParams.set('service', service);
      realm.searchParams.set('scope', scope);
      const headers = credentials.kind === 'password' ? { authorization: basic(credentials) } : {};
      answer = await request(realm, { headers, dispatcher, signal });
    }
    const bytes = await readLimited(answer.body, MAX_TOKEN_BYTES, `token answer of "${realm.host}"`);
    if (answer.statusCode !== 200)
      throw fromStatus(realm.host, answer.statusCode, `scope "${scope}"`, '', credentials.kind !== 'anonymous');
    return `Bearer ${parseToken(bytes, realm.host)}`;
  } catch (error) {
    throw fromTransport(realm.host, error, signal);
  }
}

function parseRealm(text: string, input: AuthorizeRequest): URL {
  if (!URL.canParse(text)) throw registryUnavailable(input.host, `its token server "${text}" is not a URL`);
  const realm = new URL(text);
  const isSafe = realm.protocol === 'https:' || (realm.protocol === 'http:' && !input.isTls);
  if (!isSafe) throw registryUnavailable(input.host, `its token server "${text}" would get credentials without TLS`);
  return realm;
}

function parseToken(bytes: Buffer, host: string): string {
  const { token, access_token: accessToken } = parseAnswer(bytes, host);
  const given = token ?? accessToken;
  if (typeof given !== 'string' || given === '') throw registryUnavailable(host, 'its token server sent no token');
  return given;
}

// By hand: the pull waits, and zod would take its thread 0.1 s to load.
function parseAnswer(bytes: Buffer, host: string): Readonly<Record<string, unknown>> {
  let answer: unknown;
  try {
    answer = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw registryUnavailable(host, 'its token server sent no JSON; is a proxy or login page in the way?', error);
  }
  return typeof answer === 'object' && answer !== null ? { ...answer } : {};
}
