// What a layer takes away from the layers below it, as overlay marks or, on a merged view, by removing.
import { readdirSync } from 'node:fs';
import { nativePath } from '../../host/byte-path.ts';
import { mknod } from '../../host/kernel.ts';
import { isWhiteout, type LayerTree } from './layer-tree.ts';

const CHARACTER_DEVICE = 0o020000;

/**
 * Hides `path` of the layers below. What this layer itself put there stays, before or after: whiteouts mean lower
 * layers only.
 */
export function hideLower(tree: LayerTree, path: string): void {
  if (tree.mode === 'base') return;
  const stat = tree.lookUp(path);
  if (tree.mode === 'merged') {
    if (!tree.made.has(path)) tree.clear(path);
    else if (stat?.isDirectory() === true) hideUnmade(tree, path);
  } else if (stat === undefined) {
    mknod(nativePath(path), CHARACTER_DEVICE, 0, 0);
    tree.tally.addNode();
  } else if (stat.isDirectory()) tree.makeOpaque(path);
}

/** Hides everything the layers below have in `directory`. */
export function hideLowerContent(tree: LayerTree, directory: string): void {
  if (tree.mode === 'isolated') tree.makeOpaque(directory);
  else if (tree.mode === 'merged') hideUnmade(tree, directory);
}

function hideUnmade(tree: LayerTree, directory: string): void {
  for (const name of readdirSync(nativePath(directory === '' ? '/' : directory), 'latin1')) {
    const path = `${directory}/${name}`;
    if (!tree.made.has(path)) tree.clear(path);
    else if (tree.lookUp(path)?.isDirectory() === true) hideUnmade(tree, path);
  }
}

/** Whether an earlier entry of this layer is at `path`; a whiteout is nothing. */
export function holds(tree: LayerTree, path: string): boolean {
  const stat = tree.lookUp(path);
  return stat !== undefined && !(tree.mode === 'isolated' && isWhiteout(stat));
}
