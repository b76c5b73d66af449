// What is known about the plugins of the network in use: are they there, what do they speak, would ADD work.
// Learned beside the requests and read from memory.
import { errorCode, errorMessage } from '../errors.ts';
import type { NetworkConf, PluginConf } from './conf-schema.ts';
import type { PluginRunner, Verb } from './plugin.ts';
import { parseVersions } from './result-schema.ts';
import { isAtLeast } from './versions.ts';

const REFRESH_MS = 5000;
// CNI_COMMAND is one that the plugin does not know: it is older than the configuration says.
const UNKNOWN_VERB = '(code 4)';

export class NetworkHealth {
  readonly #runner: PluginRunner;
  readonly #versions = new Map<string, readonly string[]>();
  #network: NetworkConf | undefined;
  #problem: string | undefined;
  #refreshedAt = 0;
  #isRefreshing = false;

  constructor(runner: PluginRunner) {
    this.#runner = runner;
  }

  /** Why pods cannot be attached now, if so. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The versions each plugin says it speaks; plugins that were not asked yet are absent. */
  get versions(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(this.#versions);
  }

  /** Turns to another network. Whether its plugins exist is known on return, the rest some time later. */
  async turnTo(network: NetworkConf): Promise<void> {
    this.#network = network;
    this.#versions.clear();
    this.#problem = await this.#missing(network);
    void this.#refresh();
  }

  /** Looks again when the last look is old and something may have changed. Returns at once. */
  refreshLazily(): void {
    const mayChange = this.#problem !== undefined || this.#polled(this.#network).length > 0;
    if (mayChange && performance.now() - this.#refreshedAt > REFRESH_MS) void this.#refresh();
  }

  /** The network's plugins that have the verbs of CNI 1.1, GC and STATUS; those not asked yet are asked now. */
  async newestPlugins(network: NetworkConf): Promise<readonly PluginConf[]> {
    if (isAtLeast(network.cniVersion, '1.1.0')) await this.#incapable(network);
    return this.#polled(network);
  }

  #polled(network: NetworkConf | undefined): readonly PluginConf[] {
    if (network === undefined || !isAtLeast(network.cniVersion, '1.1.0')) return [];
    return network.plugins.filter(({ type }) => this.#versions.get(type)?.includes('1.1.0') === true);
  }

  async #refresh(): Promise<void> {
    const network = this.#network;
    if (network === undefined || this.#isRefreshing) return;
    this.#isRefreshing = true;
    try {
      const problem =
        (await this.#missing(network)) ?? (await this.#incapable(network)) ?? (await this.#refusal(network));
      if (network === this.#network) this.#problem = problem;
    } finally {
      this.#isRefreshing = false;
      this.#refreshedAt = performance.now();
    }
    if (network !== this.#network) await this.#refresh();
  }

  async #missing(network: NetworkConf): Promise<string | undefined> {
    try {
      for (const { type } of network.plugins) await this.#runner.binaries.find(type);
      return undefined;
    } catch (error) {
      return `network "${network.name}": ${errorMessage(error)}`;
    }
  }

  async #incapable(network: NetworkConf): Promise<string | undefined> {
    for (const plugin of network.plugins) {
      const versions = this.#versions.get(plugin.type) ?? (await this.#askVersions(network, plugin));
      if (versions === undefined || versions.includes(network.cniVersion)) continue;
      return (
        `network "${network.name}": plugin "${plugin.type}" does not speak CNI ${network.cniVersion}: ` +
        `set cniVersion to one of ${versions.join(', ')}`
      );
    }
    return undefined;
  }

  // A plugin that cannot answer VERSION may still work: not a problem by itself.
  async #askVersions(network: NetworkConf, plugin: PluginConf): Promise<readonly string[] | undefined> {
    const output = await this.#ask('VERSION', network, plugin).catch(() => '');
    const versions = parseVersions(output);
    if (versions !== undefined && network === this.#network) this.#versions.set(plugin.type, versions);
    return versions;
  }

  async #refusal(network: NetworkConf): Promise<string | undefined> {
    for (const plugin of this.#polled(network)) {
      try {
        await this.#ask('STATUS', network, plugin);
      } catch (error) {
        if (errorCode(error) === 'unknown' && errorMessage(error).endsWith(UNKNOWN_VERB)) continue;
        return errorMessage(error);
      }
    }
    return undefined;
  }

  #ask(verb: Verb, network: NetworkConf, plugin: PluginConf): Promise<string> {
    return this.#runner.run({ verb, network, plugin, variables: {}, additions: {} });
  }
}
