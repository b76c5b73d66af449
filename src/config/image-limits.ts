// [images.limits]: what one image may cost, against bombs.
import { field, type Values } from './field.ts';
import { size } from './units.ts';
import { integer } from './value-types.ts';

export const IMAGE_LIMITS_FIELDS = {
  maxManifestBytes: field('max_manifest_size', '4MiB', size, 'Largest manifest or index'),
  maxLayers: field('max_layers', 500, integer(1, 100_000), 'Most layers of an image'),
  maxEntries: field('max_layer_entries', 5_000_000, integer(1, 1_000_000_000), 'Most files in one layer'),
  maxBytes: field('max_layer_size', '256GiB', size, 'Largest layer, uncompressed'),
  maxDepth: field('max_path_depth', 512, integer(1, 2048), 'Most directories in one path of a layer'),
  maxRatio: field(
    'max_compression_ratio',
    1000,
    integer(2, 1_000_000),
    'Most uncompressed bytes for each compressed one; asked of layers larger than 1 GiB',
  ),
};

export type ImageLimitsConfig = Values<typeof IMAGE_LIMITS_FIELDS>;
