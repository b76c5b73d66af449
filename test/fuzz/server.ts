// A streaming server whose programs are echoes: they take and give whatever the client lets them.
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { createLogger } from '../../src/observe/logger.ts';
import { StreamingServer } from '../../src/streaming/server.ts';
import type { AttachRequest, ClientStreams, ExecRequest, PortForwardRequest } from '../../src/streaming/session.ts';

const STREAMS = { stdin: true, stdout: true } as const;
export const EXEC: ExecRequest = {
  ...{ kind: 'exec', containerId: 'c', command: ['cat'], ...STREAMS },
  ...{ tty: false, stderr: true },
};
export const ATTACH: AttachRequest = { kind: 'attach', containerId: 'c', ...STREAMS, tty: true, stderr: false };
export const FORWARD: PortForwardRequest = { kind: 'portforward', sandboxId: 's', ports: [80] };

/** Sends back what comes in; its exit code is 3. */
async function echo({ stdin, stdout, onResize, signal }: ClientStreams): Promise<number> {
  onResize(() => undefined);
  if (stdin === undefined || stdout === undefined) return 3;
  stdin.pipe(stdout, { end: false });
  await Promise.race([once(stdin, 'end'), once(signal, 'abort'), once(stdin, 'close')]).catch(() => undefined);
  return 3;
}

/** Gives up on streams that a client does not open within 1 s. */
export function startServer(): Promise<StreamingServer> {
  return StreamingServer.start({
    ...{ address: '127.0.0.1', port: 0, creationMs: 1000, log: createLogger('fatal') },
    runtime: {
      exec: (_request, streams) => echo(streams),
      attach: async (_request, streams) => {
        await echo(streams);
      },
      // Odd ports are refused.
      connect: async (_sandboxId, port) => {
        if (port % 2 === 1) throw new RangeError('nobody listens');
        return new PassThrough();
      },
    },
  });
}
