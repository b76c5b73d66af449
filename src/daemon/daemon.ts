// The daemon's life: the order of start, what is served when, and the order of stop.
import { mkdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { addServices } from '../cri/services.ts';
import { deferred } from '../async/deferred.ts';
import { invalidArgument } from '../errors.ts';
import { findGroupId } from '../host/groups.ts';
import { crisolVersion } from '../rpc/package-version.ts';
import { createLogger, type Logger } from '../observe/logger.ts';
import { bindSocket, createServer, stopServer } from '../rpc/grpc-server.ts';
import { InFlight } from '../rpc/in-flight.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { recover } from './recovery.ts';
import { reportHost } from './report-host.ts';
import { notifySystemd, watchdogIntervalMs } from './sd-notify.ts';
import { wire } from './wiring.ts';

/** How long a stop waits for the calls in flight. */
const STOP_GRACE_MS = 30_000;

/**
 * Runs the daemon until SIGTERM or SIGINT. Pods run on when it ends.
 * @returns the exit code
 * @throws when the socket is taken, another daemon runs here, or the state cannot be opened
 */
export async function runDaemon(config: Config): Promise<number> {
  const log = createLogger(config.logLevel);
  const stopping = stopSignal(log);
  const version = crisolVersion();
  log.info({ version, pid: process.pid, root: config.root, run: config.run }, 'crisol starts');
  reportHost(config, log);
  // The thread pool must exist, in the host's namespaces, before any Worker does.
  await stat('/');
  mkdirSync(config.root, { recursive: true, mode: 0o711 });
  mkdirSync(config.run, { recursive: true, mode: 0o711 });
  takeInstanceLock(`${config.run}/crisol.lock`);

  const parts = await wire(config, version, log);
  const inFlight = new InFlight();
  let ready = false;
  const server = createServer();
  addServices(server, parts.cri, { log, ready: () => ready, inFlight: inFlight.change });
  const { socket, socketGroup } = config.cri;
  await bindSocket(server, socket, socketGroup === undefined ? undefined : requireGroup(socketGroup));
  await recover(parts.recovery);
  ready = true;
  parts.images.collectGarbage().catch((error: unknown) => log.error({ err: error }, 'cannot collect garbage'));
  log.info({ socket }, 'crisol is ready');
  notifySystemd('READY=1');
  const watchdog = startWatchdog();

  await stopping;
  notifySystemd('STOPPING=1');
  log.info({ inFlight: inFlight.count }, 'crisol stops; pods run on');
  clearInterval(watchdog);
  await stopServer(server, () => inFlight.idle(), STOP_GRACE_MS);
  await parts.close();
  return 0;
}

function startWatchdog(): NodeJS.Timeout | undefined {
  const interval = watchdogIntervalMs();
  return interval === undefined ? undefined : setInterval(() => notifySystemd('WATCHDOG=1'), interval);
}

function stopSignal(log: Logger): Promise<void> {
  const stop = deferred<undefined>();
  process.once('SIGTERM', () => stop.resolve(undefined));
  process.once('SIGINT', () => stop.resolve(undefined));
  process.on('SIGHUP', () => log.warn('SIGHUP changes nothing yet: restart crisol to load a new configuration'));
  return stop.promise;
}

function requireGroup(name: string): number {
  const id = findGroupId(name);
  if (id === undefined) throw invalidArgument(`cri.socket_group "${name}" is no group of this host`);
  return id;
}
