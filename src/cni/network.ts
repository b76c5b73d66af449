// The verbs of a whole network: its plugins in order for ADD and CHECK, in reverse for DEL.
import { sleep } from '../async/timeout.ts';
import { DaemonError, errorCode } from '../errors.ts';
import type { AttachmentRecord } from './attachment-record.ts';
import type { NetworkConf, PluginConf } from './conf-schema.ts';
import { quoteOutput, type PluginRunner, type Verb } from './plugin.ts';
import { parseResult, type PluginResult } from './result-schema.ts';
import { isAtLeast } from './versions.ts';

/** The pod's interface; loopback is not made by plugins. */
export const INTERFACE_NAME = 'eth0';

// Two pods leaving at once contend for iptables: "Device or resource busy" is gone a moment later.
const RETRY_DELAYS_MS = [100, 300, 900];

/** A verb on one plugin of an attachment. */
function runOn(
  runner: PluginRunner,
  verb: Verb,
  { network, sandboxId, netnsPath, cniArgs, runtimeConfig }: AttachmentRecord,
  plugin: PluginConf,
  prevResult: unknown,
): Promise<string> {
  const wanted = Object.entries(runtimeConfig).filter(([name]) => plugin.capabilities?.[name] === true);
  return runner.run({
    verb,
    network,
    plugin,
    variables: {
      CNI_CONTAINERID: sandboxId,
      CNI_IFNAME: INTERFACE_NAME,
      CNI_ARGS: cniArgs,
      // Left out when the namespace is gone: plugins then free what they hold outside it.
      ...(netnsPath === undefined ? {} : { CNI_NETNS: netnsPath }),
    },
    additions: {
      ...(wanted.length === 0 ? {} : { runtimeConfig: Object.fromEntries(wanted) }),
      ...(prevResult === undefined ? {} : { prevResult }),
    },
  });
}

/**
 * Runs ADD on each plugin in order and returns the last result.
 * @param onStarted told of each plugin right before it runs
 */
export async function addNetwork(
  runner: PluginRunner,
  attachment: AttachmentRecord,
  onStarted: (plugin: PluginConf) => void,
): Promise<PluginResult> {
  const { network } = attachment;
  let result: PluginResult = {};
  for (const [index, plugin] of network.plugins.entries()) {
    onStarted(plugin);
    const output = await runOn(runner, 'ADD', attachment, plugin, index === 0 ? undefined : result);
    const parsed = parseResult(output);
    if (parsed === undefined) {
      throw new DaemonError(
        'unknown',
        `network "${network.name}": plugin "${plugin.type}" printed no valid result of ADD: ${quoteOutput(output)}`,
      );
    }
    result = parsed;
  }
  return result;
}

/**
 * Runs DEL on the given plugins in reverse, each a few times with back-off. Stops at the first that keeps failing:
 * an address must not be free for others while port mappings still lead to it. May be repeated.
 */
export async function deleteNetwork(
  runner: PluginRunner,
  attachment: AttachmentRecord,
  plugins: readonly PluginConf[],
): Promise<void> {
  const prevResult = isAtLeast(attachment.network.cniVersion, '0.4.0') ? attachment.result : undefined;
  for (const plugin of plugins.toReversed()) {
    await retried(() => runOn(runner, 'DEL', attachment, plugin, prevResult));
  }
}

async function retried(work: () => Promise<unknown>): Promise<void> {
  for (const delayMs of RETRY_DELAYS_MS) {
    try {
      await work();
      return;
    } catch (error) {
      // A missing plugin stays missing, and one that hangs has used up its time.
      if (errorCode(error) === 'failed-precondition' || errorCode(error) === 'deadline-exceeded') throw error;
    }
    await sleep(delayMs);
  }
  await work();
}

/** Runs CHECK on each plugin in order; nothing where the network's version or its configuration has no CHECK. */
export async function checkNetwork(runner: PluginRunner, attachment: AttachmentRecord): Promise<void> {
  const { network, result } = attachment;
  if (network.disableCheck || result === undefined || !isAtLeast(network.cniVersion, '0.4.0')) return;
  for (const plugin of network.plugins) await runOn(runner, 'CHECK', attachment, plugin, result);
}

/** Runs GC on one plugin: all of its attachments in this network but those of `sandboxIds` are freed. */
export async function collectGarbage(
  runner: PluginRunner,
  network: NetworkConf,
  plugin: PluginConf,
  sandboxIds: readonly string[],
): Promise<void> {
  const valid = sandboxIds.map((containerID) => ({ containerID, ifname: INTERFACE_NAME }));
  await runner.run({
    verb: 'GC',
    network,
    plugin,
    variables: {},
    additions: { 'cni.dev/valid-attachments': valid },
  });
}
