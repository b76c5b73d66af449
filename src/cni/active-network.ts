// A network that new pods get: read from the configuration directories and kept up to date, or embedded.
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../observe/logger.ts';
import { loadConf, type LoadedConf } from './conf-loader.ts';
import { toNetworkConf, type NetworkConf } from './conf-schema.ts';
import { ConfWatcher } from './conf-watcher.ts';
import { NetworkHealth } from './network-health.ts';
import { networkStatus, type NetworkStatus } from './network-status.ts';
import type { PluginRunner } from './plugin.ts';

export interface ActiveNetworkOptions {
  /** Directories of network configurations; undefined: `embedded` is used. */
  readonly confDirs: readonly string[] | undefined;
  readonly embedded?: object | undefined;
  readonly runner: PluginRunner;
  readonly log: Logger;
}

export class ActiveNetwork {
  readonly health: NetworkHealth;
  readonly #options: ActiveNetworkOptions;
  readonly #watcher: ConfWatcher | undefined;
  #loaded: LoadedConf | undefined;
  #isLoading = false;
  #isStale = false;

  constructor(options: ActiveNetworkOptions) {
    this.#options = options;
    const { confDirs, runner, log } = options;
    this.health = new NetworkHealth(runner);
    if (confDirs === undefined) return;
    this.#watcher = new ConfWatcher({ directories: confDirs, log, onChange: () => void this.load() });
  }

  get network(): NetworkConf | undefined {
    return this.#loaded?.network;
  }

  get path(): string | undefined {
    return this.#loaded?.path;
  }

  get problems(): readonly string[] {
    return this.#loaded?.problems ?? [];
  }

  /** From memory; looks for news of the plugins in the background where there may be some. */
  status(): NetworkStatus {
    this.health.refreshLazily();
    return networkStatus(this, this.health.problem, this.#options.confDirs);
  }

  /** For the verbose status: what is in use and what was found out about it. */
  info(): object {
    const { path, network, problems } = this;
    return { confDirs: this.#options.confDirs, path, network, problems, pluginVersions: this.health.versions };
  }

  /** Loads the configuration and follows its changes until `stop`. */
  async start(): Promise<void> {
    this.#watcher?.start();
    await this.load();
  }

  stop(): void {
    this.#watcher?.stop();
  }

  /** Loads the configuration as it is now. */
  async load(): Promise<void> {
    const { confDirs, embedded } = this.#options;
    if (confDirs === undefined) {
      if (embedded !== undefined) await this.#use({ network: toNetworkConf(embedded), problems: [] });
      return;
    }
    this.#isStale = true;
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        await this.#use(await loadConf(confDirs));
      }
    } finally {
      this.#isLoading = false;
    }
  }

  async #use(loaded: LoadedConf): Promise<void> {
    if (isDeepStrictEqual(loaded, this.#loaded)) return;
    const { log } = this.#options;
    const { network, path, problems } = loaded;
    this.#loaded = loaded;
    if (problems.length > 0) log.warn({ problems }, 'network configuration files passed over');
    if (network === undefined) {
      log.warn({ confDirs: this.#options.confDirs }, 'no network configuration');
      return;
    }
    log.info({ path, network: network.name, plugins: network.plugins.map(({ type }) => type) }, 'network configured');
    await this.health.turnTo(network);
  }
}
