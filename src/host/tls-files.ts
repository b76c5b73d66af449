// Certificates and keys for a TLS server: read and proved, and looked at again for changes.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { DaemonError, errorMessage } from '../errors.ts';

/** Paths of PEM files. */
export interface TlsPaths {
  /** The server's certificate, followed by those that lead from it to its authority. */
  readonly cert: string;
  readonly key: string;
  /** Clients must show a certificate of one of these authorities; undefined: they need none. */
  readonly clientCa: string | undefined;
}

/** What Node's TLS server takes. */
export interface TlsContext {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
  readonly minVersion: 'TLSv1.2';
}

/** Which of the files, as configurations call it. */
type TlsRole = 'tls_cert' | 'tls_key' | 'tls_client_ca';

/** A file that cannot be used; the message names the file and what is wrong with it. */
export class TlsFileError extends DaemonError {
  readonly role: TlsRole;

  constructor(role: TlsRole, message: string) {
    super('failed-precondition', message);
    this.name = 'TlsFileError';
    this.role = role;
  }
}

/** Reads the files, and proves that a server can be made of them. @throws TlsFileError */
export function readTlsFiles(paths: TlsPaths): TlsContext {
  const cert = read('tls_cert', paths.cert);
  const key = read('tls_key', paths.key);
  const certificate = prove('tls_cert', paths.cert, 'a certificate', () => new X509Certificate(cert));
  const privateKey = prove('tls_key', paths.key, 'a private key without a passphrase', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TlsFileError('tls_key', `"${paths.key}" is not the key of the certificate in "${paths.cert}"`);
  }
  const { clientCa } = paths;
  const ca = clientCa === undefined ? undefined : read('tls_client_ca', clientCa);
  if (ca !== undefined) prove('tls_client_ca', clientCa ?? '', 'a certificate', () => new X509Certificate(ca));
  const context = { cert, key, ca, minVersion: 'TLSv1.2' } as const;
  prove('tls_cert', paths.cert, 'what a TLS server can use', () => createSecureContext(context));
  return context;
}

function read(role: TlsRole, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TlsFileError(role, `cannot read "${path}": ${errorMessage(error)}`);
  }
}

function prove<T>(role: TlsRole, path: string, what: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw new TlsFileError(role, `"${path}" does not hold ${what} in PEM form: ${errorMessage(error)}`);
  }
}

/** Tells when the files are others than before, as after a renewal. */
export class TlsFileWatch {
  readonly #paths: readonly string[];
  #seen: string;

  constructor({ cert, key, clientCa }: TlsPaths) {
    this.#paths = clientCa === undefined ? [cert, key] : [cert, key, clientCa];
    this.#seen = this.#look();
  }

  /** Whether a file was changed or replaced since the last call that said so. A system call per file. */
  hasChanged(): boolean {
    const now = this.#look();
    if (now === this.#seen) return false;
    this.#seen = now;
    return true;
  }

  // A symbolic link that points elsewhere shows as another inode.
  #look(): string {
    return this.#paths.map(fingerprint).join(' ');
  }
}

function fingerprint(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.dev}:${stat.ino}:${stat.mtimeMs}:${stat.size}`;
}
