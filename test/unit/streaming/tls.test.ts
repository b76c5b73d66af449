// The streaming server over TLS: certificates of test/fixtures/tls, all signed by the authority in ca.crt.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IncomingMessage } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { readTlsFiles } from '../../../src/host/tls-files.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { StreamingServer } from '../../../src/streaming/server.ts';
import type { ExecRequest } from '../../../src/streaming/session.ts';

const FIXTURES = 'test/fixtures/tls';
const ca = readFileSync(`${FIXTURES}/ca.crt`);
const EXEC: ExecRequest = {
  ...{ kind: 'exec', containerId: 'c', command: ['echo'] },
  ...{ tty: false, stdin: false, stdout: true, stderr: false },
};

let directory = '';
let server: StreamingServer | undefined;

/** A copy that a test may replace. */
function file(name: string, fixture = name): string {
  const path = join(directory, name);
  copyFileSync(`${FIXTURES}/${fixture}`, path);
  return path;
}

async function start(clientCa?: string): Promise<StreamingServer> {
  const tls = { cert: file('server.crt'), key: file('server.key'), clientCa };
  server = await StreamingServer.start({
    ...{ address: '127.0.0.1', port: 0, log: createLogger('fatal'), tls },
    runtime: {
      exec: (_request, { stdout }) => new Promise((resolve) => stdout!.end('over tls', () => resolve(0))),
      attach: () => Promise.reject(new TypeError('not here')),
      connect: () => Promise.reject(new TypeError('not here')),
    },
  });
  return server;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-tls-'));
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

async function answer(url: string, options: RequestOptions = {}): Promise<number | undefined> {
  const [response] = (await once(request(url, { ca, agent: false, ...options }).end(), 'response')) as [
    IncomingMessage,
  ];
  response.resume();
  return response.statusCode;
}

/** The name in the certificate that the server shows. */
async function shown(url: string, maxVersion?: 'TLSv1.1' | 'TLSv1.2'): Promise<string> {
  const { port } = new URL(url);
  const ciphers = maxVersion === 'TLSv1.1' ? { minVersion: 'TLSv1' as const, ciphers: 'DEFAULT:@SECLEVEL=0' } : {};
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: Number(port),
    ca,
    ...(maxVersion && { maxVersion }),
    ...ciphers,
  });
  try {
    await once(socket, 'secureConnect');
    return String(socket.getPeerCertificate().subject.CN);
  } finally {
    socket.destroy();
  }
}

describe('StreamingServer with TLS', () => {
  it('issues https URLs and serves a client there, once', async () => {
    const url = (await start()).issue(EXEC);
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/exec\//);

    const socket = new WebSocket(url.replace('https:', 'wss:'), ['v5.channel.k8s.io'], { ca });
    const messages: string[] = [];
    socket.on('message', (message: Buffer) => messages.push(message.toString()));
    await once(socket, 'close');

    expect(messages).toContain('\u0001over tls');
    expect(await answer(url)).toBe(404);
  });

  it('refuses versions below 1.2', async () => {
    const url = (await start()).issue(EXEC);

    await expect(shown(url, 'TLSv1.1')).rejects.toMatchObject({ code: expect.stringMatching(/PROTOCOL|VERSION/) });
    expect(await shown(url, 'TLSv1.2')).toBe('crisol test server');
  });

  it('wants a certificate of clients when it has their authority', async () => {
    const streaming = await start(file('ca.crt'));
    const client = { cert: readFileSync(`${FIXTURES}/client.crt`), key: readFileSync(`${FIXTURES}/client.key`) };

    await expect(answer(streaming.issue(EXEC))).rejects.toThrow();
    expect(await answer(streaming.issue(EXEC), client)).toBe(400);
  });

  it('serves a renewed certificate, and the former one while the new files do not fit together', async () => {
    const streaming = await start();
    expect(await shown(streaming.issue(EXEC))).toBe('crisol test server');

    file('server.crt', 'renewed.crt');
    expect(await shown(streaming.issue(EXEC))).toBe('crisol test server');
    file('server.key', 'renewed.key');
    expect(await shown(streaming.issue(EXEC))).toBe('crisol test renewed');
    rmSync(join(directory, 'server.crt'));
    expect(await shown(streaming.issue(EXEC))).toBe('crisol test renewed');
  });

  it('does not start with files it cannot use, and says which', async () => {
    const tls = { cert: file('server.crt'), key: file('other.key', 'client.key'), clientCa: undefined };
    const options = { address: '127.0.0.1', port: 0, log: createLogger('fatal'), tls, runtime: {} as never };

    await expect(StreamingServer.start(options)).rejects.toMatchObject({
      code: 'failed-precondition',
      message: `streaming.tls_key: "${tls.key}" is not the key of the certificate in "${tls.cert}"`,
    });
  });
});

describe('readTlsFiles()', () => {
  const paths = { cert: `${FIXTURES}/server.crt`, key: `${FIXTURES}/server.key`, clientCa: `${FIXTURES}/ca.crt` };

  it.each([
    {
      what: 'a missing file',
      change: { cert: '/nowhere/x.crt' },
      role: 'tls_cert',
      words: 'cannot read "/nowhere/x.crt"',
    },
    { what: 'a directory', change: { key: '/tmp' }, role: 'tls_key', words: 'cannot read "/tmp"' },
    { what: 'a key for a certificate', change: { cert: paths.key }, role: 'tls_cert', words: 'not hold a certificate' },
    { what: 'a certificate for a key', change: { key: paths.cert }, role: 'tls_key', words: 'not hold a private key' },
    { what: 'a key for an authority', change: { clientCa: paths.key }, role: 'tls_client_ca', words: 'a certificate' },
  ])('names the file and the fault: $what', ({ change, role, words }) => {
    expect(() => readTlsFiles({ ...paths, ...change })).toThrow(
      expect.objectContaining({ role, message: expect.stringContaining(words) }),
    );
  });

  it('takes nothing for a certificate that is empty', () => {
    const empty = join(directory, 'empty');
    writeFileSync(empty, '');
    expect(() => readTlsFiles({ ...paths, cert: empty })).toThrow(expect.objectContaining({ role: 'tls_cert' }));
  });
});
