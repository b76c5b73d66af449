// [streaming]: the server that exec, attach and port-forward connect to.
import type { TlsPaths } from '../host/tls-files.ts';
import { field, optional, type Values } from './field.ts';
import { address, integer, path } from './value-types.ts';

export const STREAMING_FIELDS = {
  address: field('address', '127.0.0.1', address, 'Address to listen on; the kubelet is a local client'),
  port: field('port', 0, integer(0, 65_535), 'Port to listen on; 0 lets the kernel choose'),
  tlsCert: optional(
    'tls_cert',
    '/etc/crisol/streaming.crt',
    path,
    'PEM certificate (with its chain) to serve TLS with; read again when it has changed',
  ),
  tlsKey: optional('tls_key', '/etc/crisol/streaming.key', path, 'PEM private key of tls_cert'),
  tlsClientCa: optional(
    'tls_client_ca',
    '/etc/crisol/streaming-clients.crt',
    path,
    'PEM certificates of authorities; clients must then show a certificate of one of them',
  ),
};

export type StreamingConfig = Values<typeof STREAMING_FIELDS>;

/** The files of TLS; undefined when it is not configured. */
export function tlsPaths({ tlsCert, tlsKey, tlsClientCa }: StreamingConfig): TlsPaths | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return { cert: tlsCert, key: tlsKey, clientCa: tlsClientCa };
}
