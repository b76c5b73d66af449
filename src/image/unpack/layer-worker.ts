// A thread that unpacks layers, one after another, confined to the layer's directory meanwhile. Everything it needs is
// loaded and opened before it changes its root; reading runs in the thread pool, which does not.
import { createHash } from 'node:crypto';
import { constants, openSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { errorCode, errorMessage } from '../../errors.ts';
import { becomeBackground } from '../../host/background-thread.ts';
import { CLONE, chdir, chroot, fchdir, unshare } from '../../host/kernel.ts';
import { measureTree } from '../../host/tree.ts';
import { workerInput } from '../../host/worker.ts';
import { openBlob, VoidArrival } from './open-blob.ts';
import type { LayerJob, LayerOutcome } from './layer-job.ts';
import { LayerTree, NeedsParents } from './layer-tree.ts';
import { LayerWriter } from './layer-writer.ts';
import { LimitGuard } from './limits.ts';
import { TarParser } from './tar/parser.ts';

// Between them the pool is given the next piece to inflate: it would wait until all of this one is written.
const PART_BYTES = 256 * 1024;
const NOTHING = { bytes: 0, inodes: 0 };
// The way back. Nothing in a layer's directory leads to it: names there are looked up below the layer's root only.
const home = openSync('/', constants.O_RDONLY | constants.O_DIRECTORY);

function confine(root: string): void {
  chroot(root);
  chdir('/');
}

function leave(): void {
  fchdir(home);
  chroot('.');
}

async function unpack(job: LayerJob): Promise<LayerOutcome> {
  const blob = openBlob(job.blob);
  const guard = new LimitGuard(job.limits, blob.sizeBytes);
  const tree = new LayerTree(job.mode);
  const writer = new LayerWriter(tree, guard);
  const parser = new TarParser(writer);
  const hash = createHash('sha256');
  confine(job.root);
  for await (const chunk of blob.bytes) {
    guard.countBytes(chunk.length);
    for (let at = 0; at < chunk.length; at += PART_BYTES) {
      if (at > 0) await turn();
      const part = chunk.subarray(at, at + PART_BYTES);
      hash.update(part);
      parser.push(part);
    }
  }
  parser.finish();
  writer.finish();
  // On a merged view only the upper directory counts, which the caller measures.
  const usage = job.mode === 'merged' ? NOTHING : (tree.tally.usage ?? measureTree('/'));
  leave();
  return { kind: 'done', diffId: `sha256:${hash.digest('hex')}`, ...usage };
}

async function run(job: LayerJob): Promise<LayerOutcome> {
  try {
    return await unpack(job);
  } catch (error) {
    // The thread ends after any of these, and with it what it has open and where it is.
    if (error instanceof VoidArrival) return { kind: 'void' };
    if (error instanceof NeedsParents) return { kind: 'needs-parents', why: error.message };
    return { kind: 'failed', code: errorCode(error), message: errorMessage(error) };
  }
}

workerInput();
becomeBackground();
unshare(CLONE.FS);
parentPort?.on('message', (job: LayerJob) => void run(job).then((outcome) => parentPort?.postMessage(outcome)));
