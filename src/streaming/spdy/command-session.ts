// Exec and attach over SPDY: one stream per channel, each named by its `streamType` header.
import { orAbort } from '../../async/abort.ts';
import { deferred } from '../../async/deferred.ts';
import { withTimeout } from '../../async/timeout.ts';
import { DaemonError } from '../../errors.ts';
import type { Client } from '../client.ts';
import { serveRemoteCommand, type Channels } from '../remote-command.ts';
import type { ProcessRequest } from '../session.ts';
import { SpdyConnection } from './connection.ts';
import { acceptUpgrade, chooseProtocol, refuseUpgrade } from './negotiate.ts';
import type { SpdyStream } from './stream.ts';

const PROTOCOLS = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

/** Serves one client to the end. @throws when it broke the protocol, was too slow to open its streams, or has gone */
export async function serveCommandOverSpdy(client: Client<ProcessRequest>): Promise<void> {
  const { runtime, request, upgrade, socket, head, creationMs } = client;
  const protocol = chooseProtocol(upgrade, PROTOCOLS);
  if (protocol === undefined) {
    refuseUpgrade(socket, 403, `unable to negotiate a protocol: served are ${PROTOCOLS.join(', ')}\n`);
    return;
  }
  if (head.length > 0) socket.unshift(head);
  acceptUpgrade(socket, protocol);
  const collector = new StreamCollector(wantedTypes(request, protocol));
  const connection = new SpdyConnection({ transport: socket, onStream: (stream) => collector.add(stream) });
  const over = new AbortController();
  const gone = new DaemonError('cancelled', 'the client has gone');
  void connection.run().then(
    () => over.abort(gone),
    (error: unknown) => over.abort(error),
  );
  const signal = AbortSignal.any([client.signal, over.signal]);
  try {
    // This way round the time-out's timer goes with the client.
    const channels = await withTimeout(orAbort(collector.complete, signal), creationMs, 'opening the streams');
    const statusForm = protocol === 'v4.channel.k8s.io' ? 'json' : 'text';
    await serveRemoteCommand({ runtime, request, channels, statusForm, signal });
  } finally {
    connection.close();
  }
}

function wantedTypes(request: ProcessRequest, protocol: string): readonly string[] {
  const canResize = protocol === 'v4.channel.k8s.io' || protocol === 'v3.channel.k8s.io';
  return [
    'error',
    ...(['stdin', 'stdout', 'stderr'] as const).filter((type) => request[type]),
    ...(request.tty && canResize ? ['resize'] : []),
  ];
}

/** Waits until the client has opened one stream of each wanted type. */
class StreamCollector {
  readonly #wanted: readonly string[];
  readonly #streams = new Map<string, SpdyStream>();
  readonly #complete = deferred<Channels>();

  constructor(wanted: readonly string[]) {
    this.#wanted = wanted;
  }

  get complete(): Promise<Channels> {
    return this.#complete.promise;
  }

  add(stream: SpdyStream): void {
    const type = stream.headers.get('streamtype') ?? '';
    if (!this.#wanted.includes(type) || this.#streams.has(type)) {
      stream.destroy();
      return;
    }
    stream.accept();
    // Input where none belongs would fill up and hold up the connection.
    if (type !== 'stdin' && type !== 'resize') stream.resume();
    this.#streams.set(type, stream);
    const error = this.#streams.get('error');
    if (this.#streams.size < this.#wanted.length || error === undefined) return;
    this.#complete.resolve({
      stdin: this.#streams.get('stdin'),
      stdout: this.#streams.get('stdout'),
      stderr: this.#streams.get('stderr'),
      resize: this.#streams.get('resize'),
      error,
    });
  }
}
