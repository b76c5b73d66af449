// The thread behind DiskChores: slow file system work, one request after another.
import { closeSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { errorMessage } from '../errors.ts';
import type { ChoreReply, ChoreRequest } from './disk-usage.ts';
import { syncFileSystem } from './kernel.ts';
import { labelTree } from './tree-labels.ts';
import { digestTree, hashFile } from './tree-listing.ts';
import { measureTree, removeTree } from './tree.ts';
import { workerInput } from './worker.ts';

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
}

function answer({ op, path, algorithm, label }: ChoreRequest): unknown {
  if (op === 'digest') return digestTree(path);
  if (op === 'hash') return hashFile(path, algorithm);
  if (op === 'measure') return measureTree(path);
  if (op === 'label') return labelTree(path, label ?? '');
  if (op === 'remove') removeTree(path);
  else sync(path);
  return undefined;
}

workerInput();
parentPort?.on('message', (request: ChoreRequest) => {
  let reply: ChoreReply;
  try {
    reply = { id: request.id, value: answer(request) };
  } catch (error) {
    reply = { id: request.id, error: errorMessage(error) };
  }
  parentPort?.postMessage(reply);
});
