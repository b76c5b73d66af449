// Streams over descriptors that node:net refuses: terminals and SOCK_SEQPACKET sockets.
import { Socket, type SocketConstructorOpts, type OnReadOpts } from 'node:net';
import { SOCK, closeFd, dup3, setNonBlocking, socketpair } from './kernel.ts';

export interface DescriptorStream {
  readonly stream: Socket;
  /** For ioctls; closed, and maybe another's by then, when the stream is destroyed. */
  readonly fd: number;
}

/**
 * A stream that reads and writes `fd`, which it owns from now on and closes when destroyed.
 *
 * A terminal whose other side is gone ends with the error EIO. `end` does nothing useful here: destroy the stream.
 * @param onread takes what was read, one kernel read at a time, where the borders of packets matter
 */
export function openDescriptor(fd: number, onread?: OnReadOpts): DescriptorStream {
  // libuv looks at the kind of a descriptor only when it opens it: it opens a stream socket, which then becomes `fd`.
  const [near, far] = socketpair(SOCK.STREAM | SOCK.NONBLOCK);
  closeFd(far);
  const options: SocketConstructorOpts & { onread?: OnReadOpts } = { fd: near, allowHalfOpen: true };
  const stream = new Socket(onread === undefined ? options : { ...options, onread });
  try {
    setNonBlocking(fd);
    // In the same turn: the event loop must not have seen the socket yet.
    dup3(fd, near);
    return { stream, fd: near };
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    closeFd(fd);
  }
}
