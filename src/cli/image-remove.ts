// `crisol image remove`: removes images by name, digest or id.
import type { RemoveImageResponse } from '../gen/runtime/v1/RemoveImageResponse.ts';
import { unary, withClient } from './client.ts';
import type { Command } from './command.ts';
import { SOCKET_OPTIONS, SOCKET_USAGE, socketOf } from './config-options.ts';

export const imageRemove: Command = {
  name: 'image remove',
  usage: `${SOCKET_USAGE} IMAGE...`,
  summary: 'remove images; an image that is not there is no error',
  options: SOCKET_OPTIONS,
  arity: [1, Infinity],
  run: (call) =>
    withClient(socketOf(call), async ({ images }) => {
      for (const image of call.args) {
        await unary<RemoveImageResponse>((done) => images.removeImage({ image: { image } }, done));
        call.output.out(`${image}\n`);
      }
      return 0;
    }),
};
