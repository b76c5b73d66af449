// Hosts without libzstd: the zstd program decompresses a blob into a file first.
import { closeSync, openSync, readSync } from 'node:fs';
import { failedPrecondition, invalidArgument, isErrno } from '../../errors.ts';
import { DEFAULT_PATH, runCommand } from '../../host/run-command.ts';
import { hasZstd } from '../../host/zstd.ts';
import { detectCompression } from './decompress.ts';
import type { LayerBlob } from './layer-job.ts';

function isZstd(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(4);
    return detectCompression(head.subarray(0, readSync(fd, head, 0, 4, 0))) === 'zstd';
  } finally {
    closeSync(fd);
  }
}

/**
 * A blob that `decompress` can read: `blob` itself wherever possible, else `spare`, which is written. Without libzstd
 * the blob must be whole.
 *
 * @throws failed-precondition when zstd is needed and neither library nor program is there
 */
export async function readableBlob(blob: LayerBlob, spare: string, signal: AbortSignal): Promise<LayerBlob> {
  if (hasZstd() || !isZstd(blob.path)) return blob;
  const args = ['zstd', '--quiet', '--decompress', '-o', spare, blob.path];
  const env = { PATH: DEFAULT_PATH };
  const result = await runCommand({ file: '/usr/bin/env', args, env, signal }).catch((error: unknown) => {
    throw isErrno(error, 'ENOENT') ? missing() : error;
  });
  if (result.exitCode === 127) throw missing();
  if (result.exitCode !== 0) throw invalidArgument(`zstd: ${result.stderr.toString().trim()}`);
  return { path: spare };
}

function missing(): Error {
  return failedPrecondition('the layer is compressed with zstd: install libzstd.so.1 or the zstd program');
}
