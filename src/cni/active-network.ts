// The network new pods get: read from the configuration directories and kept up to date, or embedded.
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../observe/logger.ts';
import { loadConf, type LoadedConf } from './conf-loader.ts';
import { toNetworkConf, type NetworkConf } from './conf-schema.ts';
import { ConfWatcher } from './conf-watcher.ts';
import type { NetworkHealth } from './network-health.ts';

export interface ActiveNetworkOptions {
  readonly confDirs: readonly string[] | undefined;
  readonly embedded: object | undefined;
  readonly health: NetworkHealth;
  readonly log: Logger;
}

export class ActiveNetwork {
  readonly #options: ActiveNetworkOptions;
  readonly #watcher: ConfWatcher | undefined;
  #loaded: LoadedConf | undefined;
  #isLoading = false;
  #isStale = false;

  constructor(options: ActiveNetworkOptions) {
    this.#options = options;
    const { confDirs, log } = options;
    if (confDirs === undefined) return;
    this.#watcher = new ConfWatcher({ directories: confDirs, log, onChange: () => void this.#reload() });
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

  async start(): Promise<void> {
    const { embedded } = this.#options;
    this.#watcher?.start();
    if (this.#watcher !== undefined) await this.#reload();
    else if (embedded !== undefined) await this.#use({ network: toNetworkConf(embedded), problems: [] });
  }

  stop(): void {
    this.#watcher?.stop();
  }

  async #reload(): Promise<void> {
    this.#isStale = true;
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        await this.#use(await loadConf(this.#options.confDirs ?? []));
      }
    } finally {
      this.#isLoading = false;
    }
  }

  async #use(loaded: LoadedConf): Promise<void> {
    if (isDeepStrictEqual(loaded, this.#loaded)) return;
    const { health, log } = this.#options;
    const { network, path, problems } = loaded;
    this.#loaded = loaded;
    if (problems.length > 0) log.warn({ problems }, 'network configuration files passed over');
    if (network === undefined) {
      log.warn({ confDirs: this.#options.confDirs }, 'no network configuration');
      return;
    }
    log.info({ path, network: network.name, plugins: network.plugins.map(({ type }) => type) }, 'network configured');
    await health.turnTo(network);
  }
}
