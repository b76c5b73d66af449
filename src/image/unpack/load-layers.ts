// Reads the layer directory at start: which layers can be trusted, and what has to go.
import { readdir, rename } from 'node:fs/promises';
import { removeMount } from '../../host/mounts.ts';
import { bootId } from '../../host/procfs.ts';
import { loadLayerRecord, type LayerRecord } from './layer-record.ts';

export interface LoadedLayers {
  readonly layers: ReadonlyMap<string, LayerRecord>;
  /** Paths to be removed; nothing is mounted there any more. */
  readonly leftovers: readonly string[];
}

/**
 * Sorts the entries of a layer store's root. A layer without a readable record, or one that an earlier boot had not
 * written through, is renamed away so that it cannot be mistaken for a good one.
 */
export async function loadLayers(root: string): Promise<LoadedLayers> {
  const layers = new Map<string, LayerRecord>();
  const leftovers: string[] = [];
  const boot = bootId();
  for (const name of await readdir(root)) {
    const path = `${root}/${name}`;
    if (name.startsWith('tmp-')) {
      removeMount(`${path}/merged`);
      leftovers.push(path);
      continue;
    }
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    const record = await loadLayerRecord(path);
    if (record !== undefined && (record.durable || record.bootId === boot)) {
      layers.set(`sha256:${name}`, record);
    } else {
      const grave = `${root}/tmp-${name}`;
      await rename(path, grave);
      leftovers.push(grave);
    }
  }
  return { layers, leftovers };
}
