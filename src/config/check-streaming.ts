// Checks of the streaming server's TLS: of the keys with each other, and of the files on this host.
import { readTlsFiles, TlsFileError } from '../host/tls-files.ts';
import type { HostFinding } from './host-facts.ts';
import type { ReadContext } from './read-table.ts';
import type { Config } from './schema.ts';
import { tlsPaths, type StreamingConfig } from './streaming.ts';

/** What the daemon could not start with. */
export function checkStreaming({ streaming }: Config): HostFinding[] {
  const paths = tlsPaths(streaming);
  if (paths === undefined) return [];
  try {
    readTlsFiles(paths);
    return [];
  } catch (error) {
    if (!(error instanceof TlsFileError)) throw error;
    return [{ severity: 'error', key: `streaming.${error.role}`, message: error.message }];
  }
}

/** A certificate needs its key and the other way round, and clients can only be asked for one over TLS. */
export function checkTlsKeys({ report }: ReadContext, { tlsCert, tlsKey, tlsClientCa }: StreamingConfig): void {
  if (tlsCert === undefined && (tlsKey ?? tlsClientCa) !== undefined) {
    report(['streaming', tlsKey === undefined ? 'tls_client_ca' : 'tls_key'], 'needs streaming.tls_cert beside it');
  } else if (tlsCert !== undefined && tlsKey === undefined) {
    report(['streaming', 'tls_cert'], 'needs streaming.tls_key beside it');
  }
}
