// Chain IDs: the identity of a layer on top of the layers below it.
import { digestOf } from './digest.ts';

/**
 * The chain id of each layer, bottom first.
 * @param diffIds digests of the uncompressed layers, bottom first
 * @see OCI image-spec, config.md, "Layer ChainID"
 */
export function chainIds(diffIds: readonly string[]): readonly string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}
