// What goes wrong with a registry, in words that name it and say what to do.
import { abortError } from '../../async/abort.ts';
import { DaemonError, errorCode, errorMessage, notFound, unavailable, withContext } from '../../errors.ts';

/** kubelet shows this prefix as the pod's waiting reason. @see cri-api pkg/errors/errors.go */
const UNAVAILABLE = 'RegistryUnavailable';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known to the resolver',
  EAI_AGAIN: 'the resolver does not answer',
  ECONNRESET: 'it closed the connection',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  UND_ERR_CONNECT_TIMEOUT: 'it does not accept connections in time',
  UND_ERR_HEADERS_TIMEOUT: 'it accepted the request but sent no answer in time',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending in the middle of its answer',
  UND_ERR_SOCKET: 'it closed the connection in the middle of its answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; name its CA with "ca" in hosts.toml',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an unknown CA; name the CA with "ca" in hosts.toml',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown CA; name the CA with "ca" in hosts.toml',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  EPROTO: 'it does not speak TLS; use an http:// address in hosts.toml if that is meant',
};

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** The registry did not give a usable answer; the next attempt may. */
export function registryUnavailable(host: string, reason: string, cause?: unknown): DaemonError {
  return unavailable(`${UNAVAILABLE}: registry "${host}" cannot be used: ${reason}`, cause);
}

/** `withContext` that keeps the prefix kubelet looks for at the very front of the message, and once. */
export function withPullContext(context: string, error: unknown): DaemonError {
  if (!errorMessage(error).includes(`${UNAVAILABLE}: `)) return withContext(context, error);
  const code = errorCode(error);
  const message = `${context}: ${errorMessage(error).replaceAll(`${UNAVAILABLE}: `, '')}`;
  const isRegistry = code === 'unavailable' && errorMessage(error).includes(`${UNAVAILABLE}: `);
  return new DaemonError(code, isRegistry ? `${UNAVAILABLE}: ${message}` : message, error);
}

/** A failed connection or a broken body as one of our errors; ours pass unchanged, and the caller's abort goes first. */
export function fromTransport(host: string, error: unknown, signal: AbortSignal): DaemonError {
  if (signal.aborted) return abortError(signal);
  if (error instanceof DaemonError) return error;
  const code = codeOf(error);
  return registryUnavailable(host, REASONS[code] ?? (errorMessage(error) || code), error);
}

/** Whether a broken connection is worth another attempt at once; a silent registry is not. */
export function isRetryable(error: unknown): boolean {
  return ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE', 'EAI_AGAIN'].includes(codeOf(error));
}

/** The error an answer with a failing status stands for. `detail` is what the registry says itself. */
export function fromStatus(
  host: string,
  status: number,
  what: string,
  detail: string,
  hadCredentials: boolean,
): DaemonError {
  const said = detail === '' ? '' : ` (${detail})`;
  switch (status) {
    case 401:
      return new DaemonError(
        'unauthenticated',
        hadCredentials
          ? `registry "${host}" refused the credentials for ${what}${said}; check the pull secret or the docker config file`
          : `registry "${host}" asks for credentials for ${what}${said}; give the pod an image pull secret or configure them`,
      );
    case 403:
      return new DaemonError(
        'permission-denied',
        `registry "${host}" does not allow access to ${what}${said}; check the rights of the account`,
      );
    case 404:
      return new DaemonError(
        'not-found',
        `${notFound('image', what.replaceAll('"', '')).message} at registry "${host}"${said}`,
      );
    case 429:
      return registryUnavailable(host, `it limits the rate of requests${said}; try later or use a mirror`);
    default:
      return registryUnavailable(host, `it answered status ${status} for ${what}${said}`);
  }
}
