// Lays the files of an artifact out as the one layer of an image: packed as a tar, and unpacked like any other layer,
// inside the same walls and limits.
import { createReadStream } from 'node:fs';
import { throwIfAborted } from '../../async/abort.ts';
import type { ContentStore } from '../content/store.ts';
import { tarHeader, tarPadding, TAR_END } from '../export/tar-writer.ts';
import type { Layers } from '../layer-contract.ts';
import { OCI_LAYER } from '../media-types.ts';
import type { ArtifactFile } from './files.ts';

const CHUNK_BYTES = 1024 * 1024;
const MAX_HEADER_NAME = 100;

/**
 * Makes the layer of files whose blobs are in the store, and returns its chain id, the same for the same files. The tar
 * is garbage afterwards.
 */
export async function unpackArtifact(
  { content, layers }: { readonly content: ContentStore; readonly layers: Layers },
  files: readonly ArtifactFile[],
  signal: AbortSignal,
): Promise<string> {
  const ingest = content.startIngest();
  try {
    for (const directory of directoriesOf(files)) {
      await ingest.write(longName(`${directory}/`));
      await ingest.write(tarHeader(`${directory}/`, 0, 'directory'));
    }
    for (const { path, descriptor } of files) {
      throwIfAborted(signal);
      await ingest.write(longName(path));
      await ingest.write(tarHeader(path, descriptor.size));
      const blob = createReadStream(content.path(descriptor.digest), { highWaterMark: CHUNK_BYTES });
      for await (const chunk of blob as AsyncIterable<Buffer>) await ingest.write(chunk);
      await ingest.write(tarPadding(descriptor.size));
    }
    await ingest.write(TAR_END);
  } catch (error) {
    await ingest.abort();
    throw error;
  }
  const { digest } = await content.commit(ingest);
  try {
    const source = { path: content.path(digest), mediaType: OCI_LAYER, diffId: digest };
    await layers.unpack(digest, [], source, signal);
  } finally {
    await content.remove(digest);
  }
  return digest;
}

function directoriesOf(files: readonly ArtifactFile[]): readonly string[] {
  const directories = new Set<string>();
  for (const { path } of files) {
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) directories.add(path.slice(0, at));
  }
  return [...directories].sort();
}

/** GNU's entry before one whose name does not fit its header. */
function longName(name: string): Buffer {
  const bytes = Buffer.from(`${name}\0`);
  if (bytes.length <= MAX_HEADER_NAME) return Buffer.alloc(0);
  return Buffer.concat([tarHeader('././@LongLink', bytes.length, 'long-name'), bytes, tarPadding(bytes.length)]);
}
