// Plugins that have nothing to do for a pod: not started, because a start is most of what a plugin costs.
import type { NetworkConf, PluginConf } from './conf-schema.ts';

// Reference plugins that hand on the previous result when their capability has no value, and whose DEL then finds
// nothing to remove; `fixed` are the fields by which the configuration itself gives them work.
const IDLE_WITHOUT: Readonly<Record<string, { readonly capability: string; readonly fixed: readonly string[] }>> = {
  portmap: { capability: 'portMappings', fixed: [] },
  bandwidth: { capability: 'bandwidth', fixed: ['ingressRate', 'ingressBurst', 'egressRate', 'egressBurst'] },
};

function isIdle(plugin: PluginConf, runtimeConfig: Readonly<Record<string, unknown>>): boolean {
  const rule = IDLE_WITHOUT[plugin.type];
  if (rule === undefined) return false;
  const isDeclared = plugin.capabilities?.[rule.capability] === true;
  return isDeclared && runtimeConfig[rule.capability] === undefined && rule.fixed.every((name) => !(name in plugin));
}

/** The network without the plugins that are idle for these values; the first plugin always stays. */
export function withoutIdlePlugins(
  network: NetworkConf,
  runtimeConfig: Readonly<Record<string, unknown>>,
): NetworkConf {
  const plugins = network.plugins.filter((plugin, index) => index === 0 || !isIdle(plugin, runtimeConfig));
  return { ...network, plugins };
}
