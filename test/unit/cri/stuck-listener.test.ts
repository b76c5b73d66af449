// A listener that stands still, in a process of its own: the daemon keeps what its queue holds, and no more.
import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CriDeps } from '../../../src/cri/deps.ts';
import { eventsRpcs } from '../../../src/cri/events-rpcs.ts';
import { ContainerEvents } from '../../../src/events/container-events.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { bindSocket, createServer } from '../../../src/rpc/grpc-server.ts';
import { loadProtocols } from '../../../src/rpc/load-proto.ts';
import { addService, findService } from '../../../src/rpc/service.ts';
import type { PodSnapshot } from '../../../src/state/pod-snapshot.ts';

const CLIENT = fileURLToPath(new URL('../../support/stopping-listener.js', import.meta.url));
const EVENTS = 20_000;
const QUEUE = 1000;
/** Of one event. All of them would be 400 MB. */
const BYTES = 20_000;
const MAX_GROWTH_BYTES = 100 * 1024 * 1024;

const log = createLogger('fatal');
const annotations = { filler: 'x'.repeat(BYTES) };
const config = { metadata: { name: 'p', uid: 'u', namespace: 'n', attempt: 0 }, labels: {}, annotations, linux: null };
const sandbox = { id: 'pod', config, status: { phase: 'ready' }, createdAt: '1', ips: [], runtimeHandler: '' };
const pod = { sandbox, containers: [] } as unknown as PodSnapshot;

describe('GetContainerEvents', () => {
  it('keeps the newest events of a listener that reads nothing, counts the others, and does not grow', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'crisol-events-'));
    const socket = join(directory, 's');
    const events = new ContainerEvents<PodSnapshot>({ podOf: () => pod, now: () => 1n, log });
    const server = createServer();
    const rpc = { log, ready: () => true, inFlight: () => undefined };
    const service = findService(loadProtocols(), 'runtime.v1.RuntimeService');
    addService(server, service, {}, rpc, {}, eventsRpcs({ events } as unknown as CriDeps, rpc));
    await bindSocket(server, socket, undefined);
    const client = spawn(process.execPath, [CLIENT, socket, 'last'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
    const said = async () => (await lines.next()).value as unknown;
    try {
      expect(await said()).toBe('listening');
      events.publish('created', 'first', 'pod');
      expect(await said()).toBe('stopping');

      const before = process.memoryUsage.rss();
      for (let count = 1; count < EVENTS; count += 1) {
        events.publish('started', `event-${count}`, 'pod');
        if (count % 100 === 0) await new Promise(setImmediate);
      }
      events.publish('stopped', 'last', 'pod');
      const grown = process.memoryUsage.rss() - before;
      client.kill('SIGCONT');
      const heard = Number(await said());

      expect(grown).toBeLessThan(MAX_GROWTH_BYTES);
      expect(heard).toBeGreaterThanOrEqual(QUEUE);
      expect(events.counters.dropped).toBe(EVENTS + 1 - heard);
      expect(events.counters.dropped).toBeGreaterThan(EVENTS - 2 * QUEUE);
    } finally {
      client.kill('SIGKILL');
      server.forceShutdown();
      rmSync(directory, { recursive: true });
    }
  }, 60_000);
});
