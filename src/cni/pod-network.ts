// The pod network as sandboxes see it: attach, detach, is it ready. Attachments are recorded before they are made.
import { KeyedQueue } from '../async/keyed-queue.ts';
import { DaemonError, errorMessage, unavailable } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import { cniArgsOf, runtimeConfigOf, type AttachRequest } from './attach-request.ts';
import { AttachmentRecords, type AttachmentRecord } from './attachment-record.ts';
import type { PluginConf } from './conf-schema.ts';
import { withoutIdlePlugins } from './idle-plugins.ts';
import type { NetworkStatus } from './network-status.ts';
import { addNetwork, checkNetwork, collectGarbage, deleteNetwork } from './network.ts';
import { Networks } from './networks.ts';
import { PluginBinaries } from './plugin-binaries.ts';
import { PluginRunner } from './plugin.ts';
import { podAddresses, type PluginResult } from './result-schema.ts';

export interface PodNetworkOptions {
  /** Directories of network configurations; undefined: `embedded` is used. */
  readonly confDirs: readonly string[] | undefined;
  /** A conflist to use instead of files. */
  readonly embedded?: object;
  readonly binDirs: readonly string[];
  /** Durable directory: one file per attached sandbox. */
  readonly cacheDir: string;
  /** Milliseconds for one run of one plugin. */
  readonly pluginTimeoutMs: number;
  readonly log: Logger;
}

export interface Attachment {
  /** Without prefix length, the primary one first. */
  readonly ips: readonly string[];
  readonly networkName: string;
  /** The last plugin's result, as printed. */
  readonly result: unknown;
}

export class PodNetwork {
  readonly #options: PodNetworkOptions;
  readonly #runner: PluginRunner;
  readonly #networks: Networks;
  readonly #records: AttachmentRecords;
  readonly #queue = new KeyedQueue();

  constructor(options: PodNetworkOptions) {
    const { confDirs, embedded, binDirs, cacheDir, pluginTimeoutMs, log } = options;
    this.#options = options;
    this.#runner = new PluginRunner({ binaries: new PluginBinaries(binDirs), timeoutMs: pluginTimeoutMs, log });
    this.#networks = new Networks({ confDirs, embedded, runner: this.#runner, log });
    this.#records = new AttachmentRecords(cacheDir);
  }

  /**
   * Loads the configuration and follows its changes. A missing one is no error: see `status`.
   * @param ownDirs as for `follow`
   */
  async start(ownDirs: readonly string[] = []): Promise<void> {
    await this.#records.open();
    await this.#networks.start(ownDirs);
  }

  /** Follows these directories of handlers from now on, and no other ones. Attachments keep the network they have. */
  follow(ownDirs: readonly string[]): Promise<void> {
    return this.#networks.follow(ownDirs);
  }

  stop(): void {
    this.#networks.stop();
  }

  /**
   * From memory; looks for news in the background where there may be some.
   * @param confDir a handler's own directory, which is followed; undefined: the node's network
   */
  status(confDir?: string): NetworkStatus {
    return this.#networks.status(confDir);
  }

