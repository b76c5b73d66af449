// [network]: CNI.
import { field, type Values } from './field.ts';
import { duration } from './units.ts';
import { listOf, path } from './value-types.ts';

export const NETWORK_FIELDS = {
  confDirs: field(
    'conf_dirs',
    (places) => [places.cniConf],
    listOf(path),
    'Directories with CNI configurations; the first file by name is used; they may come and go',
  ),
  binDirs: field(
    'bin_dirs',
    ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'],
    listOf(path),
    'Directories with CNI plugins, searched in this order',
  ),
  pluginTimeoutMs: field('plugin_timeout', '1m', duration, 'Longest run of one CNI plugin'),
};

export type NetworkConfig = Values<typeof NETWORK_FIELDS>;
