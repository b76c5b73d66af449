// `crisol image prune`: removes what no container uses and nobody pinned.
import type { ImageUsageResponse } from '../gen/crisol/v1/ImageUsageResponse.ts';
import type { RemoveImageResponse } from '../gen/runtime/v1/RemoveImageResponse.ts';
import { unary, withClient } from './client.ts';
import type { Command } from './command.ts';
import { SOCKET_OPTIONS, SOCKET_USAGE, socketOf } from './config-options.ts';
import { humanSize } from './human-size.ts';

export const imagePrune: Command = {
  name: 'image prune',
  usage: `${SOCKET_USAGE} [--dry-run]`,
  summary: 'remove every image that no container uses and that is not pinned',
  options: { ...SOCKET_OPTIONS, 'dry-run': { type: 'boolean' } },
  arity: [0, 0],
  run: (call) =>
    withClient(socketOf(call), async ({ admin, images }) => {
      const usage = () => unary<ImageUsageResponse>((done) => admin.imageUsage({}, done));
      const before = await usage();
      for (const [id, name] of unneeded(before)) {
        if (!call.flag('dry-run'))
          await unary<RemoveImageResponse>((done) => images.removeImage({ image: { image: id } }, done));
        call.output.out(`${name}\n`);
      }
      const freed = call.flag('dry-run')
        ? Number(before.reclaimable?.bytes ?? 0)
        : sizeOf(before) - sizeOf(await usage());
      call.output.out(`${humanSize(Math.max(freed, 0))} ${call.flag('dry-run') ? 'to be freed' : 'freed'}\n`);
      return 0;
    }),
};

/** Names by id. One image may be there for several handlers: it goes when it may go for all of them. */
function unneeded({ images }: ImageUsageResponse): ReadonlyMap<string, string> {
  const kept = new Set(images.filter(({ used, pinned }) => used || pinned).map(({ id }) => id));
  const visible = images.filter(({ id, hidden }) => !hidden && !kept.has(id));
  return new Map(visible.map(({ id, names }) => [id, names[0] ?? id]));
}

function sizeOf({ blobs, layers }: ImageUsageResponse): number {
  return Number(blobs?.bytes ?? 0) + Number(layers?.bytes ?? 0);
}