  /**
   * Gives a sandbox its interface and addresses. On failure what was made is undone; when even that fails, the
   * record stays for `detach`.
   * @throws unavailable without a configuration or when a plugin asks to try again; else as `PluginRunner.run`
   */
  attach(request: AttachRequest): Promise<Attachment> {
    return this.#queue.run(request.sandboxId, async () => {
      const { own } = request;
      const active = await this.#networks.find(own?.confDir);
      const { network: configured } = active;
      if (configured === undefined) {
        const place = own === undefined ? '' : `cni_conf_dir of runtime handler "${own.handler}": `;
        throw unavailable(`${place}${active.status().message}`);
      }
      const { sandboxId, netnsPath } = request;
      const runtimeConfig = runtimeConfigOf(request);
      const network = withoutIdlePlugins(configured, runtimeConfig);
      const cniArgs = cniArgsOf(request);
      for (const { type } of network.plugins) await this.#runner.binaries.find(type);
      const record: AttachmentRecord = { version: 1, sandboxId, netnsPath, cniArgs, runtimeConfig, network };
      await this.#records.save(record);
      const result = await this.#add(record);
      return { ips: podAddresses(result), networkName: network.name, result };
    });
  }

  async #add(record: AttachmentRecord): Promise<PluginResult> {
    const started: PluginConf[] = [];
    try {
      const result = await addNetwork(this.#runner, record, (plugin) => started.push(plugin));
      if (podAddresses(result).length === 0) {
        throw new DaemonError('unknown', `network "${record.network.name}" gave the pod no address`);
      }
      this.#records.saveResult(record, result);
      return result;
    } catch (error) {
      await this.#undo(record, started);
      throw error;
    }
  }

  async #undo(record: AttachmentRecord, started: readonly PluginConf[]): Promise<void> {
    const { sandboxId } = record;
    try {
      await deleteNetwork(this.#runner, record, started);
      await this.#records.remove(sandboxId);
    } catch (err) {
      this.#options.log.warn({ sandboxId, reason: errorMessage(err) }, 'cannot undo a failed attachment yet');
    }
  }

  /**
   * Takes a sandbox off its network with the configuration it was attached with. May be repeated; does nothing for
   * a sandbox that is not attached.
   * @param netnsPath undefined when the namespace is gone
   * @param confDir the directory of the sandbox's handler, for when it is not known any more what it was attached with
   */
  detach(sandboxId: string, netnsPath: string | undefined, confDir?: string): Promise<void> {
    return this.#queue.run(sandboxId, async () => {
      const record = await this.#find(sandboxId, netnsPath, confDir);
      if (record === undefined) return;
      await deleteNetwork(this.#runner, { ...record, netnsPath }, record.network.plugins);
      await this.#records.remove(sandboxId);
    });
  }

  // A damaged record must not keep its pod for ever: the current network is the best guess.
  async #find(
    sandboxId: string,
    netnsPath: string | undefined,
    confDir: string | undefined,
  ): Promise<AttachmentRecord | undefined> {
    const record = await this.#records.find(sandboxId);
    if (record !== 'damaged') return record;
    const { network } = await this.#networks.find(confDir);
    this.#options.log.warn({ sandboxId }, 'damaged attachment record, using the current network instead');
    if (network !== undefined) {
      return { version: 1, sandboxId, netnsPath, cniArgs: 'IgnoreUnknown=1', runtimeConfig: {}, network };
    }
    await this.#records.remove(sandboxId);
    return undefined;
  }

  /** Asks the plugins whether an attachment is still as they made it. @throws as `PluginRunner.run` */
  check(sandboxId: string, netnsPath: string): Promise<void> {
    return this.#queue.run(sandboxId, async () => {
      const record = await this.#records.find(sandboxId);
      if (record === undefined || record === 'damaged') return;
      await checkNetwork(this.#runner, { ...record, netnsPath });
    });
  }

  /** What the plugins answered when a sandbox was attached; undefined when it is not, or its record is damaged. */
  async resultOf(sandboxId: string): Promise<unknown> {
    const record = await this.#records.find(sandboxId);
    return record === 'damaged' ? undefined : record?.result;
  }

  /** Sandboxes that are attached, or were while an attach or detach was cut short. */
  cachedSandboxes(): Promise<readonly string[]> {
    return this.#records.list();
  }

  /** Frees what plugins hold for sandboxes that are neither named nor recorded. Best effort: failures are logged. */
  async gc(validSandboxIds: readonly string[]): Promise<void> {
    const known = [...new Set([...validSandboxIds, ...(await this.#records.list())])];
    for (const { network, health } of this.#networks.list()) {
      if (network === undefined || network.disableGC) continue;
      for (const plugin of await health.newestPlugins(network)) {
        await collectGarbage(this.#runner, network, plugin, known).catch((err: unknown) => {
          this.#options.log.warn({ plugin: plugin.type, reason: errorMessage(err) }, 'network garbage not collected');
        });
      }
    }
  }

  /** For the verbose status: what is in use and what was found out about it; handlers' own networks by directory. */
  info(): object {
    return { binDirs: this.#options.binDirs, ...this.#networks.info() };
  }
}
