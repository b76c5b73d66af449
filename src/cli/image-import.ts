// `crisol image import`: images from an archive or layout on the daemon's host.
import { resolve } from 'node:path';
import type { ImportImageResponse } from '../gen/crisol/v1/ImportImageResponse.ts';
import { unary, withClient } from './client.ts';
import type { Command } from './command.ts';
import { SOCKET_OPTIONS, SOCKET_USAGE, socketOf } from './config-options.ts';

export const imageImport: Command = {
  name: 'image import',
  usage: `${SOCKET_USAGE} ARCHIVE [NAME...]`,
  summary: 'import an OCI or Docker archive, or an OCI layout directory',
  options: SOCKET_OPTIONS,
  arity: [1, Infinity],
  run: async (call) => {
    const [path = '', ...names] = call.args;
    const { images } = await withClient(socketOf(call), ({ admin }) =>
      unary<ImportImageResponse>((done) => admin.importImage({ path: resolve(path), names }, done)),
    );
    for (const image of images) call.output.out(`${[image.imageRef, ...image.names].join(' ')}\n`);
    return 0;
  },
};
