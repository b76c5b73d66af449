// Clients of exec, attach and port-forward that are cut off at a random point, from before they connect to the middle
// of their output.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { CriClient } from '../e2e/cri-client.ts';
import type { Random } from './random.ts';
import { SpdyClient, upgradeRequest } from './spdy-client.ts';

/** What can be attached to and forwarded. */
export interface Targets {
  readonly pod: string;
  readonly container: string;
  /** Reads its standard input, without and with a terminal. */
  readonly reader: string;
  readonly terminal: string;
  /** Where the pod's web server listens, and a large file there. */
  readonly port: number;
  readonly path: string;
}

interface Wanted {
  readonly url: URL;
  readonly streams: readonly string[];
  readonly protocol: string;
  readonly subprotocol: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly input: Buffer;
}

const LONGEST_MS = 60;
/** More than the windows and buffers on the way. */
const MUCH = Buffer.alloc(1 << 20, 'a line of input\n');
const PORTS = { protocol: 'portforward.k8s.io', subprotocol: 'SPDY/3.1+portforward.k8s.io' };
const COMMANDS = { protocol: 'v4.channel.k8s.io', subprotocol: 'v5.channel.k8s.io' };

export class DroppedClients {
  readonly #client: CriClient;
  readonly #targets: Targets;
  readonly #random: Random;

  constructor(client: CriClient, targets: Targets, random: Random) {
    this.#client = client;
    this.#targets = targets;
    this.#random = random;
  }

  async run(): Promise<void> {
    const wanted = await this.#ask();
    const stage = this.#random(8);
    // Some clients never come.
    if (stage === 0) return;
    if (stage === 1) await this.#knock(wanted, this.#random(200));
    else if (wanted.protocol === PORTS.protocol || this.#random(2) === 0) await this.#spdy(wanted, stage);
    else await this.#webSocket(wanted, stage);
  }

  #ask(): Promise<Wanted> {
    const { reader, terminal } = this.#targets;
    const ways = [
      () => this.#exec(['sh'], true, Buffer.from('ls -l /bin\n')),
      () => this.#exec(['sh', '-c', 'stty -echo; yes'], true, Buffer.alloc(0)),
      () => this.#exec(['yes'], false, Buffer.alloc(0)),
      () => this.#exec(['cat'], false, MUCH),
      () => this.#exec(['sleep', '1'], false, MUCH),
      () => this.#attach(reader, false),
      () => this.#attach(terminal, true),
      () => this.#forward(),
      () => this.#forward(),
    ];
    return ways[this.#random(ways.length)]!();
  }

  async #exec(cmd: string[], tty: boolean, input: Buffer): Promise<Wanted> {
    const containerId = this.#targets.container;
    const { url } = await this.#client.call('Exec', { containerId, cmd, tty, stdin: true, stdout: true });
    return command(url, tty, input);
  }

  async #attach(containerId: string, tty: boolean): Promise<Wanted> {
    const { url } = await this.#client.call('Attach', { containerId, tty, stdin: true, stdout: true });
    return command(url, tty, Buffer.from('a line\n'));
  }

  async #forward(): Promise<Wanted> {
    const { pod, port, path } = this.#targets;
    const { url } = await this.#client.call('PortForward', { podSandboxId: pod, port: [port] });
    const headers = { port: String(port), requestid: '0' };
    const input = Buffer.from(`GET ${path} HTTP/1.0\r\n\r\n`);
    return { url: new URL(url), streams: ['error', 'data'], headers, input, ...PORTS };
  }

  /** Sends no more than the first `count` bytes of the request. */
  async #knock({ url, protocol }: Wanted, count: number): Promise<void> {
    const socket = connect(Number(url.port), url.hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(upgradeRequest(url, protocol).slice(0, count));
    await this.#cut(socket);
  }

  async #spdy({ url, protocol, streams, headers, input }: Wanted, stage: number): Promise<void> {
    const client = await SpdyClient.open(url, protocol);
    const opened = streams
      .slice(0, stage === 2 ? this.#random(streams.length) : streams.length)
      .map((streamtype) => ({ streamtype, id: client.stream({ ...headers, streamtype }) }));
    const target = opened.find(({ streamtype }) => streamtype === 'stdin' || streamtype === 'data');
    if (target !== undefined) client.send(target.id, input.subarray(0, this.#random(input.length + 1)));
    await this.#cut(client.socket);
  }

  async #webSocket({ url, subprotocol, input }: Wanted, stage: number): Promise<void> {
    const socket = new WebSocket(url.href.replace('http:', 'ws:'), [subprotocol]);
    socket.on('error', () => undefined);
    await once(socket, 'open');
    if (stage > 2) {
      for (let at = 0, end = this.#random(input.length + 1); at < end; at += 32_768) {
        socket.send(Buffer.concat([Buffer.of(0), input.subarray(at, at + 32_768)]));
      }
    }
    await sleep(this.#random(LONGEST_MS));
    socket.terminate();
  }

  async #cut(socket: Socket): Promise<void> {
    await sleep(this.#random(LONGEST_MS));
    if (this.#random(2) === 0) socket.resetAndDestroy();
    else socket.destroy();
  }
}

function command(url: string, tty: boolean, input: Buffer): Wanted {
  const streams = ['error', 'stdin', 'stdout', ...(tty ? ['resize'] : [])];
  return { url: new URL(url), streams, headers: {}, input, ...COMMANDS };
}
