import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { countOpenFiles, openFilesLimit } from '../../../src/host/open-files.ts';

const GONE = 2 ** 22 + 1;

describe('open files', () => {
  let child: ChildProcess;
  let server: Server;

  beforeAll(async () => {
    child = spawn('sh', ['-c', 'ulimit -Sn 321; exec 7</dev/null 8</dev/null; echo up; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout!, 'data');
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    child.kill();
    server.close();
  });

  it('countOpenFiles() adds up the descriptors of processes, and passes over those that are gone', async () => {
    const one = await countOpenFiles([child.pid!]);
    const more = await countOpenFiles([child.pid!, GONE, child.pid!]);

    expect(one.descriptors).toBe(readdirSync(`/proc/${child.pid!}/fd`).length);
    expect(one.descriptors).toBeGreaterThanOrEqual(5);
    expect(more).toEqual({ descriptors: 2 * one.descriptors, sockets: 2 * one.sockets });
  });

  it('countOpenFiles() tells sockets from files', async () => {
    const before = await countOpenFiles([process.pid]);
    const another = createServer().listen(0, '127.0.0.1');
    await once(another, 'listening');
    const after = await countOpenFiles([process.pid]);
    another.close();

    expect(after.sockets).toBe(before.sockets + 1);
  });

  it('openFilesLimit() is the soft limit', () => {
    expect(openFilesLimit(child.pid!)).toBe(321);
    expect(openFilesLimit(GONE)).toBeUndefined();
  });
});
