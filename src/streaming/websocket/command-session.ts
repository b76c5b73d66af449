// Exec and attach over WebSocket: fixed channel numbers.
import type { Client } from '../client.ts';
import { serveRemoteCommand } from '../remote-command.ts';
import type { ProcessRequest } from '../session.ts';
import { acceptWebSocket } from './accept.ts';
import { WebSocketChannels } from './channels.ts';
import type { Encoding } from './message.ts';

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
const COUNT = 5;
const NORMAL = 1000;

interface Version {
  readonly encoding: Encoding;
  readonly canClose: boolean;
  readonly statusForm: 'json' | 'text';
}

/** In the order of preference; the last also serves clients that name none. */
const VERSIONS: readonly (readonly [string, Version])[] = [
  ['v5.channel.k8s.io', { encoding: 'binary', canClose: true, statusForm: 'json' }],
  ['v4.channel.k8s.io', { encoding: 'binary', canClose: false, statusForm: 'json' }],
  ['v4.base64.channel.k8s.io', { encoding: 'base64', canClose: false, statusForm: 'json' }],
  ['base64.channel.k8s.io', { encoding: 'base64', canClose: false, statusForm: 'text' }],
  ['channel.k8s.io', { encoding: 'binary', canClose: false, statusForm: 'text' }],
];
const UNNAMED: Version = { encoding: 'binary', canClose: false, statusForm: 'text' };

/** Serves one client to the end. @throws when it broke the protocol or has gone */
export async function serveCommandOverWebSocket(client: Client<ProcessRequest>): Promise<void> {
  const { runtime, request, upgrade, signal } = client;
  const served = VERSIONS.map(([name]) => name);
  const accepted = await acceptWebSocket(upgrade, client.socket, client.head, served);
  if (accepted === undefined) return;
  const { statusForm, ...options } = new Map(VERSIONS).get(accepted.protocol) ?? UNNAMED;
  const channels = new WebSocketChannels(accepted.socket, { ...options, count: COUNT });
  const output = (name: 'stdout' | 'stderr') => (request[name] ? channels.output(CHANNEL[name]) : undefined);
  const [stdout, stderr, error] = [output('stdout'), output('stderr'), channels.output(CHANNEL.error)];
  const stdin = request.stdin ? channels.input(CHANNEL.stdin) : undefined;
  const resize = request.tty ? channels.input(CHANNEL.resize) : undefined;
  // An empty message tells clients that wait for one that their streams are there.
  (stdout ?? stderr ?? error).write(Buffer.alloc(0));
  await serveRemoteCommand({
    runtime,
    request,
    channels: { stdin, stdout, stderr, resize, error },
    statusForm,
    signal,
  });
  accepted.socket.close(NORMAL);
}
