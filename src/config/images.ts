// [images]: registries, credentials and pulls.
import { join } from 'node:path';
import { field, optional, type Values } from './field.ts';
import { duration } from './units.ts';
import { integer, listOf, path, text } from './value-types.ts';

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
  pinned: field('pinned', [], listOf(text), 'Images the kubelet must not garbage-collect; "*" matches any characters'),
  progressTimeoutMs: field('progress_timeout', '1m', duration, 'A pull that receives no byte for this long fails'),
  connectTimeoutMs: field('connect_timeout', '10s', duration, 'Longest time to reach a registry'),
  responseTimeoutMs: field('response_timeout', '30s', duration, "Longest wait for a registry's answer to a request"),
};

export type ImagesConfig = Values<typeof IMAGES_FIELDS>;
