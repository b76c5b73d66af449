// The daemon's life: the order of start, what is served when, and the order of stop.
import { mkdirSync, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { addServices } from '../cri/services.ts';
import { deferred } from '../async/deferred.ts';
import { invalidArgument } from '../errors.ts';
import { findGroupId } from '../host/groups.ts';
import type { ImageService } from '../image/service.ts';
import type { Logger } from '../observe/logger.ts';
import { crisolVersion } from '../rpc/package-version.ts';
import { createLogger } from '../observe/logger.ts';
import { bindSocket, createServer, stopServer } from '../rpc/grpc-server.ts';
import { InFlight } from '../rpc/in-flight.ts';
import { Hangups } from './hangups.ts';
import { readHoldings } from './holdings.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { recover } from './recovery.ts';
import { reloadConfig } from './reload.ts';
import { reportHost } from './report-host.ts';
import { notifySystemd, watchdogIntervalMs } from './sd-notify.ts';
import { wire } from './wiring.ts';

/** Longer than the kubelet's longest wait before it asks for an image again. */
const INTERRUPTED_PULL_MS = 60 * 60 * 1000;

/** How long a stop waits for the calls in flight. */
const STOP_GRACE_MS = 30_000;

/**
 * Runs the daemon until SIGTERM or SIGINT. Pods run on when it ends. SIGHUP loads the configuration again.
 * @param given the configuration as it was read
 * @param reload reads the configuration anew; throws ConfigError with every problem
 * @returns the exit code
 * @throws when the socket is taken, another daemon runs here, or the state cannot be opened
 */
export async function runDaemon(given: Config, reload: () => Config): Promise<number> {
  const log = createLogger(given.logLevel);
  const stopping = stopSignal();
  // From the first moment: nobody listening, SIGHUP would end the daemon.
  const hangups = new Hangups();
  // Not SIGUSR1, at which Node opens a port for its debugger.
  process.on('SIGUSR2', () => log.info(readHoldings(), 'holdings'));
  const version = crisolVersion();
  log.info({ version, pid: process.pid, root: given.root, run: given.run }, 'crisol starts');
  reportHost(given, log);
  // The thread pool must exist, in the host's namespaces, before any Worker does.
  await stat('/');
  const config = inRealPlaces(given);
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
  const { handlers, network } = parts;
  hangups.listen(() => reloadConfig({ load: () => inRealPlaces(reload()), handlers, network, log }));
  collectGarbageLater(parts.images, log);
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

// Runtimes refuse a root file system whose path goes through a symbolic link.
function inRealPlaces(config: Config): Config {
  for (const place of [config.root, config.run]) mkdirSync(place, { recursive: true, mode: 0o711 });
  return { ...config, root: realpathSync(config.root), run: realpathSync(config.run) };
}

// What an interrupted pull had brought belongs to no image yet, and whoever asks for the image again needs it.
function collectGarbageLater(images: Pick<ImageService, 'collectGarbage'>, log: Logger): void {
  const collect = () => {
    images.collectGarbage().catch((error: unknown) => log.error({ err: error }, 'cannot collect garbage'));
  };
  setTimeout(collect, INTERRUPTED_PULL_MS).unref();
}

function startWatchdog(): NodeJS.Timeout | undefined {
  const interval = watchdogIntervalMs();
  return interval === undefined ? undefined : setInterval(() => notifySystemd('WATCHDOG=1'), interval);
}

function stopSignal(): Promise<void> {
  const stop = deferred<undefined>();
  process.once('SIGTERM', () => stop.resolve(undefined));
  process.once('SIGINT', () => stop.resolve(undefined));
  return stop.promise;
}

function requireGroup(name: string): number {
  const id = findGroupId(name);
  if (id === undefined) throw invalidArgument(`cri.socket_group "${name}" is no group of this host`);
  return id;
}
