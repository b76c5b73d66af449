// Reads the one line with which conmon reports the container's first process, or why there is none.
import { Socket } from 'node:net';
import { z } from 'zod';
import { deadlineExceeded, internal } from '../../errors.ts';

const SyncLine = z.looseObject({ pid: z.int(), message: z.string().optional() });
export type SyncLine = z.infer<typeof SyncLine>;

const MAX_LINE_BYTES = 64 * 1024;

function parseLine(line: string): SyncLine {
  try {
    return SyncLine.parse(JSON.parse(line));
  } catch (error) {
    throw internal('the monitor reported something that is not understood', error);
  }
}

/**
 * The first line of the pipe, or undefined at its end. Owns and closes the descriptor.
 * The monitor keeps its own end open for life, so the end of the pipe cannot be waited for.
 * @throws deadline-exceeded after `timeoutMs` milliseconds
 */
export async function readSyncLine(fd: number, timeoutMs: number): Promise<SyncLine | undefined> {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.setEncoding('utf8');
  let timer: NodeJS.Timeout | undefined;
  try {
    const line = await new Promise<string | undefined>((resolve, reject) => {
      let text = '';
      timer = setTimeout(() => reject(deadlineExceeded(`no answer within ${timeoutMs} ms`)), timeoutMs);
      socket.on('data', (chunk: string) => {
        text += chunk;
        const end = text.indexOf('\n');
        if (end !== -1) resolve(text.slice(0, end));
        else if (text.length > MAX_LINE_BYTES) reject(internal('the monitor reported no line but much text'));
      });
      socket.on('end', () => resolve(undefined));
      socket.on('error', reject);
    });
    return line === undefined ? undefined : parseLine(line);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
