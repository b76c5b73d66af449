// The thread behind DiskChores: slow file system work, one request after another.
import { closeSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { errorMessage } from '../errors.ts';
import type { ChoreReply, ChoreRequest } from './disk-usage.ts';
import { syncFileSystem } from './kernel.ts';
import { measureTree, removeTree } from './tree.ts';

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
}

function answer({ op, path }: ChoreRequest): unknown {
  if (op === 'measure') return measureTree(path);
  if (op === 'remove') removeTree(path);
  else sync(path);
  return undefined;
}

parentPort?.on('message', (request: ChoreRequest) => {
  let reply: ChoreReply;
  try {
    reply = { id: request.id, value: answer(request) };
  } catch (error) {
    reply = { id: request.id, error: errorMessage(error) };
  }
  parentPort?.postMessage(reply);
});
