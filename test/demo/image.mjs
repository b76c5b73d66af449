// Packs a tree into an OCI layout with one image, the one the demo runs. Usage: node image.mjs TREE LAYOUT
import { ImageLayout } from '../lab/images/layout.mjs';
import { architecture } from '../lab/images/list.mjs';

const [tree, directory] = process.argv.slice(2);
const layout = new ImageLayout(directory);
const config = { Cmd: ['sh'], Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'] };
layout.name(
  layout.putImage({ layers: [layout.putLayer(tree)], config, architecture }),
  'localhost/demo/busybox:latest',
);
layout.finish();
