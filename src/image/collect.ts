// Throws away content and layers that no image, pull or container needs.
import { errorMessage } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import type { Catalog } from './catalog.ts';
import type { ContentStore } from './content/store.ts';
import type { Layers } from './layer-contract.ts';
import type { Leases } from './leases.ts';

export interface CollectDeps {
  readonly catalog: Catalog;
  readonly content: ContentStore;
  readonly layers: Layers;
  readonly leases: Leases;
  readonly log: Logger;
}

/** Collects garbage; may be repeated and may run beside pulls. One failing removal does not stop the others. */
export async function collectGarbage(deps: CollectDeps): Promise<void> {
  await deps.catalog.dropHidden();
  const { catalog, content, layers } = deps;
  // Layers before blobs, should the daemon die in between: nobody fetches the blob of a layer that is there. And upper
  // layers first: none ever lies without those below it.
  for (const chainId of [...layers.list()].reverse()) {
    const isNeeded = () => catalog.needsLayer(chainId);
    await removeUnused(deps, chainId, isNeeded, () => layers.remove(chainId));
  }
  for (const digest of content.list()) {
    const isNeeded = () => catalog.needsBlob(digest);
    await removeUnused(deps, digest, isNeeded, () => content.remove(digest));
  }
}

async function removeUnused(
  deps: CollectDeps,
  digest: string,
  isNeeded: () => boolean,
  remove: () => Promise<void>,
): Promise<void> {
  // Asked anew each time and without a wait before the removal: a pull may have come for it in the meantime.
  if (deps.leases.has(digest) || isNeeded()) return;
  try {
    await remove();
  } catch (error) {
    deps.log.warn({ digest, err: errorMessage(error) }, 'unused image content could not be removed');
  }
}
