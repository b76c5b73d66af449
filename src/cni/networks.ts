// The networks that pods get: the node's, and those of handlers that have a directory of their own.
import { ActiveNetwork, type ActiveNetworkOptions } from './active-network.ts';
import type { NetworkStatus } from './network-status.ts';

export class Networks {
  readonly #options: ActiveNetworkOptions;
  readonly #node: ActiveNetwork;
  /** By directory: handlers may share one. */
  readonly #own = new Map<string, ActiveNetwork>();

  constructor(options: ActiveNetworkOptions) {
    this.#options = options;
    this.#node = new ActiveNetwork(options);
  }

  async start(ownDirs: readonly string[]): Promise<void> {
    await Promise.all([this.#node.start(), this.follow(ownDirs)]);
  }

  /** Follows these directories from now on, and no other ones beside the node's. */
  async follow(ownDirs: readonly string[]): Promise<void> {
    for (const [directory, network] of this.#own) {
      if (ownDirs.includes(directory)) continue;
      network.stop();
      this.#own.delete(directory);
    }
    const added = [...new Set(ownDirs)].filter((directory) => !this.#own.has(directory));
    await Promise.all(
      added.map(async (directory) => {
        const network = this.#ownNetwork(directory);
        await network.start();
        // Not before: until it is loaded, `find` looks for itself.
        this.#own.set(directory, network);
      }),
    );
  }

  stop(): void {
    this.list().forEach((network) => network.stop());
  }

  /**
   * The network for a pod.
   * @param confDir the directory of the pod's handler; undefined: the node's. One that is not followed, because its
   *   handler has changed or gone meanwhile, is read for this once.
   */
  async find(confDir: string | undefined): Promise<ActiveNetwork> {
    if (confDir === undefined) return this.#node;
    const followed = this.#own.get(confDir);
    if (followed !== undefined) return followed;
    const network = this.#ownNetwork(confDir);
    await network.load();
    return network;
  }

  /** @param confDir one that is followed; undefined: the node's */
  status(confDir: string | undefined): NetworkStatus {
    const network = confDir === undefined ? this.#node : this.#own.get(confDir);
    if (network !== undefined) return network.status();
    return {
      ready: false,
      reason: 'NetworkPluginNotReady',
      message: `the CNI configuration in "${confDir ?? ''}" is not loaded yet`,
    };
  }

  list(): readonly ActiveNetwork[] {
    return [this.#node, ...this.#own.values()];
  }

  info(): object {
    const own = [...this.#own].map(([directory, network]) => [directory, network.info()] as const);
    return { ...this.#node.info(), ...(own.length === 0 ? {} : { handlerNetworks: Object.fromEntries(own) }) };
  }

  #ownNetwork(directory: string): ActiveNetwork {
    const { runner, log } = this.#options;
    return new ActiveNetwork({ confDirs: [directory], runner, log });
  }
}
