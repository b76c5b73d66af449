// Which blobs would survive a power cut. A blob's file can be written by its owner until it was written through to the
// disk, and by nobody afterwards: the mode is the seal, so that a store of other tools' layout needs no file beside it.
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../errors.ts';
import { writeFileAtomic } from '../../host/atomic-file.ts';
import { bootId } from '../../host/procfs.ts';
import { isDigest } from '../digest.ts';
import { ALGORITHMS } from './layout.ts';

const SEALED_MODE = 0o400;
const WRITABLE = 0o200;

export interface FoundBlobs {
  /** Bytes of the blobs that can be trusted, by digest. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Those among them that are not sealed yet. */
  readonly unsealed: readonly string[];
  /** Written by an earlier boot, which did not live to seal them: to be shown once their digest is proven again. */
  readonly doubtful: ReadonlyMap<string, number>;
}

/** Seals a blob whose bytes are on the disk. */
export async function seal(path: string): Promise<void> {
  await chmod(path, SEALED_MODE);
}

/**
 * The blobs of a layout. In the boot that wrote them all are trusted: only a power cut loses what a process wrote.
 *
 * @param bootFile remembers the boot that used the store last
 */
export async function findBlobs(contentRoot: string, bootFile: string): Promise<FoundBlobs> {
  const isSameBoot = await isOfThisBoot(bootFile);
  const sizes = new Map<string, number>();
  const unsealed: string[] = [];
  const doubtful = new Map<string, number>();
  for (const algorithm of ALGORITHMS) {
    const directory = join(contentRoot, 'blobs', algorithm);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(directory)) {
      const digest = `${algorithm}:${name}`;
      const found = isDigest(digest) ? await statIfThere(join(directory, name)) : undefined;
      if (found === undefined) continue;
      const isSealed = (found.mode & WRITABLE) === 0;
      (isSealed || isSameBoot ? sizes : doubtful).set(digest, found.size);
      if (!isSealed && isSameBoot) unsealed.push(digest);
    }
  }
  return { sizes, unsealed, doubtful };
}

/** Has the blobs that are not sealed trusted until the next boot; only once nothing doubtful is left among them. */
export async function rememberBoot(bootFile: string): Promise<void> {
  if (!(await isOfThisBoot(bootFile))) await writeFileAtomic(bootFile, bootId());
}

async function isOfThisBoot(bootFile: string): Promise<boolean> {
  try {
    return (await readFile(bootFile, 'utf8')) === bootId();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

async function statIfThere(path: string): Promise<{ readonly mode: number; readonly size: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
