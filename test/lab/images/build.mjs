// Builds every image of list.mjs out of the trees of trees.sh into one OCI layout.
// Usage: node build.mjs TREES LAYOUT; prints "name:tag digest" a line.
import { join } from 'node:path';
import { ImageLayout } from './layout.mjs';
import { architecture, images } from './list.mjs';

const [trees, directory] = process.argv.slice(2);
const layout = new ImageLayout(directory);
const packed = new Map();
const other = architecture === 'amd64' ? 'arm64' : 'amd64';

function layer(name) {
  if (!packed.has(name)) packed.set(name, layout.putLayer(join(trees, name)));
  return packed.get(name);
}

for (const { name, tags, config, index, ...image } of images) {
  const layers = image.layers.map(layer);
  const mine = layout.putImage({ layers, config, architecture });
  // The other platform comes first and lacks a layer, so that taking the first entry shows.
  const wrong = () => layout.putImage({ layers: layers.slice(1), config, architecture: other });
  const descriptor = index ? layout.putIndex([wrong(), mine]) : mine;
  for (const tag of tags) {
    layout.name(descriptor, `${name}:${tag}`);
    console.log(`${name}:${tag} ${descriptor.digest}`);
  }
}
layout.finish();
