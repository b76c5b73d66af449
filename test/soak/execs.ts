// Execs that run to their end, one of each way in turn: every output and every exit code is checked.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { CriClient } from '../e2e/cri-client.ts';
import { SpdyClient } from './spdy-client.ts';

const CODES = 4;

interface Result {
  readonly out: string;
  readonly code: number;
}

export class Execs {
  readonly #client: CriClient;
  readonly #containerId: string;

  constructor(client: CriClient, containerId: string) {
    this.#client = client;
    this.#containerId = containerId;
  }

  /** The `index`-th exec. @throws when its output or exit code is not what it should be */
  async run(index: number): Promise<void> {
    const code = index % CODES;
    const cmd = ['sh', '-c', `echo ${index}; exit ${code}`];
    const ways = [() => this.#sync(cmd), () => this.#spdy(cmd), () => this.#sync(cmd), () => this.#webSocket(cmd)];
    const result = await ways[Math.floor(index / CODES) % ways.length]!();
    if (result.out.trim() !== String(index) || result.code !== code) {
      throw new RangeError(`exec ${index} should have ended with ${code}: ${JSON.stringify(result)}`);
    }
  }

  async #sync(cmd: string[]): Promise<Result> {
    const reply = await this.#client.call('ExecSync', { containerId: this.#containerId, cmd, timeout: 60 });
    return { out: reply.stdout.toString(), code: reply.exitCode };
  }

  async #url(cmd: string[]): Promise<URL> {
    const { url } = await this.#client.call('Exec', { containerId: this.#containerId, cmd, stdout: true });
    return new URL(url);
  }

  async #spdy(cmd: string[]): Promise<Result> {
    const client = await SpdyClient.open(await this.#url(cmd), 'v4.channel.k8s.io');
    const error = client.stream({ streamtype: 'error' });
    const stdout = client.stream({ streamtype: 'stdout' });
    await once(client.socket, 'close');
    return { out: client.received(stdout).toString(), code: exitCode(client.received(error).toString()) };
  }

  async #webSocket(cmd: string[]): Promise<Result> {
    const url = await this.#url(cmd);
    const socket = new WebSocket(url.href.replace('http:', 'ws:'), ['v5.channel.k8s.io']);
    const texts = ['', '', '', ''];
    socket.on('message', (message: Buffer) => {
      const channel = message[0] ?? 0;
      texts[channel] = (texts[channel] ?? '') + message.toString('latin1', 1);
    });
    await once(socket, 'close');
    return { out: texts[1] ?? '', code: exitCode(texts[3] ?? '') };
  }
}

interface Status {
  readonly status: string;
  readonly details?: { readonly causes?: readonly { readonly reason: string; readonly message: string }[] };
}

function exitCode(text: string): number {
  const { status, details } = JSON.parse(text) as Status;
  if (status === 'Success') return 0;
  return Number(details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message ?? -1);
}
