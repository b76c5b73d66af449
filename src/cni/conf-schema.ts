// The shape of a network configuration: a list of plugins, or one plugin standing for a list of one.
import { z } from 'zod';
import { errorMessage, failedPrecondition } from '../errors.ts';
import { CNI_VERSIONS, newestVersion } from './versions.ts';

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

const pluginSchema = z.looseObject({
  // Becomes a file name below the plugin directories, hence no slashes.
  type: z.string().regex(/^[^/\0]+$/, 'must be the file name of a plugin'),
  capabilities: z.record(z.string(), z.boolean()).optional(),
});

const listSchema = z.looseObject({
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'must be letters, digits, "_", "." and "-"'),
  cniVersion: z.string().optional(),
  cniVersions: z.array(z.string()).optional(),
  disableCheck: flag.optional(),
  disableGC: flag.optional(),
  plugins: z.array(pluginSchema).min(1),
});

/** One plugin's own part of the configuration, passed on to it as it is. */
export type PluginConf = z.infer<typeof pluginSchema>;

/** A network: what to run, in which order, in which version of the protocol. @see CNI spec 1.1, section 1 */
export interface NetworkConf {
  readonly name: string;
  readonly cniVersion: string;
  readonly disableCheck: boolean;
  readonly disableGC: boolean;
  readonly plugins: readonly PluginConf[];
}

/**
 * Checks parsed JSON and returns the network it describes. `loopback` plugins are left out: `lo` is up already.
 * A result without plugins is a loopback-only file, which is no pod network.
 * @throws failed-precondition with the place and the reason
 */
export function toNetworkConf(json: unknown): NetworkConf {
  const isSingle = typeof json === 'object' && json !== null && !('plugins' in json);
  const parsed = listSchema.safeParse(isSingle ? { ...json, plugins: [json] } : json);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw failedPrecondition(issues.join('; '));
  }
  const { name, cniVersion, cniVersions, disableCheck, disableGC, plugins } = parsed.data;
  const offered = [...(cniVersions ?? []), ...(cniVersion === undefined ? [] : [cniVersion])];
  const version = newestVersion(offered);
  if (version === undefined) {
    const said = offered.length === 0 ? 'is missing' : `"${offered.join(', ')}" is not supported`;
    throw failedPrecondition(`cniVersion ${said}, use one of ${CNI_VERSIONS.join(', ')}`);
  }
  return {
    name,
    cniVersion: version,
    disableCheck: disableCheck ?? false,
    disableGC: disableGC ?? false,
    plugins: plugins.filter(({ type }) => type !== 'loopback'),
  };
}

/** `toNetworkConf` for the text of a file. */
export function parseNetworkConf(text: string): NetworkConf {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw failedPrecondition(`not JSON: ${errorMessage(error)}`, error);
  }
  return toNetworkConf(json);
}
