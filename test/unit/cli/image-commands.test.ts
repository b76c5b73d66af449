import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from '../../../src/cli/cli.ts';
import type { ProtoGrpcType as AdminPackage } from '../../../src/gen/admin.ts';
import type { ProtoGrpcType as CriPackage } from '../../../src/gen/api.ts';
import { loadProtocols } from '../../../src/rpc/load-proto.ts';

let directory: string;
let socket: string;
let server: grpc.Server;
let requests: unknown[];

const { crisol, runtime } = loadProtocols() as unknown as AdminPackage & CriPackage;
const images = [
  { id: `sha256:${'b'.repeat(64)}`, repoTags: ['docker.io/library/b:2', 'docker.io/library/a:1'], size: '1234567' },
  { id: `sha256:${'c'.repeat(64)}`, repoDigests: ['quay.io/c@sha256:00'], size: '5', pinned: true },
];
const admin = {
  PullImage: (call: grpc.ServerWritableStream<Record<string, unknown>, unknown>) => {
    requests.push(call.request);
    if (call.request['image'] === 'gone') {
      call.emit('error', {
        code: grpc.status.NOT_FOUND,
        details: 'image "gone" not found',
        metadata: new grpc.Metadata(),
      });
      return;
    }
    const layer = { digest: `sha256:${'d'.repeat(64)}`, totalBytes: '2000' };
    call.write({ layers: [{ ...layer, state: 'DOWNLOADING', doneBytes: '1000' }] });
    call.write({ layers: [{ ...layer, state: 'DONE', doneBytes: '2000' }] });
    if (call.request['image'] !== 'odd') call.write({ imageRef: 'sha256:ee' });
    call.end();
  },
  ImportImage: (call: grpc.ServerUnaryCall<unknown, unknown>, done: grpc.sendUnaryData<unknown>) => {
    requests.push(call.request);
    done(null, { images: [{ imageRef: 'sha256:ff', names: ['x:1'] }] });
  },
};
const imageService = {
  ListImages: (_call: unknown, done: grpc.sendUnaryData<unknown>) => done(null, { images }),
  RemoveImage: (call: grpc.ServerUnaryCall<unknown, unknown>, done: grpc.sendUnaryData<unknown>) => {
    requests.push(call.request);
    done(null, {});
  },
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-cli-'));
  socket = join(directory, 's.sock');
  requests = [];
  server = new grpc.Server();
  server.addService(crisol.v1.Admin.service, admin);
  server.addService(runtime.v1.ImageService.service, imageService);
  await new Promise((resolve) => {
    server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), resolve);
  });
});
afterEach(() => {
  server.forceShutdown();
  rmSync(directory, { recursive: true });
});

async function image(verb: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runCli(['image', verb, '--socket', socket, ...args], {
    output: { out: (text) => (out += text), err: (text) => (err += text), terminal: undefined },
    runDaemon: () => Promise.resolve(0),
    checkHandlers: () => Promise.resolve([]),
    readStdin: () => Promise.resolve('secret\n'),
  });
  return { code, out, err };
}

describe('crisol image pull', () => {
  it('shows each layer and ends with the image', async () => {
    expect(await image('pull', 'busybox')).toEqual({ code: 0, out: 'dddddddddddd done 2.00KB\nsha256:ee\n', err: '' });
  });

  it('takes the password from standard input', async () => {
    await image('pull', '--username', 'me', '--password-stdin', 'busybox');

    expect(requests).toEqual([{ image: 'busybox', username: 'me', password: 'secret' }]);
  });

  it("fails with the daemon's own message", async () => {
    expect(await image('pull', 'gone')).toEqual({ code: 1, out: '', err: 'crisol: image "gone" not found\n' });
  });

  it('fails when the daemon ends without a result', async () => {
    expect(await image('pull', 'odd')).toMatchObject({ code: 1, err: expect.stringContaining('without a result') });
  });
});

describe('crisol image list', () => {
  it('shows one line per name', async () => {
    expect((await image('list')).out.split('\n')).toEqual([
      'IMAGE                  ID             SIZE',
      'docker.io/library/a:1  bbbbbbbbbbbbb  1.23MB',
      'docker.io/library/b:2  bbbbbbbbbbbbb  1.23MB',
      'quay.io/c@sha256:00    ccccccccccccc  5B      pinned',
      '',
    ]);
  });

  it('prints the images as JSON', async () => {
    expect(JSON.parse((await image('list', '--json')).out)).toMatchObject(images);
  });
});

describe('crisol image import', () => {
  it('sends an absolute path and the names', async () => {
    expect(await image('import', 'a.tar', 'x:1')).toMatchObject({ code: 0, out: 'sha256:ff x:1\n' });
    expect(requests).toEqual([{ path: join(process.cwd(), 'a.tar'), names: ['x:1'] }]);
  });
});

describe('crisol image remove', () => {
  it('removes each image', async () => {
    expect(await image('remove', 'a', 'b')).toMatchObject({ code: 0, out: 'a\nb\n' });
    expect(requests).toMatchObject([{ image: { image: 'a' } }, { image: { image: 'b' } }]);
  });
});

describe('crisol image', () => {
  it('says so when nobody listens on the socket', async () => {
    socket = join(directory, 'stale.sock');
    writeFileSync(socket, '');

    expect(await image('list')).toMatchObject({ code: 1, err: expect.stringContaining('nobody listens there') });
  });
});
