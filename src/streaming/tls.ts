// TLS of the streaming server: its options, and their renewal when the files have changed.
import type { Server, ServerOptions } from 'node:https';
import { errorMessage, failedPrecondition } from '../errors.ts';
import { readTlsFiles, TlsFileError, TlsFileWatch, type TlsContext, type TlsPaths } from '../host/tls-files.ts';
import type { Logger } from '../observe/logger.ts';

/** @throws failed-precondition that names the key of the configuration and its file */
export function tlsOptions(paths: TlsPaths): ServerOptions {
  const wantsClients = paths.clientCa !== undefined;
  return { ...readFiles(paths), requestCert: wantsClients, rejectUnauthorized: wantsClients };
}

function readFiles(paths: TlsPaths): TlsContext {
  try {
    return readTlsFiles(paths);
  } catch (error) {
    throw error instanceof TlsFileError ? failedPrecondition(`streaming.${error.role}: ${error.message}`) : error;
  }
}

/**
 * A function that gives the server its files anew when they have changed, to be called before a client is sent to it.
 * Files that cannot be used, as when a renewal is half done, are logged; the server keeps the former ones meanwhile.
 */
export function renewal(server: Pick<Server, 'setSecureContext'>, paths: TlsPaths, log: Logger): () => void {
  const watch = new TlsFileWatch(paths);
  return () => {
    if (!watch.hasChanged()) return;
    try {
      server.setSecureContext(readFiles(paths));
      log.info({ cert: paths.cert }, 'the streaming server has new TLS files');
    } catch (error) {
      log.warn({ reason: errorMessage(error) }, 'the streaming server keeps its former TLS files');
    }
  };
}
