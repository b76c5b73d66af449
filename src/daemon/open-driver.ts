// Makes the driver of a handler, by the handler's kind.
import type { Config } from '../config/schema.ts';
import type { OrphanReaper } from '../host/orphans.ts';
import type { Logger } from '../observe/logger.ts';
import type { RuntimeDriver } from '../runtime/driver.ts';
import { OciCliDriver } from '../runtime/oci-cli/driver.ts';
import type { ExitWatcher } from '../runtime/oci-cli/exit-watcher.ts';
import { DEFAULT_TIMEOUTS } from '../runtime/oci-cli/options.ts';
import { DEFAULT_SHIM_TIMEOUTS } from '../runtime/shim-v2/options.ts';
import type { ShimHost } from '../runtime/shim-v2/shim-host.ts';
import type { HandlerSnapshot } from '../state/handler-snapshot.ts';
import type { Layout } from '../state/layout.ts';
import { RUNTIME_ENV } from './handler-settings.ts';

export interface DriverOptions {
  readonly config: Config;
  readonly layout: Layout;
  readonly exits: ExitWatcher;
  readonly shims: ShimHost;
  readonly orphans: OrphanReaper;
  readonly log: Logger;
}

/** A driver for pods that were made with this handler, whatever the configuration says now. */
export function openDriver(options: DriverOptions, snapshot: HandlerSnapshot): RuntimeDriver {
  const { exits, layout, orphans, log, config, shims } = options;
  const { name: handler, path, root, systemdCgroup, features } = snapshot;
  const { createTimeoutMs: createMs } = snapshot;
  const logSizeMax = config.cri.maxContainerLogSizeBytes;
  const shared = { handler, path, root, systemdCgroup, env: RUNTIME_ENV };
  if (snapshot.kind === 'shim-v2') {
    const timeouts = { ...DEFAULT_SHIM_TIMEOUTS, createMs, startMs: createMs };
    const own = { binary: snapshot.binary ?? undefined, configPath: snapshot.configPath ?? undefined };
    return shims.driver({ ...shared, ...own, version: features.version, timeouts }, features, logSizeMax);
  }
  const timeouts = { ...DEFAULT_TIMEOUTS, createMs, startMs: createMs };
  return new OciCliDriver({
    runtime: {
      ...shared,
      // The handler's own come last and win.
      args: [...features.ownArgs, ...snapshot.args],
      hostNetworkArgs: features.hostNetworkArgs ?? [],
      sandboxProcess: features.sandboxProcess,
      givesInputAway: features.givesInputAway,
      timeouts,
    },
    conmonPath: snapshot.monitor,
    exits,
    socketDir: layout.attach,
    ...(logSizeMax === undefined ? {} : { logSizeMax }),
    features,
    orphans,
    log,
  });
}
