// The runtime handlers: proved at load, picked by name for new pods, and kept for the pods that were made with them.
import { release } from 'node:os';
import type { OrphanReaper } from '../host/orphans.ts';
import type { Logger } from '../observe/logger.ts';
import type { HandlerStatus } from '../cri/deps.ts';
import type { RuntimeDriver } from '../runtime/driver.ts';
import type { HandlerVerdict } from '../runtime/handler.ts';
import { OciCliDriver } from '../runtime/oci-cli/driver.ts';
import type { ExitWatcher } from '../runtime/oci-cli/exit-watcher.ts';
import { DEFAULT_TIMEOUTS } from '../runtime/oci-cli/options.ts';
import { preflight } from '../runtime/preflight.ts';
import { RuntimeRegistry } from '../runtime/registry.ts';
import type { HandlerSnapshot } from '../state/handler-snapshot.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import {
  handlerSnapshot,
  handlerSpec,
  notServed,
  onKernel,
  RUNTIME_ENV,
  type HandlerSettings,
} from './handler-settings.ts';

export interface HandlersOptions extends HandlerSettings {
  readonly exits: ExitWatcher;
  readonly orphans: OrphanReaper;
  readonly log: Logger;
}

export class Handlers {
  readonly #options: HandlersOptions;
  readonly #registry: RuntimeRegistry;
  readonly #snapshots: ReadonlyMap<string, HandlerSnapshot>;
  readonly #drivers = new Map<string, RuntimeDriver>();

  /** Proves every configured handler, side by side. One that fails is reported and refused; the rest serve on. */
  static async prove(options: HandlersOptions): Promise<Handlers> {
    const { config, layout } = options;
    const oci = Object.entries(config.runtimes).flatMap(([name, handler]) =>
      handler.kind === 'oci' ? [{ name, handler }] : [],
    );
    const verdicts = await preflight(
      oci.map(({ name, handler }) => handlerSpec(options, name, handler)),
      { runDir: layout.run, cachePath: layout.preflightCache },
      options.log,
    );
    return new Handlers(options, new Map(oci.map(({ name }, index) => [name, verdicts[index]])));
  }

  private constructor(options: HandlersOptions, verdicts: ReadonlyMap<string, HandlerVerdict | undefined>) {
    const { config } = options;
    this.#options = options;
    const proved = Object.entries(config.runtimes).map(([name, handler]) => {
      const verdict = onKernel(verdicts.get(name) ?? notServed(handler.path), release());
      return { name, handler, verdict, snapshot: handlerSnapshot(options, name, handler, verdict) };
    });
    this.#snapshots = new Map(proved.map(({ name, snapshot }) => [name, snapshot]));
    this.#registry = new RuntimeRegistry({
      handlers: proved.map(({ name, verdict, snapshot }) => ({ name, verdict, driver: this.#driver(snapshot) })),
      defaultHandler: config.cri.defaultRuntime,
    });
  }

  /** @throws not-found for an unknown handler, failed-precondition for one that failed its preflight */
  resolve(name: string): { readonly snapshot: HandlerSnapshot; readonly driver: RuntimeDriver } {
    const handler = this.#registry.select(name);
    const snapshot = this.#snapshots.get(handler.name);
    if (snapshot === undefined) throw new ReferenceError(`no snapshot of handler "${handler.name}"`);
    return { snapshot, driver: handler.driver };
  }

  /** The driver a sandbox was made with, whatever the configuration says now. */
  driverOf(sandbox: SandboxRecord): RuntimeDriver {
    return this.#driver(sandbox.handler);
  }

  /** Every driver in use: those configured and those of older sandboxes. */
  drivers(): readonly RuntimeDriver[] {
    return [...this.#drivers.values()];
  }

  #driver(snapshot: HandlerSnapshot): RuntimeDriver {
    const key = JSON.stringify(snapshot);
    const known = this.#drivers.get(key);
    if (known !== undefined) return known;
    const { exits, layout, orphans, log, config } = this.#options;
    const logSizeMax = config.cri.maxContainerLogSizeBytes;
    const driver = new OciCliDriver({
      runtime: {
        handler: snapshot.name,
        path: snapshot.path,
        args: snapshot.args,
        root: snapshot.root,
        systemdCgroup: snapshot.systemdCgroup,
        env: RUNTIME_ENV,
        timeouts: { ...DEFAULT_TIMEOUTS, createMs: snapshot.createTimeoutMs },
      },
      conmonPath: snapshot.monitor,
      exits,
      socketDir: layout.attach,
      ...(logSizeMax === undefined ? {} : { logSizeMax }),
      features: snapshot.features,
      orphans,
      log,
    });
    this.#drivers.set(key, driver);
    return driver;
  }

  /** For Status: every handler, and the default one once more under ''. */
  statuses(): HandlerStatus[] {
    const named = this.#registry.list().map(({ name, verdict }) => ({
      name,
      ready: verdict.state === 'ready',
      reason: verdict.state === 'ready' ? '' : verdict.reason,
      recursiveReadOnlyMounts: verdict.features.recursiveReadOnlyMounts,
      userNamespaces: verdict.features.userNamespaces,
      details: { path: verdict.path, monitor: verdict.monitor, ...verdict.features },
    }));
    const standard = named.find(({ name }) => name === this.#registry.defaultHandler);
    return standard === undefined ? named : [{ ...standard, name: '' }, ...named];
  }
}
