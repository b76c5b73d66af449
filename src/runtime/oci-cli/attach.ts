// Connects a client with a container's first process, over conmon's attach socket.
import { join } from 'node:path';
import { DaemonError, isErrno, failedPrecondition } from '../../errors.ts';
import { openDescriptor, readRest } from '../../host/descriptor-stream.ts';
import { AF, SOCK, closeFd, connectUnix, shutdownWrite, socket } from '../../host/kernel.ts';
import { deferred } from '../../async/deferred.ts';
import type { ContainerRef, ProcessStreams } from '../driver.ts';
import { AttachInput } from './attach-input.ts';
import { AttachOutput, PACKET_BYTES } from '../attach-output.ts';
import { sendResize } from './control-fifo.ts';

/** @throws failed-precondition when nothing can be attached to; cancelled when the client has gone */
export async function attach(socketDir: string, container: ContainerRef, streams: ProcessStreams): Promise<void> {
  const fd = connectAttach(join(socketDir, container.id, 'attach'), container.id);
  const ended = deferred<undefined>();
  const output = new AttachOutput(streams);
  // One packet per read: node:net must not join them.
  const onread = {
    buffer: Buffer.alloc(PACKET_BYTES),
    callback: (count: number, packet: Uint8Array) => output.take(packet.subarray(0, count)),
  };
  const { stream, fd: connection } = openDescriptor(fd, onread);
  output.onRoom(() => stream.resume());
  output.onStuck((error) => ended.reject(error));
  const goAway = () => ended.reject(new DaemonError('cancelled', `attach to "${container.id}": the client has gone`));
  streams.signal.addEventListener('abort', goAway);
  stream.on('end', () => {
    if (!stream.destroyed) readRest(connection, PACKET_BYTES, (packet) => output.take(packet));
    ended.resolve(undefined);
  });
  stream.on('close', () => ended.resolve(undefined));
  stream.on('error', () => ended.resolve(undefined));
  const input = new AttachInput(stream, () => {
    if (!stream.destroyed) shutdownWrite(connection);
  });
  streams.stdin?.pipe(input);
  streams.onResize((size) => sendResize(container, size));
  if (streams.signal.aborted) goAway();
  try {
    await ended.promise;
    output.end();
  } finally {
    streams.signal.removeEventListener('abort', goAway);
    streams.stdin?.unpipe(input);
    streams.stdin?.resume();
    output.close();
    stream.destroy();
  }
}

function connectAttach(path: string, id: string): number {
  const fd = socket(AF.UNIX, SOCK.SEQPACKET);
  try {
    connectUnix(fd, path);
    return fd;
  } catch (error) {
    closeFd(fd);
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ECONNREFUSED')) {
      throw failedPrecondition(`container "${id}" has no monitor to attach to: it has ended`, error);
    }
    throw error;
  }
}
