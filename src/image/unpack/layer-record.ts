// The file beside an unpacked layer: what it is, what it takes, and whether it would survive a power cut.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isErrno } from '../../errors.ts';
import { replaceFileSync, writeFileAtomic } from '../../host/atomic-file.ts';

export const LayerRecord = z.strictObject({
  version: z.literal(1),
  diffId: z.string(),
  bytes: z.number(),
  inodes: z.number(),
  /** The boot in which the layer was written: only in that boot can a layer that is not durable be trusted. */
  bootId: z.string(),
  /** Whether the layer's files were written through to the disk. */
  durable: z.boolean(),
  /** Over everything in it (see host/tree-listing.ts); taken once it is durable. */
  treeDigest: z.string().optional(),
});
export type LayerRecord = z.infer<typeof LayerRecord>;

/** The record of an unpacked layer, or undefined when it is absent or damaged. */
export async function loadLayerRecord(layer: string): Promise<LayerRecord | undefined> {
  let text: string;
  try {
    text = await readFile(`${layer}/layer.json`, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
  try {
    return LayerRecord.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Replaces the record; only that of a durable layer is itself written through to the disk. */
export async function saveLayerRecord(layer: string, record: LayerRecord): Promise<void> {
  const path = `${layer}/layer.json`;
  if (record.durable) await writeFileAtomic(path, JSON.stringify(record));
  else replaceFileSync(path, JSON.stringify(record));
}
