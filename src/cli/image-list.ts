// `crisol image list`: the images the daemon has.
import type { Image } from '../gen/runtime/v1/Image.ts';
import { unary, withClient } from './client.ts';
import type { Command } from './command.ts';
import { SOCKET_OPTIONS, SOCKET_USAGE, socketOf } from './config-options.ts';
import { humanSize } from './human-size.ts';
import { textTable } from './text-table.ts';

export const imageList: Command = {
  name: 'image list',
  usage: `${SOCKET_USAGE} [--json]`,
  summary: 'list images',
  options: { ...SOCKET_OPTIONS, json: { type: 'boolean' } },
  arity: [0, 0],
  run: async (call) => {
    const { images } = await withClient(socketOf(call), (client) =>
      unary<{ images: Image[] }>((done) => client.images.listImages({}, done)),
    );
    call.output.out(call.flag('json') ? `${JSON.stringify(images, null, 2)}\n` : textTable(rows(images)));
    return 0;
  },
};

function rows(images: readonly Image[]): string[][] {
  const body = images.flatMap((image) => {
    const names = image.repoTags.length > 0 ? image.repoTags : [image.repoDigests[0] ?? '<none>'];
    const pinned = image.pinned ? 'pinned' : '';
    return names.map((name) => [
      name,
      image.id.replace(/^sha256:/, '').slice(0, 13),
      humanSize(Number(image.size)),
      pinned,
    ]);
  });
  return [['IMAGE', 'ID', 'SIZE', ''], ...body.sort(([one = ''], [other = '']) => (one < other ? -1 : 1))];
}
