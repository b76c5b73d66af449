// The files of an archive or a layout directory, brought into the content store, each under the digest it really has.
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { createGunzip } from 'node:zlib';
import { DaemonError, errorMessage, invalidArgument } from '../../errors.ts';
import type { Expected } from '../content/ingest.ts';
import type { ContentStore } from '../content/store.ts';
import { readTar } from '../unpack/tar-reader.ts';

/** By path inside the archive, without a leading `./`. */
export type ArchiveFiles = ReadonlyMap<string, Expected>;

const CHUNK_BYTES = 1024 * 1024;
// Links to links are legal, loops are not.
const MAX_LINKS = 8;

/**
 * Stores every regular file of an archive (plain or gzip) or directory.
 * @throws invalid-argument when the archive cannot be read
 */
export async function storeArchiveFiles(content: ContentStore, path: string): Promise<ArchiveFiles> {
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(path)).isDirectory();
  } catch (error) {
    throw invalidArgument(`archive "${path}" cannot be read: ${errorMessage(error)}`, error);
  }
  const files = new Map<string, Expected>();
  const store = async (name: string, bytes: AsyncIterable<Buffer>) => {
    files.set(name, await storeStream(content, bytes));
  };
  await (isDirectory ? eachDirectoryFile(path, store) : eachTarFile(path, store, files));
  return files;
}

async function storeStream(content: ContentStore, bytes: AsyncIterable<Buffer>): Promise<Expected> {
  const ingest = content.startIngest();
  try {
    for await (const chunk of bytes) await ingest.write(chunk);
  } catch (error) {
    await ingest.abort();
    throw error;
  }
  return content.commit(ingest);
}

type Store = (name: string, bytes: AsyncIterable<Buffer>) => Promise<void>;

async function eachDirectoryFile(root: string, store: Store): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length).replace(/^\/+/, '');
    await store(name, createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>);
  }
}

async function eachTarFile(path: string, store: Store, files: Map<string, Expected>): Promise<void> {
  const links = new Map<string, string>();
  try {
    for await (const { entry, content } of readTar(await openArchive(path))) {
      const name = posix.normalize(`/${entry.path}`).slice(1);
      if (entry.type === 'file') await store(name, content);
      // `docker save` used to link a layer that two images share.
      else if (entry.type === 'symlink') links.set(name, posix.join('/', posix.dirname(name), entry.linkPath).slice(1));
      else if (entry.type === 'hardlink') links.set(name, posix.normalize(`/${entry.linkPath}`).slice(1));
    }
  } catch (error) {
    if (error instanceof DaemonError && error.code === 'resource-exhausted') throw error;
    throw invalidArgument(`archive "${path}" cannot be read: ${errorMessage(error)}`, error);
  }
  for (const [name, first] of links) {
    let target: string | undefined = first;
    for (let hop = 0; hop < MAX_LINKS && target !== undefined && !files.has(target); hop += 1)
      target = links.get(target);
    const file = target === undefined ? undefined : files.get(target);
    if (file !== undefined) files.set(name, file);
  }
}

async function openArchive(path: string): Promise<AsyncIterable<Buffer>> {
  const file = await open(path);
  const magic = Buffer.alloc(2);
  try {
    await file.read(magic, 0, 2, 0);
  } finally {
    await file.close();
  }
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return stream as AsyncIterable<Buffer>;
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  stream.on('error', (error) => gunzip.destroy(error));
  gunzip.on('close', () => stream.destroy());
  return stream.pipe(gunzip) as AsyncIterable<Buffer>;
}
