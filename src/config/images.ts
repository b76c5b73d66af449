// [images]: registries, credentials and pulls.
import { join } from 'node:path';
import { field, optional, type Values } from './field.ts';
import { duration, size } from './units.ts';
import { flag, integer, listOf, path, text } from './value-types.ts';

export const IMAGES_FIELDS = {
  registryDirs: field(
    'registry_dirs',
    (places) => [join(places.etc, 'certs.d')],
    listOf(path),
    'Directories with HOST/hosts.toml: mirrors, certificates and headers per registry; the first that has HOST counts',
  ),
  dockerConfig: optional(
    'docker_config',
    '/root/.docker/config.json',
    path,
    'Docker config.json whose credentials and helpers are used when the kubelet sends none',
  ),
  maxConcurrentLayers: field(
    'max_concurrent_layers',
    4,
    integer(1, 64),
    'Layers fetched and unpacked at a time, over all pulls',
  ),
  maxConnections: field(
    'max_connections',
    6,
    integer(1, 256),
    'Connections that fetch layers from one registry at a time, over all pulls',
  ),
  rangeBytes: field(
    'range_size',
    '8MiB',
    size,
    'Larger layers are fetched in ranges of this size, side by side, where the registry serves ranges',
  ),
  maxRanges: field(
    'max_ranges',
    4,
    integer(1, 64),
    'Ranges of one layer that are fetched at a time, and held in memory; 1 fetches every layer in one go',
  ),
  minRateBytes: field(
    'min_rate',
    '1KiB',
    size,
    'A download slower than this per second, over the progress_timeout, is given up; "0B" puts up with any',
  ),
  discardBlobs: field(
    'discard_blobs',
    false,
    flag,
    'Drop compressed layers once they are unpacked: half the space, but such images cannot be exported',
  ),
  pinned: field('pinned', [], listOf(text), 'Images the kubelet must not garbage-collect; "*" matches any characters'),
  progressTimeoutMs: field(
    'progress_timeout',
    '1m',
    duration,
    'A download that receives no byte for this long is given up; the next mirror goes on where it stopped',
  ),
  connectTimeoutMs: field('connect_timeout', '10s', duration, 'Longest time to reach a registry'),
  responseTimeoutMs: field('response_timeout', '30s', duration, "Longest wait for a registry's answer to a request"),
};

export type ImagesConfig = Values<typeof IMAGES_FIELDS>;
