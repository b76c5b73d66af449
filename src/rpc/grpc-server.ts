// The gRPC server on a Unix socket: permissions, stale sockets, message limits, graceful stop.
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import grpc from '@grpc/grpc-js';
import { failedPrecondition, withContext } from '../errors.ts';

/** Both directions; kubelet and crictl accept 16 MiB. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A server with crisol's limits and no services yet. */
export function createServer(): grpc.Server {
  return new grpc.Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  });
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Binds the server to `socketPath` with mode 0660, and the given group when there is one.
 * A socket left by a dead daemon is replaced.
 * @throws failed-precondition when another daemon answers there
 */
export async function bindSocket(server: grpc.Server, socketPath: string, gid: number | undefined): Promise<void> {
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o755 });
  if (existsSync(socketPath)) {
    if (await answers(socketPath)) {
      throw failedPrecondition(`another daemon answers on "${socketPath}": stop it, or configure another cri.socket`);
    }
    rmSync(socketPath, { force: true });
  }
  // The socket is created with the umask of the moment, which grpc-js reaches only in the callback.
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${socketPath}`, grpc.ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(withContext(`cannot listen on "${socketPath}"`, error));
      });
    });
    if (gid !== undefined) chownSync(socketPath, 0, gid);
    chmodSync(socketPath, 0o660);
  } finally {
    process.umask(umask);
  }
}

/** Stops taking calls, waits up to `graceMs` for those in flight, then closes every connection. */
export async function stopServer(server: grpc.Server, idle: () => Promise<void>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([closed, idle(), grace]);
  clearTimeout(timer);
  server.forceShutdown();
}
