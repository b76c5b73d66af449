// `crisol image export`: images into an archive or layout on the daemon's host.
import { resolve } from 'node:path';
import type { ExportImagesResponse } from '../gen/crisol/v1/ExportImagesResponse.ts';
import { unary, withClient } from './client.ts';
import type { Command } from './command.ts';
import { SOCKET_OPTIONS, SOCKET_USAGE, socketOf } from './config-options.ts';

export const imageExport: Command = {
  name: 'image export',
  usage: `${SOCKET_USAGE} [--format oci|oci-archive|docker-archive] PATH IMAGE...`,
  summary: 'write images to an OCI layout or archive, or for docker load',
  options: { ...SOCKET_OPTIONS, format: { type: 'string' } },
  arity: [2, Infinity],
  run: async (call) => {
    const [path = '', ...images] = call.args;
    const request = { path: resolve(path), images, format: call.option('format') ?? 'oci-archive' };
    await withClient(socketOf(call), ({ admin }) =>
      unary<ExportImagesResponse>((done) => admin.exportImages(request, done)),
    );
    call.output.out(`${request.path}\n`);
    return 0;
  },
};
