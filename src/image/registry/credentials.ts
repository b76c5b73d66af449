// Whose name we use at a registry: the caller's, the node's, or nobody's.
import { invalidArgument } from '../../errors.ts';
import { bareHost, findDockerEntry, readDockerConfig } from './docker-config.ts';
import type { RegistryHost } from './host.ts';

/** Credentials as the CRI brings them; empty strings mean absent. @see api.proto, AuthConfig */
export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  /** base64 of `user:password`. */
  readonly auth: string;
  /** The only host these may be shown to; any name of the image's own registry when empty. */
  readonly serverAddress: string;
  /** Refresh token of an OAuth2 login. */
  readonly identityToken: string;
  /** Sent as a bearer token as it is. */
  readonly registryToken: string;
}

export type Credentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'identity-token'; readonly token: string }
  | { readonly kind: 'registry-token'; readonly token: string };

const ANONYMOUS: Credentials = { kind: 'anonymous' };

/**
 * The credentials for one host: those of the request when they are meant for it, then the docker config file's, then
 * none. Credentials without a server address are never shown to a mirror.
 * @throws invalid-argument or failed-precondition when they are there but malformed
 */
export async function credentialsFor(
  host: RegistryHost,
  auth: RegistryAuth | undefined,
  dockerConfigPath: string | undefined,
): Promise<Credentials> {
  const own = auth !== undefined && isMeantFor(auth.serverAddress, host) ? toCredentials(auth) : ANONYMOUS;
  if (own.kind !== 'anonymous' || dockerConfigPath === undefined) return own;
  const config = await readDockerConfig(dockerConfigPath);
  const entry = config === undefined ? undefined : await findDockerEntry(config, host.names);
  if (entry === undefined) return ANONYMOUS;
  return toCredentials({
    username: entry.username ?? '',
    password: entry.password ?? '',
    auth: entry.auth ?? '',
    serverAddress: '',
    identityToken: entry.identitytoken ?? '',
    registryToken: entry.registrytoken ?? '',
  });
}

function isMeantFor(serverAddress: string, host: RegistryHost): boolean {
  return serverAddress === '' ? !host.isMirror : host.names.includes(bareHost(serverAddress));
}

function toCredentials(auth: RegistryAuth): Credentials {
  if (auth.registryToken !== '') return { kind: 'registry-token', token: auth.registryToken };
  if (auth.identityToken !== '') return { kind: 'identity-token', token: auth.identityToken };
  if (auth.username !== '') return { kind: 'password', username: auth.username, password: auth.password };
  return auth.auth === '' ? ANONYMOUS : decodeAuth(auth.auth);
}

function decodeAuth(text: string): Credentials {
  const decoded = Buffer.from(text, 'base64').toString('utf8').replaceAll('\0', '');
  const colon = decoded.indexOf(':');
  // The text itself is a secret: it never goes into the message.
  if (colon < 0) throw invalidArgument('the "auth" field of the registry credentials is not base64 of "user:password"');
  return { kind: 'password', username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
