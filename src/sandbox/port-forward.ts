// PortForward: a connection to a port of a pod's own loopback.
import { once } from 'node:events';
import { Socket, type SocketConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { withTimeout } from '../async/timeout.ts';
import { DaemonError, errorMessage, failedPrecondition } from '../errors.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { netnsPath, planNamespaces } from '../state/pod-namespaces.ts';
import type { SandboxDeps } from './deps.ts';
import { pauseRef } from './pause.ts';

const CONNECT_MS = 30_000;

/** The pod, which must be ready. @throws failed-precondition otherwise */
export function readySandbox(deps: Pick<SandboxDeps, 'index'>, idOrPrefix: string): SandboxRecord {
  const record = deps.index.get(idOrPrefix);
  if (record.status.phase === 'ready') return record;
  throw failedPrecondition(`pod sandbox "${record.id}" is not ready: nothing listens in it`);
}

/**
 * Connects to a port as the pod's own containers would: its loopback, IPv4 first. Where the network is inside a virtual
 * machine or a sandbox of its own, the runtime is asked, or the pod's address is called from outside.
 *
 * @returns the connection, half-open when one side ends
 * @throws unavailable when nobody answers
 * @see CRI RuntimeService.PortForward
 */
export async function connectToPort(
  deps: Pick<SandboxDeps, 'index' | 'handlers' | 'namespaces' | 'layout'>,
  sandboxId: string,
  port: number,
): Promise<Duplex> {
  const record = readySandbox(deps, sandboxId);
  const driver = deps.handlers.driverOf(record);
  switch (driver.features.portForward) {
    case 'driver':
      return driver.connect(pauseRef(deps, record.id), port);
    case 'pod-address':
      if (record.ips[0] === undefined) return connectToLoopback(deps, record, port);
      return connect(new Socket({ allowHalfOpen: true }), { host: record.ips[0], port });
    case 'netns':
      return connectToLoopback(deps, record, port);
  }
}

async function connectToLoopback(
  deps: Pick<SandboxDeps, 'namespaces' | 'layout'>,
  record: SandboxRecord,
  port: number,
): Promise<Socket> {
  try {
    return await connect(await loopbackSocket(deps, record, 4), { host: '127.0.0.1', port });
  } catch (first) {
    try {
      return await connect(await loopbackSocket(deps, record, 6), { host: '::1', port });
    } catch {
      throw first;
    }
  }
}

async function loopbackSocket(
  deps: Pick<SandboxDeps, 'namespaces' | 'layout'>,
  record: SandboxRecord,
  family: 4 | 6,
): Promise<Socket> {
  if (planNamespaces(record.config).hostNetwork) return new Socket({ allowHalfOpen: true });
  const fd = await deps.namespaces.podSocket(netnsPath(deps.layout, record.id), family);
  return new Socket({ fd, allowHalfOpen: true });
}

async function connect(socket: Socket, target: SocketConnectOpts & { host: string; port: number }): Promise<Socket> {
  const what = `connect to ${target.host} port ${target.port}`;
  try {
    socket.connect(target);
    await withTimeout(once(socket, 'connect'), CONNECT_MS, what);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error instanceof DaemonError
      ? error
      : new DaemonError('unavailable', `${what}: ${errorMessage(error)}`, error);
  }
}
