// Streams over descriptors that node:net refuses: terminals and SOCK_SEQPACKET sockets.
import { readSync } from 'node:fs';
import { Socket, type SocketConstructorOpts, type OnReadOpts } from 'node:net';
import { SOCK, closeFd, dup3, setNonBlocking, socketpair } from './kernel.ts';

export interface DescriptorStream {
  readonly stream: Socket;
  /** For ioctls and `readRest`; closed, and maybe another's by then, when the stream is destroyed. */
  readonly fd: number;
}

type StreamOptions = SocketConstructorOpts & { readonly onread?: OnReadOpts; readonly readableHighWaterMark?: number };

/**
 * A stream that reads and writes `fd`, which it owns from now on and closes when destroyed.
 *
 * It may report its end too early: then `readRest` has what is left. A terminal whose other side is gone may instead end
 * with the error EIO. `end` does nothing useful here: destroy the stream.
 * @param onread takes what was read, one kernel read at a time, where the borders of packets matter
 */
export function openDescriptor(fd: number, onread?: OnReadOpts): DescriptorStream {
  // libuv looks at the kind of a descriptor only when it opens it: it opens a stream socket, which then becomes `fd`.
  const [near, far] = socketpair(SOCK.STREAM | SOCK.NONBLOCK);
  closeFd(far);
  const stream = new Socket(streamOptions(near, onread));
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

function streamOptions(fd: number, onread: OnReadOpts | undefined): StreamOptions {
  // While its reader pauses, nothing more is read: the error that ends a terminal drops what a stream has buffered.
  const options = { fd, allowHalfOpen: true, readableHighWaterMark: 1 };
  return onread === undefined ? options : { ...options, onread };
}

/**
 * Hands out what a stream of `openDescriptor` left unread at its 'end', one kernel read at a time.
 *
 * libuv takes a read that did not fill its buffer for the last one when the other side has gone. Of packets, and of a
 * terminal, which hands out 4 KiB at most, no read fills the buffer.
 * @param bytes the longest read
 */
export function readRest(fd: number, bytes: number, take: (piece: Buffer) => void): void {
  for (;;) {
    const piece = Buffer.allocUnsafe(bytes);
    const count = readOnce(fd, piece);
    if (count === 0) return;
    take(piece.subarray(0, count));
  }
}

// A terminal whose other side has gone gives EIO, a peer that is still there EAGAIN: nothing more, either way.
function readOnce(fd: number, piece: Buffer): number {
  try {
    return readSync(fd, piece);
  } catch {
    return 0;
  }
}
