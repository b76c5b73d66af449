// A connection to a port inside a sandbox with a network stack of its own, which no namespace of the host reaches.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { newId } from '../../ids.ts';
import { DaemonError, errorMessage } from '../../errors.ts';
import type { ContainerRef } from '../driver.ts';
import type { OciCommand } from './command.ts';

/**
 * The runtime connects to a socket of ours, gives that connection to the sandbox and ends: nothing of the runtime's is
 * left between the client and the pod.
 * @param directory short enough for a socket's path of 107 bytes
 * @throws unavailable when nothing listens on the port
 */
export async function connectThroughRuntime(
  command: Pick<OciCommand, 'portForward'>,
  directory: string,
  sandbox: ContainerRef,
  port: number,
): Promise<Duplex> {
  const path = join(directory, `port-${newId().slice(0, 16)}`);
  const server = createServer({ allowHalfOpen: true });
  let connection: Socket | undefined;
  server.on('connection', (socket) => {
    connection = socket;
  });
  try {
    server.listen(path);
    await once(server, 'listening');
    await command.portForward(sandbox.id, port, path);
    return connection ?? (await accepted(server));
  } catch (error) {
    connection?.destroy();
    throw new DaemonError('unavailable', `connect to port ${port} of the pod: ${errorMessage(error)}`, error);
  } finally {
    server.close();
    await rm(path, { force: true });
  }
}

// The runtime may end before the event loop has seen its connection.
async function accepted(server: Server): Promise<Socket> {
  const [socket] = (await once(server, 'connection', { signal: AbortSignal.timeout(1000) })) as [Socket];
  return socket;
}
