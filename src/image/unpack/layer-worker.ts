// The thread that unpacks one layer: confined to the layer's directory, it ends when the layer is written.
// Everything it needs is loaded and opened before it changes its root; reading runs in the thread pool, which does not.
import { createHash } from 'node:crypto';
import { fstatSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { errorCode, errorMessage } from '../../errors.ts';
import { CLONE, chdir, chroot, unshare } from '../../host/kernel.ts';
import { measureTree } from '../../host/tree.ts';
import { decompress } from './decompress.ts';
import type { LayerJob, LayerOutcome } from './layer-job.ts';
import { LayerTree, NeedsParents } from './layer-tree.ts';
import { LayerWriter } from './layer-writer.ts';
import { LimitGuard } from './limits.ts';
import { TarParser } from './tar/parser.ts';

function confine(root: string): void {
  unshare(CLONE.FS);
  chroot(root);
  chdir('/');
}

async function unpack(job: LayerJob): Promise<LayerOutcome> {
  const blob = openSync(job.blob, 'r');
  const guard = new LimitGuard(job.limits, fstatSync(blob).size);
  const writer = new LayerWriter(new LayerTree(job.mode), guard);
  const parser = new TarParser(writer);
  const hash = createHash('sha256');
  confine(job.root);
  for await (const chunk of decompress(blob)) {
    guard.countBytes(chunk.length);
    hash.update(chunk);
    parser.push(chunk);
  }
  parser.finish();
  writer.finish();
  const usage = job.mode === 'merged' ? { bytes: 0, inodes: 0 } : measureTree('/');
  return { kind: 'done', diffId: `sha256:${hash.digest('hex')}`, ...usage };
}

async function run(): Promise<LayerOutcome> {
  try {
    return await unpack(workerData as LayerJob);
  } catch (error) {
    if (error instanceof NeedsParents) return { kind: 'needs-parents', why: error.message };
    return { kind: 'failed', code: errorCode(error), message: errorMessage(error) };
  }
}

void run().then((outcome) => parentPort?.postMessage(outcome));
